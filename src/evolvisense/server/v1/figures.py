"""`/v1/analyses/{id}/figures`: what the page, and whoever has plotly, draws of a report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from evolvisense.api.figures import Figures
from evolvisense.api.options import LARGEST_COUNT
from evolvisense.api.scalars import DecimalText, WholeText
from evolvisense.errors import InvalidOptionError
from evolvisense.report import Report
from evolvisense.report.clock import clock_of
from evolvisense.report.figures import (
    FIGURES,
    EmotionsAs,
    Figure,
    FigureName,
    FigureOptions,
    Theme,
    figures_of,
)
from evolvisense.report.figures.build import window_of
from evolvisense.server.errors import Problem
from evolvisense.server.service import service_of
from evolvisense.server.v1.analyses import PROBLEMS, job_of
from evolvisense.server.v1.reading import report_of

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
