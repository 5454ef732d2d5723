"""Input files of a batch: folders, glob patterns, lists, single files, local or in object stores.

File names become text that fits tables, JSON and paths, whatever the file system allows in them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evolvisense.batch.folders import is_there, on_disk
from evolvisense.batch.stores import Found, in_store, is_remote, without_secrets
from evolvisense.errors import InvalidOptionError

LONGEST_BYTES = 255
"""Of a name in the usual file systems of Linux."""
REPORT_SUFFIX = ".json"
MARK_DIGITS = 8


def printable(text: str) -> str:
    r"""The text in UTF-8; bytes of a name that are none are written as in `M\xfcller.mp4`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def alike(name: str) -> str:
    """Equal for names that look the same: macOS writes letters and their accents apart."""
    return unicodedata.normalize("NFC", name)


def report_paths(names: Iterable[str]) -> dict[str, str]:
    """Name of each file -> path of its report in the folder of reports; no two are the same.

    `NAME.json`; a part that is too long for a file system is cut, and a path that is another's, or
    another's folder, gets a mark made of the name.
    """
    plain = {name: _fitting(name.replace("://", "/").lstrip("/") + REPORT_SUFFIX) for name in names}
    count = Counter(plain.values())
    folders = {str(above) for path in plain.values() for above in PurePosixPath(path).parents}
    return {
        name: _marked(path, name) if count[path] > 1 or path in folders else path
        for name, path in plain.items()
    }


def _fitting(path: str) -> str:
    return "/".join(_shortened(part) for part in path.split("/"))


def _shortened(part: str) -> str:
    if len(part.encode()) <= LONGEST_BYTES:
        return part
    end = f"~{_mark(part)}{REPORT_SUFFIX if part.endswith(REPORT_SUFFIX) else ''}"
    return part.encode()[: LONGEST_BYTES - len(end)].decode("utf-8", "ignore") + end


def _marked(path: str, name: str) -> str:
    folder, slash, last = path.rpartition("/")
    return folder + slash + _shortened(f"{last.removesuffix(REPORT_SUFFIX)}~{_mark(name)}.json")


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_DIGITS]


LIST_MARK = "@"
FIELD_END = re.compile(r"[,;\t]")


@dataclass(frozen=True)
class InputFile:
    """One file of a batch; can be pickled."""

    uri: str
    """An absolute path of this machine, or a URL of a store, with all that is needed to read it:
    `without_secrets` makes it fit to be shown."""
    name: str
    """Path relative to the folder that was given, with more of its folders where two files would
    have the same name; unique in the run, and without secrets."""
    size_bytes: int
    """0 where it cannot be told."""
    state: str = ""
    """Changes when the content does: time of the last change, or what the store tells for it."""


def find_inputs(arguments: Sequence[str]) -> list[InputFile]:
    """The files that the arguments name, sorted by name, each once.

    An argument is a folder (searched with its sub-folders, linked ones too, for media by their
    suffix), a pattern with `*`, `?`, `[...]` or `**`, `@list.txt` (one argument on each line, `#`
    begins a comment, relative paths are of the working folder), or a file, taken whatever its
    suffix and even where it is not there: it fails then on its own. Names that begin with a dot are
    found only where they are given. Raises InvalidOptionError where a folder or pattern holds
    nothing, a folder or a list cannot be read, or a store answers with an error, and
    EngineUnavailableError for a store that is not installed.
    """
    found: dict[str, Found] = {}
    for argument in arguments:
        for file in _expand(argument):
            found.setdefault(file.uri, file)
    if not found:
        raise InvalidOptionError("no file was named")
    names = _names(found)
    files = [InputFile(uri, names[uri], file.size_bytes, file.state) for uri, file in found.items()]
    return sorted(files, key=lambda file: file.name)


def _expand(argument: str) -> Iterator[Found]:
    if argument.startswith(LIST_MARK):
        for line in _lines(Path(argument.removeprefix(LIST_MARK))):
            yield from _expand(line)
        return
    files = list(in_store(argument) if is_remote(argument) else on_disk(argument))
    if not files:
        raise InvalidOptionError(f"no media file is at {without_secrets(argument)}")
    yield from files


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise InvalidOptionError(f"the list {path} cannot be read: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            if stripped.startswith(LIST_MARK):
                raise InvalidOptionError(f"the list {path} names another list: {stripped}")
            listed = _without_quotes(stripped)
            if _is_row(listed, is_table=path.suffix.lower() == ".csv"):
                raise InvalidOptionError(
                    f"line {number} of {path} holds more than a path: "
                    "a list has one path on each line"
                )
            yield listed


def _is_row(line: str, *, is_table: bool) -> bool:
    """Whether a line of a list is a row of a table rather than a path with commas in it."""
    first, *others = FIELD_END.split(line)
    if not others or is_there(line):
        return False
    place = first.strip().strip('"')
    return is_table or (bool(place) and is_there(place))


def _without_quotes(line: str) -> str:
    """A path as a file manager copies it, `"/data/a b.mp4"`; quotes of a file's name stay."""
    is_quoted = len(line) > 2 and line[0] == line[-1] == '"' and '"' not in line[1:-1]
    return line[1:-1] if is_quoted and not is_there(line) else line


def _names(found: Mapping[str, Found]) -> dict[str, str]:
    """Name of each URI: as short as its folder allows, as long as needed to be the only one."""
    names = {uri: _relative(file) for uri, file in found.items()}
    while True:
        twice = [uri for uris in _by_name(names) if len(uris) > 1 for uri in uris]
        longer = {uri: _with_folder(_place(uri), names[uri]) for uri in twice}
        if all(names[uri] == name for uri, name in longer.items()):
            break
        names |= longer
    for uris in _by_name(names):  # URLs that differ in what names leave out
        names |= {uri: f"{names[uri]}#{number}" for number, uri in enumerate(uris[1:], start=2)}
    return names


def _by_name(names: Mapping[str, str]) -> list[list[str]]:
    same: defaultdict[str, list[str]] = defaultdict(list)
    for uri, name in names.items():
        same[name].append(uri)
    return list(same.values())


def _relative(file: Found) -> str:
    place = _place(file.uri)
    inner = place.removeprefix(_place(file.root)).lstrip("/")
    return inner or place.rsplit("/", 1)[-1]


def _place(uri: str) -> str:
    """The URI as it may be shown."""
    return printable(without_secrets(uri))


def _with_folder(place: str, name: str) -> str:
    """The name with one folder more of its place; the whole place in the end."""
    above = place.removesuffix(name).rstrip("/")
    if not above or above.endswith(":"):
        return place
    return f"{above.rsplit('/', 1)[-1]}/{name}"
