"""An append-only record of what was analysed, for whom and for what; no media, no scores.

The file holds one JSON object a line. Each has the hash of the entry before it and its own, so that
a changed, removed or moved line shows. Somebody who may write the file can write all of it anew, or
cut off its end: against that, keep the hash of the last entry elsewhere from time to time and give
it to `inspect`.

A process that is killed while it appends, and a disk that runs full, leave a broken piece of a line
behind. Nothing is ever cut off or overwritten: the next append ends the piece with a newline and
writes an entry `log.recovered` with its length and sha256 first.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evolvisense.access.chain import (
    RECOVERED,
    AuditReading,
    inspect,
    line_of,
    tail_of,
    verify,
)
from evolvisense.access.purpose import Consent, Purpose
from evolvisense.errors import AuditError
from evolvisense.jobs.files import sync_folder

__all__ = ["AuditEntry", "AuditLog", "AuditReading", "confirmed_by_is", "inspect", "verify"]

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
