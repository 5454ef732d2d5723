"""The lines of the audit log: how one is written, and whether all of them are as they were.

A line is one JSON object in one spelling (sorted keys, no spaces, ASCII). `hash` is the sha256 of
the line without it, `previous` the `hash` of the line before, `number` counts from 1.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from evolvisense.errors import FileUnreadableError

RECOVERED = "log.recovered"
"""Event of the entry that accounts for a broken piece: the end of an interrupted append."""

NO_ENTRY = "0" * 64
"""What stands for the hash of the entry before the first."""

SHA256 = re.compile(r"[0-9a-f]{64}")
TAIL_BYTES = 16 * 1024


@dataclass(frozen=True)
class AuditReading:
    """What a whole log says about itself."""

    entries: int
    """Entries up to the first broken line."""
    head: str
    """Hash of the last of them; NO_ENTRY where there is none."""
    broken_line: int | None
    """The first line, from 1, that is not as it was written; None where all are."""
    why: str
    """What is wrong with it; empty where nothing is."""
    recovered: tuple[int, ...]
    """Lines of the entries that follow an interrupted append."""


@dataclass(frozen=True)
class Tail:
    """The end of a log, as the next append needs it."""

    head: str
    """Hash of the last entry."""
    number: int
    """Its number; 0 where there is none."""
    broken: bytes
    """What follows it and is no entry, as whole lines; mostly nothing."""
    lacks_newline: bool
    """Whether the file ends inside a line."""


def verify(path: Path) -> int | None:
    """The first line, from 1, that is not as it was written; None where the chain is whole.

    Raises FileUnreadableError.
    """
    return inspect(path).broken_line


def inspect(path: Path, *, head: str = "") -> AuditReading:
    """Read a log and check every line; appends may go on meanwhile.

    With `head`, the hash of an earlier last entry must be in it, else the line after the last is
    told as the broken one. Raises FileUnreadableError.
    """
    entries, previous, recovered = 0, NO_ENTRY, list[int]()
    broken_line, broken = 0, hashlib.sha256()
    seen, number = head in ("", NO_ENTRY), 0

    def reading(line: int | None, why: str) -> AuditReading:
        return AuditReading(entries, previous, line, why, tuple(recovered))

    for number, raw in enumerate(_whole_lines(path), 1):
        entry = _parsed(raw)
        if entry is None:
            broken.update(raw)
            broken_line = broken_line or number
            continue
        why = _wrong_with(entry, raw, broken.hexdigest() if broken_line else "")
        if why:
            return reading(broken_line or number, why)
        if entry.get("previous") != previous or entry["number"] != entries + 1:
            why = "it does not follow the entry before it: lines were removed, moved or added"
            return reading(number, why)
        if broken_line:
            recovered.append(number)
            broken_line, broken = 0, hashlib.sha256()
        entries, previous = entries + 1, entry["hash"]
        seen = seen or previous == head
    if broken_line:
        why = "not a whole entry: an append was interrupted, or the line was changed"
        return reading(broken_line, why)
    if not seen:
        why = "the log ends without the entry that was looked for: lines were cut off or replaced"
        return reading(number + 1, why)
    return reading(None, "")


def _canonical(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()


def _hash(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical({k: v for k, v in entry.items() if k != "hash"})).hexdigest()


def line_of(entry: Mapping[str, Any]) -> tuple[bytes, str]:
    """An entry as its line, and its hash."""
    own = _hash(entry)
    return _canonical({**entry, "hash": own}) + b"\n", own


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """A line that is an entry by its shape, right or wrong; None for a broken piece of one."""
    if not raw.endswith(b"\n"):
        return None
    try:
        value: object = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    entry = cast("dict[str, Any]", value)
    own, number = entry.get("hash"), entry.get("number")
    shaped = isinstance(own, str) and SHA256.fullmatch(own) and isinstance(number, int)
    return entry if shaped else None


def _wrong_with(entry: Mapping[str, Any], raw: bytes, broken_sha256: str) -> str:
    """What is wrong with an entry by itself, or as the one after a broken piece."""
    if _canonical(entry) + b"\n" != raw or entry["hash"] != _hash(entry):
        return "its content does not have the hash that it states"
    if broken_sha256 and entry.get("broken_sha256") != broken_sha256:
        return "not a whole entry, and no recovery accounts for it"
    if not broken_sha256 and entry.get("event") == RECOVERED:
        return "it accounts for a broken piece that is not there"
    return ""


def tail_of(descriptor: int) -> Tail:
    """Read the end of a log back to its last entry. Raises OSError.

    What the entry says is not checked here: a log that somebody changed can still be written to,
    and `inspect` tells the changed line ever after.
    """
    size = os.fstat(descriptor).st_size
    length = TAIL_BYTES
    while True:
        start = max(0, size - length)
        tail = os.pread(descriptor, size - start, start)
        lacks_newline = bool(tail) and not tail.endswith(b"\n")
        lines = io.BytesIO(tail + b"\n" if lacks_newline else tail).readlines()
        for i in range(len(lines) - 1, -1 if start == 0 else 0, -1):
            entry = _parsed(lines[i])
            if entry is not None:
                broken = b"".join(lines[i + 1 :])
                return Tail(entry["hash"], entry["number"], broken, lacks_newline)
        if start == 0:
            return Tail(NO_ENTRY, 0, b"".join(lines), lacks_newline)
        length *= 4


def _whole_lines(path: Path) -> Iterator[bytes]:
    """The lines there are now; none of a later append."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            size = os.fstat(file.fileno()).st_size
            fcntl.flock(file, fcntl.LOCK_UN)
            while size > 0 and (raw := file.readline(size)):
                size -= len(raw)
                yield raw
    except OSError as error:
        raise FileUnreadableError(f"the audit log cannot be read: {error}") from error
