"""What the routes share: the models, loaded beside the start of the server, and the queue."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from fastapi import Request

from evolvisense.errors import CancelledError
from evolvisense.jobs import WorkQueue
from evolvisense.server.settings import Settings

if TYPE_CHECKING:
    from evolvisense.pipeline import Analyzer

log = logging.getLogger(__name__)

Work = Callable[["Analyzer", Callable[[], bool]], bytes]
"""Makes an answer with the analyzer; the function it is given says whether to stop."""


class AnalysisService:
    """Runs analyses off the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._queue = WorkQueue(settings.workers, settings.queue_size)
        self._stopping = threading.Event()
        loader = ThreadPoolExecutor(1, "models")
        self._analyzer: Future[Analyzer] = loader.submit(_load, settings)
        loader.shutdown(wait=False)
        self._analyzer.add_done_callback(_log_failure)

    @property
    def is_ready(self) -> bool:
        """Whether the models are loaded."""
        return self._analyzer.done() and self.failure is None

    @property
    def failure(self) -> BaseException | None:
        """What keeps the models from being loaded, as far as it is known."""
        return self._analyzer.exception() if self._analyzer.done() else None

    @property
    def in_flight(self) -> int:
        """Analyses that run or wait."""
        return self._queue.in_flight

    def check_room(self) -> None:
        """Raise BusyError where a request would find no place, before its upload is taken."""
        self._queue.check_room()

    async def run(self, request: Request, work: Work) -> bytes:
        """The answer of `work`. Raises CancelledError when the client goes away meanwhile."""
        stop = threading.Event()

        def is_cancelled() -> bool:
            return stop.is_set() or self._stopping.is_set()

        job = self._queue.submit(lambda: work(self._analyzer.result(), is_cancelled))
        answer = asyncio.wrap_future(job)
        departure = asyncio.create_task(_departure(request))
        try:
            await asyncio.wait({answer, departure}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                stop.set()
                job.cancel()
                # The worker still reads the upload: it may be deleted only after that.
                await asyncio.wait({answer})
                if not answer.cancelled():
                    answer.exception()
                raise CancelledError("the client went away")
            return answer.result()
        finally:
            stop.set()
            departure.cancel()

    async def close(self) -> None:
        """Stop what runs and cancel what waits."""
        self._stopping.set()
        await asyncio.to_thread(self._queue.close)


def service_of(request: Request) -> AnalysisService:
    """The service of the app that a request belongs to."""
    service = request.app.state.service
    assert isinstance(service, AnalysisService)  # noqa: S101 - set by the lifespan
    return service


def _log_failure(analyzer: Future[Analyzer]) -> None:
    error = analyzer.exception()
    if error is not None:
        log.error("the models cannot be loaded", exc_info=error)


def _load(settings: Settings) -> Analyzer:
    # Imported here: FFmpeg and ONNX Runtime load while the server already answers.
    from evolvisense.media import MediaLimits  # noqa: PLC0415
    from evolvisense.pipeline import Analyzer  # noqa: PLC0415

    return Analyzer(
        limits=MediaLimits(
            max_bytes=settings.max_upload_bytes,
            max_pixels=settings.max_pixels,
            max_duration_s=settings.max_duration_s,
            max_streams=settings.max_streams,
        )
    )


async def _departure(request: Request) -> None:
    """Returns when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
