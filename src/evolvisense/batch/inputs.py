"""Which files a batch is about: folders, patterns, lists and single files, here or in stores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from evolvisense.batch.stores import file_system, is_remote
from evolvisense.errors import InvalidOptionError
from evolvisense.types.media import MEDIA_SUFFIXES

MAGIC = frozenset("*?[")
LIST_MARK = "@"


@dataclass(frozen=True)
class InputFile:
    """One file of a batch; can be pickled."""

    uri: str
    """An absolute path of this machine, or a URL of a store."""
    name: str
    """Path relative to the folder that was given, with more of its folders where two files would
    have the same name; unique in the run."""
    size_bytes: int
    """0 where it cannot be told."""
    state: str = ""
    """Changes when the content does: time of the last change, or what the store tells for it."""


class _Found(NamedTuple):
    uri: str
    root: str
    """Begin of the URI that the name leaves out."""
    size_bytes: int
    state: str


def find_inputs(arguments: Sequence[str]) -> list[InputFile]:
    """The files that the arguments name, sorted by name, each once.

    An argument is a folder (searched with its sub-folders for media by their suffix), a pattern
    with `*`, `?`, `[...]` or `**`, `@list.txt` (one argument on each line, `#` begins a comment),
    or a file, taken whatever its suffix and even where it is not there: it fails then on its own.
    Raises InvalidOptionError where a folder or pattern holds nothing or a list cannot be read, and
    EngineUnavailableError for a store that is not installed.
    """
    found: dict[str, _Found] = {}
    for argument in arguments:
        for file in _expand(argument):
            found.setdefault(file.uri, file)
    if not found:
        raise InvalidOptionError("no file was named")
    names = _names(found)
    files = [InputFile(uri, names[uri], file.size_bytes, file.state) for uri, file in found.items()]
    return sorted(files, key=lambda file: file.name)


def _expand(argument: str) -> Iterator[_Found]:
    if argument.startswith(LIST_MARK):
        for line in _lines(Path(argument.removeprefix(LIST_MARK))):
            yield from _expand(line)
        return
    files = list(_in_store(argument) if is_remote(argument) else _on_disk(argument))
    if not files:
        raise InvalidOptionError(f"no media file is at {argument}")
    yield from files


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise InvalidOptionError(f"the list {path} cannot be read: {error}") from error
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            if stripped.startswith(LIST_MARK):
                raise InvalidOptionError(f"the list {path} names another list: {stripped}")
            yield stripped


def _on_disk(argument: str) -> Iterator[_Found]:
    path = Path(argument)
    if path.is_dir():
        root = path.resolve()
        for inner in root.rglob("*"):
            if inner.suffix.lower() in MEDIA_SUFFIXES and inner.is_file():
                yield _local(inner, root)
    elif MAGIC & set(argument) and not path.exists():
        fixed = _fixed_part(path)
        root = fixed.resolve()
        for match in root.glob(str(path.relative_to(fixed))):
            if match.is_file():
                yield _local(match, root)
    else:
        root = path.parent.resolve()
        yield _local(root / path.name, root)


def _local(path: Path, root: Path) -> _Found:
    try:
        facts = path.stat()
    except OSError:
        return _Found(str(path), str(root), 0, "")
    return _Found(str(path), str(root), facts.st_size, f"{facts.st_ino}:{facts.st_mtime_ns}")


def _in_store(url: str) -> Iterator[_Found]:
    system, path = file_system(url)
    if MAGIC & set(path):
        root = str(_fixed_part(PurePosixPath(path)))
        entries: Mapping[str, Mapping[str, Any]] = system.glob(path, detail=True)
    elif system.isdir(path):
        root, found = path, system.find(path, detail=True)
        entries = {
            name: facts
            for name, facts in found.items()
            if PurePosixPath(name).suffix.lower() in MEDIA_SUFFIXES
        }
    else:
        root = str(PurePosixPath(path).parent)
        entries = {path: system.info(path) if system.exists(path) else {}}
    for name, facts in entries.items():
        if facts.get("type", "file") == "file":
            uri = system.unstrip_protocol(name)
            start = system.unstrip_protocol(root)
            yield _Found(uri, start, int(facts.get("size") or 0), _state(facts))


def _state(facts: Mapping[str, Any]) -> str:
    """What a store tells of a file's content: a hash where it has one, else a time."""
    for name in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created"):
        if facts.get(name):
            return str(facts[name])
    return ""


def _fixed_part(path: Any) -> Any:  # noqa: ANN401 - a path in, a path of the same kind out
    """The folders of a pattern before its first wildcard."""
    while MAGIC & set(str(path)):
        path = path.parent
    return path


def _names(found: Mapping[str, _Found]) -> dict[str, str]:
    """Name of each URI: as short as its folder allows, as long as needed to be the only one."""
    names = {uri: _relative(file) for uri, file in found.items()}
    while True:
        same: defaultdict[str, list[str]] = defaultdict(list)
        for uri, name in names.items():
            same[name].append(uri)
        twice = [uri for uris in same.values() if len(uris) > 1 for uri in uris]
        longer = {uri: _with_folder(uri, names[uri]) for uri in twice}
        if all(names[uri] == name for uri, name in longer.items()):
            return names
        names |= longer


def _relative(file: _Found) -> str:
    inner = file.uri.removeprefix(file.root).lstrip("/")
    return inner or file.uri.rsplit("/", 1)[-1]


def _with_folder(uri: str, name: str) -> str:
    """The name with one folder more of its URI; the whole URI in the end."""
    above = uri.removesuffix(name).rstrip("/")
    if not above or above.endswith(":"):
        return uri
    return f"{above.rsplit('/', 1)[-1]}/{name}"
