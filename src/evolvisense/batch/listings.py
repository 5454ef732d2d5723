"""Files of object stores (fsspec): folders, patterns and single files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evolvisense.batch.found import DEEP, SYNC_BYTE, TRANSPORT_STREAM, Found, is_media, suffix_of
from evolvisense.batch.stores import file_system, is_remote, text_of, without_secrets
from evolvisense.errors import EvolviSenseError, InvalidOptionError

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
