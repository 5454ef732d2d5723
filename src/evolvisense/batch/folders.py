"""Files of this machine: folders and patterns, links followed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from errno import ELOOP
from fnmatch import fnmatchcase
from pathlib import Path
from stat import S_ISDIR

from evolvisense.batch.stores import (
    DEEP,
    MAGIC,
    SYNC_BYTE,
    TRANSPORT_STREAM,
    Found,
    is_hidden,
    is_media,
    suffix_of,
)
from evolvisense.errors import InvalidOptionError

CLOSED_SHOWN = 10


def on_disk(argument: str) -> Iterator[Found]:
    """Files of a folder, a pattern or a path; InvalidOptionError where a folder cannot be read."""
    path = Path(argument)
    closed: list[str] = []
    if _is_dir(path):
        root = path.resolve()
        files = _media_below(root, closed)
    elif MAGIC & set(argument) and not is_there(argument):
        fixed = next(count for count, part in enumerate(path.parts) if MAGIC & set(part))
        root = Path(*path.parts[:fixed]).resolve()
        files = _matches(root, path.parts[fixed:], closed) if _is_dir(root) else iter(())
    else:
        root = path.parent.resolve()
        files = iter([root / path.name])
    for file in files:
        yield _local(file, root)
    _require_open(sorted(set(closed)))


def _require_open(closed: Sequence[str]) -> None:
    if closed:
        more = f" and {len(closed) - CLOSED_SHOWN} more" if len(closed) > CLOSED_SHOWN else ""
        raise InvalidOptionError(
            f"cannot be read: {', '.join(closed[:CLOSED_SHOWN])}{more}; leave it out by naming the "
            "others, or give the right to read it"
        )


def _media_below(root: Path, closed: list[str]) -> Iterator[Path]:
    for _, entries in _folders(root, closed):
        for entry in entries:
            path = Path(entry.path)
            if is_media(entry.name) and _is_file(entry, closed) and _is_film(path):
                yield path


def _matches(folder: Path, parts: Sequence[str], closed: list[str]) -> Iterator[Path]:
    """Files below a folder that the parts of a pattern describe; `**` at its end means media."""
    part, *others = parts
    if part == DEEP and not others:
        yield from _media_below(folder, closed)
    elif part == DEEP:
        for inner, _ in _folders(folder, closed):
            yield from _matches(inner, others, closed)
    else:
        for entry in _entries(folder, closed):
            if not fnmatchcase(entry.name, part) or (is_hidden(entry.name) and part[0] != "."):
                continue
            if not others and _is_file(entry, closed):
                yield Path(entry.path)
            elif others and _is_folder(entry, closed):
                yield from _matches(Path(entry.path), others, closed)


def _folders(root: Path, closed: list[str]) -> Iterator[tuple[Path, list[os.DirEntry[str]]]]:
    """A folder and all below it with what they hold, hidden names left out.

    Links are followed; each folder comes once, by its own name rather than by a link's.
    """
    seen: set[tuple[int, int]] = set()
    own, linked = [root], deque[Path]()
    while own or linked:
        folder = own.pop() if own else linked.popleft()
        facts = _facts(folder)
        place = (facts.st_dev, facts.st_ino) if facts else None
        if place in seen:
            continue
        if place:
            seen.add(place)
        entries = [one for one in _entries(folder, closed) if not is_hidden(one.name)]
        yield folder, entries
        for entry in entries:
            if _is_folder(entry, closed):
                (linked if entry.is_symlink() else own).append(Path(entry.path))


def _entries(folder: Path, closed: list[str]) -> list[os.DirEntry[str]]:
    """What a folder holds; nothing where it cannot be read, which is noted in `closed`."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        closed.append(f"{folder} ({error.strerror})")
        return []


def _is_folder(entry: os.DirEntry[str], closed: list[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        # What a link leads to cannot be seen and may be a folder, unless it leads to itself.
        if error.errno != ELOOP and not is_media(entry.name):
            closed.append(f"{entry.path} ({error.strerror})")
        return False


def _is_file(entry: os.DirEntry[str], closed: list[str]) -> bool:
    """Whether it is a file, or a link that leads nowhere and fails on its own; not a pipe."""
    try:
        leads_nowhere = entry.is_symlink() and not Path(entry.path).exists()
        return leads_nowhere or entry.is_file()
    except OSError:
        return not _is_folder(entry, closed) and is_media(entry.name)


def _is_film(path: Path) -> bool:
    """False for a program in TypeScript."""
    if suffix_of(path.name) != TRANSPORT_STREAM:
        return True
    try:
        with path.open("rb") as file:
            return file.read(1) == SYNC_BYTE
    except OSError:  # it fails on its own, and says why
        return True


def _is_dir(path: Path) -> bool:
    facts = _facts(path)
    return facts is not None and S_ISDIR(facts.st_mode)


def is_there(path: str) -> bool:
    """Whether something has that path."""
    return _facts(Path(path)) is not None


def _facts(path: Path) -> os.stat_result | None:
    """What the system tells of a path; None where it tells nothing."""
    try:
        return path.stat()
    except (OSError, ValueError):  # ValueError: no name of a file, as with a NUL in it
        return None


def _local(path: Path, root: Path) -> Found:
    facts = _facts(path)
    if facts is None:
        return Found(str(path), str(root), 0, "")
    return Found(str(path), str(root), facts.st_size, f"{facts.st_ino}:{facts.st_mtime_ns}")
