"""Files on this machine and in object stores (fsspec), told apart by their URI."""

from __future__ import annotations

import hashlib
import importlib
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evolvisense.errors import CancelledError, EngineUnavailableError, FileUnreadableError
from evolvisense.media import DescriptorFile, descriptor_of

PIP_COMMAND = 'pip install "evolvisense[stores]"'
CHUNK_BYTES = 1024 * 1024
LONGEST_TEXT = 200
WEB = frozenset(["http", "https"])
CONTAINER_AS_USER = frozenset(["abfs", "abfss", "az"])
"""Stores of Azure: the container stands where others have a user."""
USER = re.compile(r"^[^/]*@")
QUERY_OF_WEB = re.compile(r"[?#].*$", re.DOTALL)
QUERY_OF_STORE = re.compile(r"\?[\w.-]+=.*$", re.DOTALL)
URL = re.compile(r"\w[\w+.:-]*://[^\s'\"<>]+")
SECRET = re.compile(r"(?i)(\w*(?:key|token|secret|signature|sig|password|credential)\w*=)[^\s&;,]+")


def is_remote(uri: str) -> bool:
    """Whether the URI is one of a store, such as `s3://bucket/a.mp4`."""
    return "://" in uri


def file_system(uri: str) -> tuple[Any, str]:
    """The store of a URI and the path in it, by fsspec.

    Raises EngineUnavailableError where fsspec, or what it needs for that store, is not installed,
    or it knows no such store.
    """
    try:
        core = importlib.import_module("fsspec.core")
    except ImportError as error:
        raise EngineUnavailableError(
            f"stores are read by fsspec, which is not installed: {PIP_COMMAND}"
        ) from error
    try:
        return core.url_to_fs(uri)
    except (ImportError, ValueError) as error:
        # fsspec's text names the package, or the store that it does not know.
        raise EngineUnavailableError(
            f"{uri.split('://', 1)[0]}:// cannot be read here: {_shown(str(error))}"
        ) from error


def without_secrets(uri: str) -> str:
    """The URI of a store without user and password, query and fragment; a path as it is.

    `?` and `#` may stand in the name of a store's file: there only `?name=value` is a query.
    """
    scheme, mark, rest = uri.partition("://")
    if not mark:
        return uri
    kind = scheme.rpartition("::")[2].lower()
    rest = (QUERY_OF_WEB if kind in WEB else QUERY_OF_STORE).sub("", rest)
    if kind not in CONTAINER_AS_USER:
        rest = USER.sub("", rest)
    return f"{scheme}://{rest}"


def text_of(error: Exception) -> str:
    """What an error of a store says, in one short line without secrets."""
    said = _shown(str(error))
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _shown(text: str) -> str:
    words = URL.sub(lambda found: without_secrets(found[0]), text)
    said = SECRET.sub(r"\1...", " ".join(words.split()))
    return said if len(said) <= LONGEST_TEXT else f"{said[:LONGEST_TEXT]} ..."


def read_chunks(uri: str) -> Iterator[bytes]:
    """The content of a file in pieces. Raises FileUnreadableError, its text without the name."""
    try:
        with _opened(uri) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except EngineUnavailableError:
        raise
    except FileNotFoundError as error:
        raise FileUnreadableError("the file is not there") from error
    except Exception as error:
        # Every store has errors of its own; what they say may name places and keys.
        raise FileUnreadableError(f"the file cannot be read ({type(error).__name__})") from error


def sha256_of(uri: str, is_cancelled: Callable[[], bool] | None = None) -> str:
    """Of a file's content. Raises FileUnreadableError, or CancelledError once told to."""
    digest = hashlib.sha256()
    for chunk in read_chunks(uri):
        if is_cancelled is not None and is_cancelled():
            raise CancelledError("nobody waits for this file any more")
        digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def local_copy(uri: str, folder: Path | None = None) -> Generator[Path]:
    """The file as a path on this machine; what is fetched from a store is deleted again.

    `folder`: where it is kept meanwhile. Raises FileUnreadableError, and OSError where that folder
    takes no more.
    """
    if not is_remote(uri):
        yield Path(uri)
        return
    with tempfile.NamedTemporaryFile(prefix="evolvisense-", dir=folder) as copy:
        for chunk in read_chunks(uri):
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)


def _opened(uri: str) -> Any:  # noqa: ANN401 - fsspec comes without types
    descriptor = descriptor_of(Path(uri))
    if descriptor is not None:
        return DescriptorFile(descriptor)
    if not is_remote(uri):
        return Path(uri).open("rb")
    system, path = file_system(uri)
    return system.open(path, "rb")
