"""What a sandbox on this machine keeps, tried with a process that does nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evolvisense.sandbox.child import ChildChannel
from evolvisense.sandbox.limits import Limits
from evolvisense.sandbox.process import Files
from evolvisense.sandbox.supervisor import Sandbox

TARGET = "evolvisense.sandbox.check:serve"
LIMITS = Limits(memory_bytes=1024**3, cpu_s=60.0, wall_s=60.0)


def serve(channel: ChildChannel) -> None:
    """Wait for the end: everything has been tried before."""
    for _ in channel.tasks():
        channel.result({})


def require(names: Sequence[str], private: Path | None = None) -> tuple[str, ...]:
    """Start a process, have it try its sandbox, and end it.

    Args:
        names: Of `probes.MEANINGS`, that have to be in force.
        private: A folder that exists and must stay closed to it.

    Returns:
        The names that are in force.

    Raises:
        EngineUnavailableError: One of `names` is not; the text says which and what the process
            could do.
        SandboxDiedError: The process cannot be started.
    """
    with Sandbox(
        TARGET, LIMITS, name="sandbox-check", files=Files(private=private), required=names
    ) as sandbox:
        return sandbox.isolation
