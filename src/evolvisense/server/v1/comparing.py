"""`/v1/comparison` and `/v1/analyses/{id}/change`: two recordings, or one and a baseline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from evolvisense.api.changes import Change
from evolvisense.api.figures import ComparedValue, Comparison
from evolvisense.baselines import StoredRecording
from evolvisense.baselines.reports import change_of
from evolvisense.report import LIMITS_NOTICE, Report
from evolvisense.report.comparability import cautions
from evolvisense.report.figures import (
    ComparisonRow,
    Theme,
    changes_of,
    comparison_of,
    comparison_rows,
)
from evolvisense.server.baselines import store_of
from evolvisense.server.service import service_of
from evolvisense.server.v1.analyses import job_of
from evolvisense.server.v1.figures import DRAWN, ThemeQuery, answer, encoded, shown
from evolvisense.server.v1.reading import report_of

router = APIRouter()

AnalysisId = Annotated[str, Query(max_length=64, description="Id of a succeeded analysis.")]


@router.get(
    "/v1/comparison",
    summary="Two analyses of one person side by side",
    response_class=Response,
    responses=DRAWN | {200: {"model": Comparison, "description": "Figures and numbers of both."}},
)
async def comparison(
    request: Request, first: AnalysisId, second: AnalysisId, theme: ThemeQuery = "light"
) -> Response:
    """Says whether intervals overlap, never whether a difference is real: see `/change` for that.

    Nobody is identified: that both are of one person is what the caller says.
    """
    service = service_of(request)
    jobs = [(await job_of(request, one, "read"))[0] for one in (first, second)]
    reports = [await report_of(service, job) for job in jobs]
    return answer(await asyncio.to_thread(_compared, reports[0], reports[1], theme))


@router.get(
    "/v1/analyses/{analysis_id}/change",
    summary="An analysis against a personal baseline",
    response_class=Response,
    responses=DRAWN | {200: {"model": Change, "description": "Features that both sides have."}},
)
async def change(
    request: Request,
    analysis_id: str,
    baseline: Annotated[str, Query(max_length=64, description="Name of one of your baselines.")],
    task: Annotated[
        str | None,
        Query(max_length=100, description="Label of the recordings to compare with."),
    ] = None,
    theme: ThemeQuery = "light",
) -> Response:
    """Reliable where it exceeds what chance and day-to-day life do (Jacobson & Truax 1991).

    The recording itself is left out of the baseline; its scores stay as they are in the report.
    """
    service = service_of(request)
    job, caller = await job_of(request, analysis_id, "read")
    store = store_of(service.settings.data_dir, caller)
    recordings = await asyncio.to_thread(store.load, baseline)
    report = await report_of(service, job)
    return answer(await asyncio.to_thread(_changed, report, recordings, task, theme))


def _compared(first: Report, second: Report, theme: Theme) -> bytes:
    return encoded(
        {
            "figures": shown(comparison_of(first, second, theme)),
            "rows": [_row(row) for row in comparison_rows(first, second)],
            "warnings": [notice.model_dump() for notice in cautions(first, second)],
            "limits": LIMITS_NOTICE,
        }
    )


def _row(row: ComparisonRow) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in ComparedValue.model_fields}
    return ComparedValue(**fields).model_dump(mode="json")


def _changed(
    report: Report, recordings: Sequence[StoredRecording], task: str | None, theme: Theme
) -> bytes:
    part = change_of(report, recordings, task)
    (figure,) = shown([changes_of(part.changes, theme)])
    return encoded(
        {"baseline": part.model_dump(mode="json"), "figure": figure, "limits": LIMITS_NOTICE}
    )
