"""Stored reports, read once for several answers.

A page asks for its figures again with every zoom, and reading a long report takes longer than
drawing a part of it. What was read stays in memory for a short time and goes with its analysis.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evolvisense.report import SCHEMA_VERSION, Report
from evolvisense.service.http.errors import ReportOutdatedError

KEPT_REPORTS = 4
KEPT_S = 120.0

_VERSION: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class ReportCache:
    """The last few reports that were asked for; used on one event loop."""

    def __init__(self, *, most: int = KEPT_REPORTS, kept_s: float = KEPT_S) -> None:
        self._most, self._kept_s = most, kept_s
        self._reading: OrderedDict[Path, asyncio.Task[Report]] = OrderedDict()
        self._timers: dict[Path, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._reading)

    async def get(self, path: Path) -> Report:
        """The report in that file; those who ask at the same time wait for one reading of it.

        Raises FileNotFoundError.
        """
        if path not in self._reading:
            self._reading[path] = asyncio.create_task(asyncio.to_thread(_read, path))
            while len(self._reading) > self._most:
                self.forget(next(iter(self._reading)))
        self._reading.move_to_end(path)
        self._restart_timer(path)
        try:
            return await asyncio.shield(self._reading[path])
        except Exception:
            self.forget(path)
            raise

    def forget(self, path: Path) -> None:
        """Let go of a report, where it is kept."""
        self._reading.pop(path, None)
        if (timer := self._timers.pop(path, None)) is not None:
            timer.cancel()

    def _restart_timer(self, path: Path) -> None:
        if path in self._timers:
            self._timers[path].cancel()
        loop = asyncio.get_running_loop()
        self._timers[path] = loop.call_later(self._kept_s, self.forget, path)


def parse(data: bytes) -> Report:
    """A stored report. Raises ReportOutdatedError where another version of EvolviSense made it."""
    try:
        return Report.model_validate_json(data)
    except ValidationError as error:
        if _VERSION.validate_json(data).get("schema_version") == SCHEMA_VERSION:
            raise
        raise ReportOutdatedError(
            "the report was made by another version of this server; its JSON can still be fetched"
        ) from error


def _read(path: Path) -> Report:
    return parse(path.read_bytes())
