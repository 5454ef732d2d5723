"""`/metrics` for Prometheus: requests, the queue, the workers, the models."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import get_args

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client import Counter as PromCounter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from evolvisense.service.http.context import AnalysisService
from evolvisense.service.http.errors import Problem
from evolvisense.service.live import LivePool
from evolvisense.service.webhooks.sender import Ending

router = APIRouter()

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class ServerMetrics:
    """What one application counts."""

    def __init__(self, service: AnalysisService, live: LivePool) -> None:
        self.registry = CollectorRegistry()
        self.requests = PromCounter(
            "evolvisense_http_requests_total",
            "Requests by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_s = Histogram(
            "evolvisense_http_request_seconds",
            "Time until an answer was complete, by route.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "evolvisense_http_requests_in_flight",
            "Requests that are being answered.",
            registry=self.registry,
        )
        Gauge(
            "evolvisense_live_streams", "Live streams that are open.", registry=self.registry
        ).set_function(lambda: live.streams)
        Gauge(
            "evolvisense_live_process_starts",
            "Processes of the live streams started so far.",
            registry=self.registry,
        ).set_function(lambda: live.starts)
        self.registry.register(_QueueCollector(service))


class _QueueCollector(Collector):
    """Asks the queue and the workers when somebody looks."""

    def __init__(self, service: AnalysisService) -> None:
        self._service = service

    def describe(self) -> Iterator[Metric]:
        # Without it, registering would already ask the database.
        return iter(())

    def collect(self) -> Iterator[Metric]:
        pool = self._service.pool
        counts = self._service.store.counts()
        jobs = GaugeMetricFamily("evolvisense_jobs", "Jobs by state.", labels=["state"])
        for state in ("queued", "running", "succeeded", "failed", "canceled"):
            jobs.add_metric([state], getattr(counts, state))
        yield jobs
        yield GaugeMetricFamily(
            "evolvisense_queue_oldest_seconds",
            "Age of the job that has waited longest; 0 where none waits.",
            counts.oldest_queued_s or 0.0,
        )
        yield GaugeMetricFamily(
            "evolvisense_workers", "Worker processes.", self._service.settings.workers
        )
        sandbox = GaugeMetricFamily(
            "evolvisense_sandbox_in_force",
            "Parts of the sandbox around workers: 1 where every attempt to get out failed at its "
            "start, 0 where one succeeded.",
            labels=["part"],
        )
        for part in (*pool.isolation, *pool.missing):
            sandbox.add_metric([part], part in pool.isolation)
        yield sandbox
        yield GaugeMetricFamily("evolvisense_workers_busy", "Those with a job.", pool.busy)
        yield GaugeMetricFamily(
            "evolvisense_waiting_clients", "Clients of /analyze-video/.", self._service.waiting
        )
        yield GaugeMetricFamily("evolvisense_uploads", "Uploads now.", len(self._service.uploads))
        yield GaugeMetricFamily(
            "evolvisense_unknown_files",
            "Files in the data folder of analyses that the database does not know; they are kept.",
            self._service.keeper.unknown_files,
        )
        tally = pool.tally
        yield CounterMetricFamily(
            "evolvisense_worker_restarts", "Worker processes started anew.", tally.restarts
        )
        yield CounterMetricFamily(
            "evolvisense_frames", "Frames analysed by the workers here.", tally.frames
        )
        ended = CounterMetricFamily(
            "evolvisense_jobs_ended", "Jobs that ended here, by outcome.", labels=["outcome"]
        )
        for outcome in ("succeeded", "failed", "canceled"):
            ended.add_metric([outcome], getattr(tally, outcome))
        yield ended
        yield CounterMetricFamily(
            "evolvisense_jobs_retried", "Jobs that went back to the queue.", tally.retried
        )
        tries = CounterMetricFamily(
            "evolvisense_webhook_tries", "Tries to deliver a webhook, by end.", labels=["ending"]
        )
        for ending in get_args(Ending):
            tries.add_metric([ending], self._service.webhook_endings[ending])
        yield tries
        yield CounterMetricFamily(
            "evolvisense_analysis_seconds", "Time that jobs took here.", tally.analysis_s
        )
        stages = CounterMetricFamily(
            "evolvisense_stage_seconds",
            "Time by stage of the analysis; stages run side by side.",
            labels=["stage"],
        )
        for stage, seconds in sorted(dict(tally.stage_s).items()):
            stages.add_metric([stage], seconds)
        yield stages
        yield GaugeMetricFamily(
            "evolvisense_frames_per_second",
            "Frames analysed per second of analysis, mean since the start.",
            tally.frames / tally.analysis_s if tally.analysis_s else 0.0,
        )
        for model in pool.models or []:
            info = InfoMetricFamily("evolvisense_model", "A model in use.", labels=["id"])
            info.add_metric([model["id"]], {"version": model["version"]})
            yield info


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        401: {"model": Problem, "description": "A key with the scope `admin` is needed."},
    },
)
async def metrics(request: Request) -> Response:
    """For keys with the scope `admin`; for everybody on this machine where there are no keys."""
    await request.app.state.gate.caller(request, "admin", or_here=True)
    registry = request.app.state.metrics.registry
    text = await asyncio.to_thread(generate_latest, registry)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
