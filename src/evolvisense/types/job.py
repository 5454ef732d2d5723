"""What the database says about jobs, as plain records. Times are unix seconds, to be shown only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JobState = Literal["queued", "running", "succeeded", "failed", "canceled"]
STATES: tuple[JobState, ...] = ("queued", "running", "succeeded", "failed", "canceled")
UNFINISHED: frozenset[JobState] = frozenset({"queued", "running"})
ENDED: frozenset[JobState] = frozenset({"succeeded", "failed", "canceled"})

SHORT_ID = 8
LARGEST_PRIORITY = 1_000_000


@dataclass(frozen=True)
class Failure:
    """Why a job failed."""

    code: str
    """Stable, for programs."""
    detail: str
    """For people."""


@dataclass(frozen=True)
class NewJob:
    """What a submitter says about a job. Raises ValueError on what cannot be stored."""

    id: str
    options: Mapping[str, Any]
    """Anything that JSON can hold; not read here."""
    media_bytes: int
    media_sha256: str
    owner: str = ""
    """Id of an API key; "" is anonymous."""
    caller: str = ""
    """Who takes turns with others: a key, or what stands for an address."""
    priority: int = 0
    """Of the jobs of one caller. Higher first, -1,000,000 to 1,000,000."""
    waiter: str = ""
    """Instance of the server whose client waits for the answer; "" for a durable job."""
    webhook: str = ""
    """Where the end of the job is reported, a URL; "" for nowhere."""
    request_id: str = ""
    submission: str = ""
    """The same for all files of one request; "" where there is one file."""
    idempotency_key: str = ""
    """Of the request, as the client gave it; "" for none."""
    fingerprint: str = ""
    """Of the request's content: the same key with another fingerprint is a mistake."""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("expected an id")
        if abs(self.priority) > LARGEST_PRIORITY:
            raise ValueError(f"expected a priority up to {LARGEST_PRIORITY}, got {self.priority}")
        if self.media_bytes < 0:
            raise ValueError(f"expected media_bytes >= 0, got {self.media_bytes}")
        for name, value in vars(self).items():
            if isinstance(value, str) and value != storable(value):
                raise ValueError(f"{name} holds characters that no database keeps")


@dataclass(frozen=True)
class Job:
    """A job as its row says it is."""

    id: str
    owner: str
    state: JobState
    priority: int
    stage: str
    """What is being done; "" before and after."""
    percent: float
    """0 to 100."""
    version: int
    """Grows with every visible change."""
    attempts: int
    """How often it was begun."""
    options: Mapping[str, Any] = field(repr=False)
    media_bytes: int
    media_sha256: str
    report: str | None
    """Name of the file, where the job succeeded."""
    overlay: str | None
    """Name of the file, where one was asked for and made."""
    failure: Failure | None
    created_s: float
    started_s: float | None
    """Of the latest attempt."""
    finished_s: float | None
    expires_s: float | None
    """From then on the job may be deleted; None is never."""
    waiter: str
    webhook: str
    request_id: str
    submission: str


@dataclass(frozen=True)
class Places:
    """How many jobs may wait."""

    all: int
    each: int
    """Of one caller."""


@dataclass(frozen=True)
class Claim:
    """A worker's right to one job, until the lease is given to somebody else."""

    job: Job
    lease: str
    """Names this attempt; no other claim of any job ever has the same."""
    beat: int
    """The number of heartbeats when it was claimed: 0."""


@dataclass(frozen=True)
class FileOwner:
    """What a job needs of the files that carry its id."""

    is_unfinished: bool
    """It needs its media, and may get any report or overlay."""
    report: str | None
    """Name of its report."""
    overlay: str | None
    """Name of its overlay."""


NOT_WANTED = FileOwner(is_unfinished=False, report=None, overlay=None)
"""Of a job that was deleted, or never accepted."""


@dataclass(frozen=True)
class JobCounts:
    """How many jobs there are in each state."""

    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    oldest_queued_s: float | None = None
    """Age of the queued job that was submitted first, by the wall clock; None without one."""


def short_id(job_id: str) -> str:
    """The beginning of an id, for logs: without keys, whoever has the id has the job."""
    return job_id[:SHORT_ID]


def storable(text: str) -> str:
    """The text with what SQLite or Postgres would refuse (NUL, lone surrogates) written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")
