"""Files by URI: on this machine and in object stores (fsspec); opening, listing, glob patterns."""

from __future__ import annotations

import hashlib
import importlib
import re
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from evolvisense.errors import (
    CancelledError,
    EngineUnavailableError,
    EvolviSenseError,
    FileUnreadableError,
    InvalidOptionError,
)
from evolvisense.extras import sentence
from evolvisense.media import DescriptorFile, descriptor_of
from evolvisense.types.media import MEDIA_SUFFIXES

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
        raise EngineUnavailableError(sentence("stores", "A store", "fsspec")) from error
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


MAGIC = frozenset("*?[")
DEEP = "**"
TRANSPORT_STREAM = ".ts"
"""Programs in TypeScript have this suffix too."""
SYNC_BYTE = b"\x47"
"""Begins every MPEG transport stream."""


class Found(NamedTuple):
    """One file, before it has a name among the others."""

    uri: str
    root: str
    """Begin of the URI that the name leaves out."""
    size_bytes: int
    state: str


def is_media(name: str) -> bool:
    """Whether files with that suffix are looked for in folders."""
    return suffix_of(name) in MEDIA_SUFFIXES


def suffix_of(name: str) -> str:
    """In small letters, with its dot."""
    return PurePosixPath(without_secrets(name)).suffix.lower()


def is_hidden(name: str) -> bool:
    """Whether desktops hide it, and leave such files everywhere."""
    return name.startswith(".")


BEFORE_WILDCARD = re.compile(r"([^*?[]*)[*?[]")
BEFORE_WILDCARD_OF_URL = re.compile(r"(\w+://[^/?#]*+[^*[?#]*)[*[]")
"""In a whole URL `?` begins the query, and the host may be an address in brackets."""
REFUSALS = frozenset([401, 403])
"""Answers of a web server to somebody who may not read."""


def in_store(url: str) -> Iterator[Found]:
    """Files of a folder, a pattern or a URL of a store.

    Raises InvalidOptionError where the store cannot list them, and EngineUnavailableError where it
    is not installed.
    """
    try:
        yield from _listed(url)
    except EvolviSenseError:
        raise
    except Exception as error:
        # Every store has errors of its own.
        raise InvalidOptionError(
            f"{without_secrets(url)} cannot be read: {text_of(error)}"
        ) from error


def _listed(url: str) -> Iterator[Found]:
    system, path = file_system(url)
    root = _before_wildcard(path)
    if root is not None:
        entries = system.glob(path, detail=True)
        is_search, with_hidden = path.endswith(DEEP), "/." in f"/{path[len(root) :]}"
    elif _is_store_folder(system, path):
        root, entries = path, system.find(path, detail=True)
        is_search, with_hidden = True, False
    else:
        root, entries = path.rpartition("/")[0], {path: _store_facts(system, path)}
        is_search, with_hidden = False, True
    files = {name: facts for name, facts in entries.items() if facts.get("type", "file") == "file"}
    if not with_hidden:
        files = {name: files[name] for name in files if "/." not in f"/{name[len(root) :]}"}
    if is_search:
        files = _films(system, files)
    start = _uri(system, url, path, root)
    for name, facts in files.items():
        size = int(facts.get("size") or 0)
        yield Found(_uri(system, url, path, name), start, size, _state(facts))


def _is_store_folder(system: Any, path: str) -> bool:  # noqa: ANN401 - fsspec comes without types
    try:
        return system.isdir(path)
    except Exception as error:
        # Who may read a file need not have the right to list its folder.
        if _is_refusal(error) and is_media(path):
            return False
        raise


def _store_facts(system: Any, path: str) -> Mapping[str, Any]:  # noqa: ANN401
    """What the store tells of a file; nothing where it is not there or may not be read."""
    try:
        return system.info(path)
    except Exception as error:
        if isinstance(error, FileNotFoundError) or _is_refusal(error):
            return {}
        raise


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, PermissionError) or getattr(error, "status", None) in REFUSALS


def _films(system: Any, files: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Those that are media by their name, without programs in TypeScript."""
    media = {name: facts for name, facts in files.items() if is_media(name)}
    doubtful = [name for name in media if suffix_of(name) == TRANSPORT_STREAM]
    first: list[Any] = system.cat_ranges(doubtful, 0, 1) if doubtful else []
    for name, start in zip(doubtful, first, strict=True):
        # An error may stand for the bytes: the file fails on its own then, and says why.
        if isinstance(start, bytes) and start[:1] != SYNC_BYTE:
            del media[name]
    return media


def _before_wildcard(path: str) -> str | None:
    """The folders of a store's pattern before its first wildcard; None where there is none."""
    match = (BEFORE_WILDCARD_OF_URL if is_remote(path) else BEFORE_WILDCARD).match(path)
    return None if match is None else match[1].rpartition("/")[0]


def _uri(system: Any, url: str, path: str, name: str) -> str:  # noqa: ANN401
    """The URI of a name in the store, with the host and user that a store takes out of the path."""
    given = url.rstrip("/")
    if system.storage_options and given.endswith(path):
        return given.removesuffix(path) + name
    return system.unstrip_protocol(name)


def _state(facts: Mapping[str, Any]) -> str:
    """What a store tells of a file's content: a hash where it has one, else a time."""
    for name in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created"):
        if facts.get(name):
            return str(facts[name])
    return ""
