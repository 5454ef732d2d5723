"""How many processes a service of several has, and what they have to have in common."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evolvisense.errors import InvalidOptionError
from evolvisense.service.settings import Settings

LOCKLESS = frozenset({"fuse.s3fs", "fuse.gcsfuse", "fuse.mount-s3", "fuse.rclone", "fuse.sshfs"})
"""File systems without locks, or whose locks hold on one machine alone."""
LOCAL_LOCKS = frozenset({"nolock", "local_lock=all", "local_lock=flock"})
"""Options of a mount that say the same."""


class Scale(BaseModel):
    """How many replicas there are; Ray Serve keeps their number between least and most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: int = Field(default=1, ge=1, description="Fewest replicas that answer HTTP.")
    most_servers: int = Field(default=1, ge=1, description="Most of them.")
    requests_each: int = Field(
        default=100, ge=1, description="Open requests, event streams too, that one is meant for."
    )
    workers: int = Field(default=1, ge=0, description="Fewest replicas that analyse.")
    most_workers: int = Field(
        default=1,
        ge=0,
        description="Most of them; 0 leaves the work to `own_workers` or `evolvisense worker`.",
    )
    videos_each: int = Field(
        default=1, ge=1, description="Videos that one of them analyses at a time, each on a core."
    )
    own_workers: int = Field(
        default=0, ge=0, description="Videos that each server analyses itself at a time."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Scale:
        if self.most_servers < self.servers or self.most_workers < self.workers:
            raise ValueError("most_servers and most_workers are no fewer than servers and workers")
        return self

    @property
    def is_one_process(self) -> bool:
        """Whether nobody else has to reach the queue and the files."""
        return self.most_servers == 1 and self.most_workers == 0


def require_shareable(settings: Settings, scale: Scale) -> None:
    """Raise InvalidOptionError where several processes could not share queue and files.

    That all of them really have the same folder is seen at their start: `service/queue/folder.py`.
    """
    if scale.is_one_process:
        return
    if not settings.database_url.startswith("postgresql"):
        raise InvalidOptionError(
            "several replicas need one queue: set EVOLVISENSE_DATABASE_URL to a Postgres that all "
            "of them reach, postgresql+psycopg://... (SQLite is a file of one machine)"
        )
    if "data_dir" not in settings.model_fields_set:
        raise InvalidOptionError(
            "several replicas need one folder: set EVOLVISENSE_DATA_DIR to one that all of them "
            "see, for instance on NFS or CephFS (the default is in the home of each)"
        )
    kind, options = mount_of(settings.data_dir)
    if kind in LOCKLESS or LOCAL_LOCKS & options:
        raise InvalidOptionError(
            f"EVOLVISENSE_DATA_DIR is on {kind} ({', '.join(sorted(options))}), where locks do not "
            "hold between machines: replicas would take each other's uploads for leftovers"
        )


def mount_of(
    folder: Path, table: Path = Path("/proc/self/mountinfo")
) -> tuple[str, frozenset[str]]:
    """Kind of the file system that a folder is or would be on, and the options of its mount."""
    path = folder.resolve()
    best: tuple[int, str, frozenset[str]] = (-1, "unknown", frozenset())
    for line in table.read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, _, options, *_) = before.split(), after.split()
        point = Path(fields[4].encode().decode("unicode_escape"))
        # A later mount hides an earlier one at the same place.
        if path.is_relative_to(point) and len(point.parts) >= best[0]:
            both = frozenset([*fields[5].split(","), *options.split(",")])
            best = len(point.parts), kind, both
    return best[1:]
