"""The client that waits where it stands."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
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
from evolvisense.client.baselines import Baselines
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


class Client:
    """One server. Safe to use from several threads; close it, or use it in a `with` block.

    Every method may raise ApiError, ConnectionFailedError or UnexpectedAnswerError.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`timeout_s` is the longest silence of the server within one answer."""
        self._retries = retries or Retries()
        self._http = httpx.Client(
            **sending.settings(base_url, api_key, timeout_s), transport=transport
        )
        self.baselines = Baselines(self._send)

    def submit(
        self,
        source: Source,
        options: Options | None = None,
        *,
        idempotency_key: str | None = None,
        wait_s: float | None = None,
    ) -> Analysis:
        """Send one video. It is analysed whatever becomes of this client.

        Without an `idempotency_key` one is made, so that a try whose answer was lost can be
        repeated; with "" none is sent, and nothing is sent twice. `wait_s`: the answer comes when
        the analysis has ended, but after so long at most. Raises FileUnreadableError.
        """
        call = calls.submit([source], options, calls.key_of(idempotency_key), wait_s)
        return answers.parsed(self._send(call), Analysis)

    def submit_many(
        self,
        sources: Sequence[Source],
        options: Options | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> tuple[Analysis, ...]:
        """Send several videos in one request: all are accepted, in this order, or none.

        As `submit` otherwise. The server says in `limits` how many it takes.
        """
        call = calls.submit(sources, options, calls.key_of(idempotency_key), None)
        return answers.accepted(self._send(call))

    def get(self, analysis_id: str) -> Analysis:
        """Where an analysis stands."""
        return answers.parsed(self._send(calls.get(analysis_id)), Analysis)

    def list(
        self,
        *,
        state: JobState | None = None,
        submission: str | None = None,
        page_size: int = 50,
    ) -> Iterator[Analysis]:
        """Analyses, newest first; pages are asked for as they are needed."""
        token = None
        while True:
            call = calls.page(state, submission, page_size, token)
            page = answers.parsed(self._send(call), AnalysisList)
            yield from page.analyses
            token = page.next_page_token
            if token is None:
                return

    def events(self, analysis_id: str) -> Iterator[Analysis]:
        """The analysis each time it changes, until it has ended.

        Reconnects where the connection breaks or the server restarts; what changed meanwhile comes
        as it stands then. Raises after too many failures in a row, and as ApiError with the code
        `analysis_not_found` where the analysis is deleted.
        """
        return self._follow(Following(analysis_id, self._retries))

    def wait(
        self,
        analysis_id: str,
        on_progress: OnProgress | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Analysis:
        """The analysis once it has ended, well or not.

        Raises WaitTimeoutError after `timeout_s`, where the server is silent up to 10 s later.
        """
        for analysis in self._follow(Following(analysis_id, self._retries, timeout_s)):
            if on_progress is not None:
                on_progress(analysis)
            if analysis.has_ended:
                return analysis
        return self.get(analysis_id)

    def report(self, analysis_id: str) -> Report:
        """The report. ApiError has the code `no_report` where there is none."""
        return answers.report(self.report_bytes(analysis_id))

    def report_bytes(self, analysis_id: str, format: ReportFormat = "json") -> bytes:  # noqa: A002 - as in the interface
        """The report as a file."""
        return self._send(calls.report(analysis_id, format)).content

    def figures(
        self, analysis_id: str, *names: str, **wanted: Unpack[calls.FigureQuery]
    ) -> Figures:
        """Figures for plotly; all without `names`; `wanted`: see `calls.FigureQuery`."""
        call = calls.figures(analysis_id, names, wanted)
        return answers.parsed(self._send(call), Figures)

    def comparison(
        self, first_id: str, second_id: str, *, theme: calls.Theme = "light"
    ) -> Comparison:
        """Two analyses of one person side by side."""
        call = calls.comparison(first_id, second_id, theme)
        return answers.parsed(self._send(call), Comparison)

    def download(
        self,
        analysis_id: str,
        target: str | Path,
        format: calls.Download,  # noqa: A002 - as in the interface
    ) -> Path:
        """Write the report in that format, or the `overlay` video, to a file; its path.

        A file that is there is replaced, once the new one is whole.
        """
        path = Path(target)
        self._send(calls.download(analysis_id, format, path))
        return path

    def cancel(self, analysis_id: str) -> Analysis:
        """Stop it and delete its media; the entry stays. One that has ended stays as it is."""
        return answers.parsed(self._send(calls.cancel(analysis_id)), Analysis)

    def delete(self, analysis_id: str) -> None:
        """Stop it and delete all of it."""
        self._send(calls.delete(analysis_id))

    def limits(self) -> ServerLimits:
        """What the server accepts."""
        return answers.parsed(self._send(calls.limits()), ServerLimits)

    def models(self) -> tuple[ModelUsed, ...]:
        """What its analyses are made with."""
        return answers.models(self._send(calls.models()))

    def analyze(
        self,
        source: Source,
        options: Options | None = None,
        *,
        on_progress: OnProgress | None = None,
        timeout_s: float | None = None,
        keep: bool = False,
    ) -> Report:
        """Send one video, wait, and fetch its report.

        All of it is then deleted on the server, also where something goes wrong, unless `keep`.
        Raises AnalysisFailedError, and as `submit` and `wait`.
        """
        analysis = self.submit(source, options)
        try:
            ended = self.wait(analysis.id, on_progress, timeout_s=timeout_s)
            if ended.state != "succeeded":
                raise AnalysisFailedError(ended)
            return self.report(analysis.id)
        finally:
            if not keep:
                self._tidy(analysis.id)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, call: calls.Call) -> httpx.Response:
        attempts = Attempts(call, self._retries)
        while True:
            try:
                response = self._try(call)
            except httpx.RequestError as error:
                pause_s = attempts.failed(error)
            else:
                pause_s = attempts.answered(response)
                if pause_s is None:
                    return response
            time.sleep(pause_s)

    def _try(self, call: calls.Call) -> httpx.Response:
        with ExitStack() as stack:
            files = None if call.form is None else stack.enter_context(call.form.opened())
            request = self._http.build_request(**sending.request(call, self._http.timeout, files))
            if call.target is None:
                return self._http.send(request)
            response = self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    response.read()
                    return response
                with atomic_write(call.target) as file:
                    for piece in response.iter_bytes():
                        file.write(piece)
                return response
            finally:
                response.close()

    def _follow(self, following: Following) -> Iterator[Analysis]:
        while True:
            request = self._http.build_request(
                **sending.request(following.call(), self._http.timeout)
            )
            try:
                response = self._http.send(request, stream=True)
                try:
                    if following.begins(response):
                        for data in response.iter_bytes():
                            yield from following.take(data)
                            if following.is_over:
                                return
                        pause_s = following.ended()
                    else:
                        response.read()
                        pause_s = following.refused(response)
                finally:
                    response.close()
            except httpx.RequestError as error:
                pause_s = following.lost(error)
            if following.is_over:
                return
            time.sleep(pause_s)

    def _tidy(self, analysis_id: str) -> None:
        """Delete, once: what is thrown, or a report that is here, must not wait for it."""
        try:
            self._send(calls.delete(analysis_id, is_repeatable=False))
        except ClientError as error:
            log.warning("analysis %s stays on the server until it expires: %s", analysis_id, error)
