"""The client for asyncio. Its methods are those of `Client`, which describes them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack

import httpx

from evolvisense.api.options import Options
from evolvisense.api.schemas import (
    Analysis,
    AnalysisList,
    Comparison,
    Figures,
    ReportFormat,
    ServerLimits,
)
from evolvisense.atomic_file import atomic_write
from evolvisense.client import answers, calls, sending
from evolvisense.client.baselines import AsyncBaselines
from evolvisense.client.errors import AnalysisFailedError, ClientError
from evolvisense.client.events import Following, OnProgress
from evolvisense.client.sending import Attempts, Retries
from evolvisense.client.uploads import Source
from evolvisense.types.job import JobState

if TYPE_CHECKING:
    from types import TracebackType

    from evolvisense.report.parts import ModelUsed
    from evolvisense.report.schema import Report

log = logging.getLogger(__name__)


class AsyncClient:
    """One server, on one event loop; close it, or use it in an `async with` block.

    Files are read on the event loop, 64 KiB at a time.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._retries = retries or Retries()
        settings = sending.settings(base_url, api_key, timeout_s)
        self._http = httpx.AsyncClient(**settings, transport=transport)
        self.baselines = AsyncBaselines(self._send)

    async def submit(
        self,
        source: Source,
        options: Options | None = None,
        *,
        idempotency_key: str | None = None,
        wait_s: float | None = None,
    ) -> Analysis:
        """As `Client.submit`."""
        call = calls.submit([source], options, calls.key_of(idempotency_key), wait_s)
        return answers.parsed(await self._send(call), Analysis)

    async def submit_many(
        self,
        sources: Sequence[Source],
        options: Options | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> tuple[Analysis, ...]:
        """As `Client.submit_many`."""
        call = calls.submit(sources, options, calls.key_of(idempotency_key), None)
        return answers.accepted(await self._send(call))

    async def get(self, analysis_id: str) -> Analysis:
        """As `Client.get`."""
        return answers.parsed(await self._send(calls.get(analysis_id)), Analysis)

    async def list(
        self,
        *,
        state: JobState | None = None,
        submission: str | None = None,
        page_size: int = 50,
    ) -> AsyncIterator[Analysis]:
        """As `Client.list`."""
        token = None
        while True:
            call = calls.page(state, submission, page_size, token)
            page = answers.parsed(await self._send(call), AnalysisList)
            for analysis in page.analyses:
                yield analysis
            token = page.next_page_token
            if token is None:
                return

    def events(self, analysis_id: str) -> AsyncGenerator[Analysis]:
        """As `Client.events`. Who leaves it early closes it, with `contextlib.aclosing`."""
        return self._follow(Following(analysis_id, self._retries))

    async def wait(
        self,
        analysis_id: str,
        on_progress: OnProgress | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Analysis:
        """As `Client.wait`."""
        following = Following(analysis_id, self._retries, timeout_s)
        async with aclosing(self._follow(following)) as events:
            async for analysis in events:
                if on_progress is not None:
                    on_progress(analysis)
                if analysis.has_ended:
                    return analysis
        return await self.get(analysis_id)

    async def report(self, analysis_id: str) -> Report:
        """As `Client.report`."""
        return answers.report(await self.report_bytes(analysis_id))

    async def report_bytes(self, analysis_id: str, format: ReportFormat = "json") -> bytes:  # noqa: A002 - as in the interface
        """As `Client.report_bytes`."""
        return (await self._send(calls.report(analysis_id, format))).content

    async def figures(
        self, analysis_id: str, *names: str, **wanted: Unpack[calls.FigureQuery]
    ) -> Figures:
        """As `Client.figures`."""
        call = calls.figures(analysis_id, names, wanted)
        return answers.parsed(await self._send(call), Figures)

    async def comparison(
        self, first_id: str, second_id: str, *, theme: calls.Theme = "light"
    ) -> Comparison:
        """As `Client.comparison`."""
        call = calls.comparison(first_id, second_id, theme)
        return answers.parsed(await self._send(call), Comparison)

    async def download(
        self,
        analysis_id: str,
        target: str | Path,
        format: calls.Download,  # noqa: A002 - as in the interface
    ) -> Path:
        """As `Client.download`."""
        path = Path(target)
        await self._send(calls.download(analysis_id, format, path))
        return path

    async def cancel(self, analysis_id: str) -> Analysis:
        """As `Client.cancel`."""
        return answers.parsed(await self._send(calls.cancel(analysis_id)), Analysis)

    async def delete(self, analysis_id: str) -> None:
        """As `Client.delete`."""
        await self._send(calls.delete(analysis_id))

    async def limits(self) -> ServerLimits:
        """As `Client.limits`."""
        return answers.parsed(await self._send(calls.limits()), ServerLimits)

    async def models(self) -> tuple[ModelUsed, ...]:
        """As `Client.models`."""
        return answers.models(await self._send(calls.models()))

    async def analyze(
        self,
        source: Source,
        options: Options | None = None,
        *,
        on_progress: OnProgress | None = None,
        timeout_s: float | None = None,
        keep: bool = False,
    ) -> Report:
        """As `Client.analyze`; deletes on the server also where the task is cancelled."""
        analysis = await self.submit(source, options)
        try:
            ended = await self.wait(analysis.id, on_progress, timeout_s=timeout_s)
            if ended.state != "succeeded":
                raise AnalysisFailedError(ended)
            return await self.report(analysis.id)
        finally:
            if not keep:
                await self._tidy(analysis.id)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _send(self, call: calls.Call) -> httpx.Response:
        attempts = Attempts(call, self._retries)
        while True:
            try:
                response = await self._try(call)
            except httpx.RequestError as error:
                pause_s = attempts.failed(error)
            else:
                pause_s = attempts.answered(response)
                if pause_s is None:
                    return response
            await asyncio.sleep(pause_s)

    async def _try(self, call: calls.Call) -> httpx.Response:
        with ExitStack() as stack:
            files = None if call.form is None else stack.enter_context(call.form.opened())
            request = self._http.build_request(**sending.request(call, self._http.timeout, files))
            if call.target is None:
                return await self._http.send(request)
            response = await self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    await response.aread()
                    return response
                with atomic_write(call.target) as file:
                    async for piece in response.aiter_bytes():
                        file.write(piece)
                return response
            finally:
                await response.aclose()

    async def _follow(self, following: Following) -> AsyncGenerator[Analysis]:
        while True:
            asked = sending.request(following.call(), self._http.timeout)
            request = self._http.build_request(**asked)
            try:
                response = await self._http.send(request, stream=True)
                try:
                    if following.begins(response):
                        async for data in response.aiter_bytes():
                            for analysis in following.take(data):
                                yield analysis
                            if following.is_over:
                                return
                        pause_s = following.ended()
                    else:
                        await response.aread()
                        pause_s = following.refused(response)
                finally:
                    await response.aclose()
            except httpx.RequestError as error:
                pause_s = following.lost(error)
            if following.is_over:
                return
            await asyncio.sleep(pause_s)

    async def _tidy(self, analysis_id: str) -> None:
        """Delete, once: what is thrown, or a report that is here, must not wait for it."""
        try:
            await self._send(calls.delete(analysis_id, is_repeatable=False))
        except ClientError as error:
            log.warning("analysis %s stays on the server until it expires: %s", analysis_id, error)
