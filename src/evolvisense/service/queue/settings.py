"""How a queue is worked on. Imports no database: settings are read before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evolvisense.sandbox import Files, Limits
from evolvisense.service.queue.messages import ANALYSIS_TARGET


@dataclass(frozen=True)
class PoolSettings:
    """How many workers there are and what each may use."""

    workers: int
    limits: Limits
    media_limits: Mapping[str, float]
    """Fields of MediaLimits."""
    max_attempts: int
    report_retention_s: float
    target: str = ANALYSIS_TARGET
    require_sandbox: bool = False
    """Whether no worker process starts where one of `sandbox.REQUIRED` is not in force."""
    files: Files = field(default_factory=Files)
    """What its processes may reach besides what they work on."""


@dataclass(frozen=True)
class LeaseRules:
    """When a job is taken from its worker, and what then."""

    lease_s: float
    """Longest silence of a worker."""
    max_attempts: int
    """A job that was begun so often fails."""
    retention_s: float
    """So long a failed job is kept."""


@dataclass(frozen=True)
class WorkplaceSettings:
    """Where the queue is and how it is worked on."""

    data_dir: Path
    database_url: str
    reserve_bytes: int
    """Kept free on the disk."""
    pool: PoolSettings
    leases: LeaseRules
