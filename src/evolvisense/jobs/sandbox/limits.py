"""What a sandboxed process may use."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Limits:
    """Bounds of a process and of each of its tasks. All but `nice` are greater than 0."""

    memory_bytes: int
    """Resident memory of the process, libraries and models included."""
    cpu_s: float
    """Processor time of one task, summed over threads."""
    wall_s: float
    """From sending a task to its answer; with several tasks sent, between two answers."""
    open_files: int = 256
    file_bytes: int = 4 * 1024**3
    """The largest file that may be written."""
    processes: bool = False
    """Whether it may start processes. Theirs is no part of what is measured, so limits then hold
    only for the first one."""
    nice: int = 5
    """How far others go before it where the processor is short, 0-19 (nice(2))."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("processes", "nice") and not value > 0:
                raise ValueError(f"expected {field.name} > 0, got {value}")
        if not 0 <= self.nice <= 19:
            raise ValueError(f"expected nice from 0 to 19, got {self.nice}")
