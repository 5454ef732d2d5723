"""Files on this machine and in object stores (fsspec), told apart by their URI."""

from __future__ import annotations

import hashlib
import importlib
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from evolvisense.errors import CancelledError, EngineUnavailableError, FileUnreadableError

PIP_COMMAND = 'pip install "evolvisense[stores]"'
CHUNK_BYTES = 1024 * 1024


def is_remote(uri: str) -> bool:
    """Whether the URI is one of a store, such as `s3://bucket/a.mp4`."""
    return "://" in uri


def file_system(uri: str) -> tuple[Any, str]:
    """The store of a URI and the path in it, by fsspec.

    Raises EngineUnavailableError where fsspec, or what it needs for that store, is not installed.
    """
    try:
        return importlib.import_module("fsspec.core").url_to_fs(uri)
    except (ImportError, ValueError) as error:
        scheme = uri.split("://", 1)[0]
        raise EngineUnavailableError(
            f"{scheme}:// cannot be read here ({error}): {PIP_COMMAND}"
        ) from error


def without_secrets(uri: str) -> str:
    """The URI of a store without user, password, query and fragment; a path as it is."""
    if not is_remote(uri):
        return uri
    parts = urlsplit(uri)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


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
    if not is_remote(uri):
        return Path(uri).open("rb")
    system, path = file_system(uri)
    return system.open(path, "rb")
