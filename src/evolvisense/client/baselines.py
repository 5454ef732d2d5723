"""Personal baselines on the server, for both clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import httpx

from evolvisense.api.schemas import BaselineList, NewRecording, PersonalBaseline
from evolvisense.client import answers, calls

if TYPE_CHECKING:
    from evolvisense.api.results import Change
    from evolvisense.client.calls import Theme


@dataclass(frozen=True)
class Baselines:
    """Those of the client's key. Every method may raise what a method of Client may."""

    _send: Callable[[calls.Call], httpx.Response]

    def list(self) -> tuple[PersonalBaseline, ...]:
        """All of them."""
        return tuple(answers.parsed(self._send(calls.baselines()), BaselineList).baselines)

    def get(self, name: str) -> PersonalBaseline:
        """What one of them holds."""
        return answers.parsed(self._send(calls.baseline(name)), PersonalBaseline)

    def add(
        self,
        name: str,
        analysis_id: str,
        *,
        task: str | None = None,
        recorded: date | None = None,
    ) -> PersonalBaseline:
        """Keep the feature values of an analysis, beginning the baseline where there is none.

        `recorded` is the day of the recording, by default that of its analysis.
        """
        new = NewRecording(analysis=analysis_id, task=task, recorded=recorded)
        return answers.parsed(self._send(calls.add_recording(name, new)), PersonalBaseline)

    def delete(self, name: str) -> None:
        """Delete it with all its recordings."""
        self._send(calls.delete_baseline(name))

    def change(
        self, analysis_id: str, name: str, *, task: str | None = None, theme: Theme = "light"
    ) -> Change:
        """What differs in an analysis from the other recordings of a baseline."""
        return answers.change(self._send(calls.change(analysis_id, name, task, theme)))


@dataclass(frozen=True)
class AsyncBaselines:
    """As `Baselines`."""

    _send: Callable[[calls.Call], Awaitable[httpx.Response]]

    async def list(self) -> tuple[PersonalBaseline, ...]:
        """As `Baselines.list`."""
        return tuple(answers.parsed(await self._send(calls.baselines()), BaselineList).baselines)

    async def get(self, name: str) -> PersonalBaseline:
        """As `Baselines.get`."""
        return answers.parsed(await self._send(calls.baseline(name)), PersonalBaseline)

    async def add(
        self,
        name: str,
        analysis_id: str,
        *,
        task: str | None = None,
        recorded: date | None = None,
    ) -> PersonalBaseline:
        """As `Baselines.add`."""
        new = NewRecording(analysis=analysis_id, task=task, recorded=recorded)
        return answers.parsed(await self._send(calls.add_recording(name, new)), PersonalBaseline)

    async def delete(self, name: str) -> None:
        """As `Baselines.delete`."""
        await self._send(calls.delete_baseline(name))

    async def change(
        self, analysis_id: str, name: str, *, task: str | None = None, theme: Theme = "light"
    ) -> Change:
        """As `Baselines.change`."""
        return answers.change(await self._send(calls.change(analysis_id, name, task, theme)))
