"""Figures of a report for the page and for clients with plotly, of one analysis or of two.

`/v1/analyses/{id}/figures`, `/v1/comparison` and `/v1/analyses/{id}/change`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from evolvisense.api.options import LARGEST_COUNT
from evolvisense.api.results import Change
from evolvisense.api.scalars import DecimalText, WholeText
from evolvisense.api.schemas import ComparedValue, Comparison, Figures
from evolvisense.baselines import StoredRecording, change_of
from evolvisense.errors import InvalidOptionError
from evolvisense.report import LIMITS_NOTICE, Report
from evolvisense.report.comparability import cautions
from evolvisense.report.figures import (
    FIGURES,
    ComparisonRow,
    EmotionsAs,
    Figure,
    FigureName,
    FigureOptions,
    Theme,
    changes_of,
    comparison_of,
    comparison_rows,
    figures_of,
)
from evolvisense.report.figures.build import window_of
from evolvisense.report.words import clock_of
from evolvisense.service.http.analyses import PROBLEMS, job_of, report_of
from evolvisense.service.http.baselines import store_of
from evolvisense.service.http.context import service_of
from evolvisense.service.http.errors import Problem

router = APIRouter()

MOST_POINTS = 20_000
LONGEST_LIST = 2000
JSON = "application/json"

ThemeQuery = Annotated[Theme, Query(description="Colours for a light or a dark page.")]

DRAWN: dict[int | str, dict[str, Any]] = PROBLEMS | {
    409: {"model": Problem, "description": "There is no report: it has not ended, or failed."},
    422: {"model": Problem, "description": "A parameter is wrong."},
}


@router.get(
    "/v1/analyses/{analysis_id}/figures",
    summary="Figures of an analysis",
    response_class=Response,
    responses=DRAWN | {200: {"model": Figures, "description": "Figures in plotly's terms."}},
)
async def figures(  # noqa: PLR0913, PLR0917 - its parameters are those of the address
    request: Request,
    analysis_id: str,
    names: Annotated[
        str,
        Query(max_length=LONGEST_LIST, description="Which, separated by commas; all by default."),
    ] = ",".join(FIGURES),
    person: Annotated[
        WholeText | None,
        Query(ge=1, le=LARGEST_COUNT, description="Id of a person; by default the main one."),
    ] = None,
    theme: ThemeQuery = "light",
    start_s: Annotated[
        DecimalText,
        Query(ge=0, allow_inf_nan=False, description="Begin of the window, from the recording's."),
    ] = 0.0,
    end_s: Annotated[
        DecimalText | None,
        Query(gt=0, allow_inf_nan=False, description="End of the window; by default the last."),
    ] = None,
    points: Annotated[
        WholeText, Query(ge=2, le=MOST_POINTS, description="Most points of a trace in the window.")
    ] = FigureOptions.points,
    actions: Annotated[
        str,
        Query(
            max_length=LONGEST_LIST,
            description="Facial actions, separated by commas; by default those that move most.",
        ),
    ] = "",
    emotions_as: Annotated[
        EmotionsAs, Query(description="How expressions are drawn.")
    ] = FigureOptions.emotions_as,
) -> Response:
    """Drawn from the report as it was made. What cannot be drawn says why."""
    job, _ = await job_of(request, analysis_id, "read")
    chosen = figure_names(names)
    options = FigureOptions(person, theme, start_s, end_s, points, _listed(actions), emotions_as)
    report = await report_of(service_of(request), job)
    return answer(await asyncio.to_thread(_drawn, report, options, chosen))


def figure_names(text: str) -> tuple[FigureName, ...]:
    """Names of figures separated by commas, each once. Raises InvalidOptionError."""
    wanted = _listed(text)
    if unknown := sorted(set(wanted) - set(FIGURES)):
        raise InvalidOptionError(f"names: there is no {unknown[0]!r}, only {', '.join(FIGURES)}")
    if not wanted:
        raise InvalidOptionError(f"names: expected some of {', '.join(FIGURES)}")
    return tuple(name for name in wanted if name in FIGURES)


def shown(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Figures as the fields of FigureShown."""
    return [figure.to_json() for figure in figures]


def encoded(content: Mapping[str, Any]) -> bytes:
    """JSON that no model looks through again: a figure holds tens of thousands of numbers."""
    return json.dumps(content, allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode()


def answer(body: bytes) -> Response:
    """What `encoded` made."""
    return Response(body, media_type=JSON, headers={"Cache-Control": "no-store"})


def _drawn(report: Report, options: FigureOptions, names: Sequence[FigureName]) -> bytes:
    window = window_of(clock_of(report), options)
    figures = shown(figures_of(report, options, names))
    return encoded({"figures": figures, "start_s": window.start_s, "end_s": window.end_s})


def _listed(text: str) -> tuple[str, ...]:
    """Parts between commas, each once, in their order."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


comparison_router = APIRouter()

AnalysisId = Annotated[str, Query(max_length=64, description="Id of a succeeded analysis.")]


@comparison_router.get(
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


@comparison_router.get(
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
