"""The audit log: an append-only record of what was analysed, for whom and for what purpose.

It holds no media and no scores. A line is one JSON object in one spelling (sorted keys, no spaces,
ASCII). `hash` is the sha256 of the line without it, `previous` the `hash` of the line before,
`number` counts from 1; so a changed, removed or moved line shows. Somebody who may write the file
can rewrite all of it, or cut off its end: against that, keep the hash of the last entry elsewhere
from time to time and give it to `inspect`.

A process that is killed while it appends, and a disk that runs full, leave a broken piece of a line
behind. Nothing is ever cut off or overwritten: the next append ends the piece with a newline and
writes an entry `log.recovered` with its length and sha256 first.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from evolvisense.errors import AuditError, FileUnreadableError
from evolvisense.service.access.purpose import Consent, Purpose
from evolvisense.service.queue.files import sync_folder

__all__ = [
    "AuditEntry",
    "AuditLog",
    "AuditReading",
    "confirmed_by_is",
    "inspect",
    "verify",
]

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


EVENT = re.compile(r"[a-z]+(\.[a-z_]+)*")
OWNER_ONLY = 0o600
OWNER_ONLY_DIR = 0o700

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AuditEntry:
    """One thing that happened to one analysis."""

    event: str
    """Words of a-z with full stops between them, such as `analysis.accepted`."""
    request_id: str
    job_id: str = ""
    key_id: str = ""
    """Id of the API key; empty where none was asked for."""
    media_sha256: str = ""
    purpose: Purpose | None = None
    consent: Consent | None = None
    """`confirmed_by` is written as a salted sha256 alone; see `confirmed_by_is`."""
    models: Mapping[str, str] = field(default_factory=dict[str, str])
    """Model id -> version."""


class AuditLog:
    """Appends to one file from any number of threads and processes; no state but the file."""

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.path = path
        self._now = now

    def append(self, entry: AuditEntry) -> str:
        """Write an entry and wait until the disk has it; its hash.

        Raises AuditError where it could not be written whole, for instance on a full disk: then
        what it is about must not happen. Raises ValueError for an event that is no name.
        """
        if not EVENT.fullmatch(entry.event) or entry.event == RECOVERED:
            raise ValueError(f"{entry.event!r} is no name of an event")
        content = _content(entry)
        try:
            with self._locked() as descriptor:
                return self._append(descriptor, content)
        except OSError as error:
            log.error("the audit log %s cannot be written: %s", self.path, error)
            raise AuditError(
                "the audit log cannot be written, and nothing is analysed without it: "
                "the operator must make room for it or repair it"
            ) from error

    def _append(self, descriptor: int, content: Mapping[str, Any]) -> str:
        tail = tail_of(descriptor)
        head, number = tail.head, tail.number + 1
        time = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        text = b"\n" if tail.lacks_newline else b""
        if tail.broken:
            recovery = {
                "event": RECOVERED,
                "broken_bytes": len(tail.broken),
                "broken_sha256": hashlib.sha256(tail.broken).hexdigest(),
            }
            line, head = line_of({**recovery, "time": time, "number": number, "previous": head})
            text, number = text + line, number + 1
        line, head = line_of({**content, "time": time, "number": number, "previous": head})
        _write_all(descriptor, text + line)
        os.fsync(descriptor)
        return head

    @contextmanager
    def _locked(self) -> Generator[int, None, None]:
        """The file, made where there is none, with the right to append held alone."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_DIR)
        while True:
            descriptor = os.open(
                self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not _is_file_at(descriptor, self.path):
                    continue  # moved away while this waited
                if os.fstat(descriptor).st_size == 0:
                    sync_folder(self.path.parent)
                yield descriptor
                return
            finally:
                os.close(descriptor)


def confirmed_by_is(entry: Mapping[str, Any], name: str) -> bool:
    """Whether the consent of an entry, as it stands in the log, was confirmed by that name."""
    kept = entry["consent"]["confirmed_by"]
    return secrets.compare_digest(_name_hash(name, kept["salt"]), kept["sha256"])


def _content(entry: AuditEntry) -> dict[str, Any]:
    content: dict[str, Any] = {
        "event": entry.event,
        "request_id": entry.request_id,
        "job_id": entry.job_id,
        "key_id": entry.key_id,
        "media_sha256": entry.media_sha256,
        "models": dict(entry.models),
    }
    if entry.purpose is not None:
        content["purpose"] = {"kind": entry.purpose.kind, "ethics_id": entry.purpose.ethics_id}
    if entry.consent is not None:
        # A salt for each entry: equal names cannot be seen, nor looked up in a prepared table.
        salt = secrets.token_hex(16)
        content["consent"] = {
            "confirmed_by": {"salt": salt, "sha256": _name_hash(entry.consent.confirmed_by, salt)},
            "confirmed_at": entry.consent.confirmed_at.isoformat(),
            "text_version": entry.consent.text_version,
        }
    return content


def _name_hash(name: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}:{name}".encode()).hexdigest()


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _is_file_at(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)
