"""The whole page."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from evolvisense.report.html.facts import legacy_section, models_section, notices, recording_section
from evolvisense.report.html.figures import content_of, css_colours, figures_of_page
from evolvisense.report.html.indicators import indicator_section, making_section
from evolvisense.report.html.markup import (
    Markup,
    content_policy,
    element,
    joined,
    json_block,
    scripts,
)
from evolvisense.report.html.people import people_sections, people_shown
from evolvisense.report.html.summary import summary_section
from evolvisense.report.html.voice import voice_section
from evolvisense.report.parts import ReportData

NO_SCRIPT = (
    "The figures of this page are drawn by scripts inside of it, which are switched off here. All "
    "else can be read without them."
)


def to_html(report: ReportData, *, title: str = "") -> str:
    """The report as one file to read and print: nothing is loaded from anywhere, and no script
    runs but plotly and the one that draws with it.

    `title` names the recording. A curve has at most 1,200 points, each the mean of a stretch of
    time, so that an hour of video adds about two megabytes to the five of plotly.
    """
    name = title or "Recording"
    figures = figures_of_page(report, people_shown(report))
    page = element(
        "html",
        element(
            "head",
            Markup('<meta charset="utf-8">'),
            Markup(
                f'<meta http-equiv="Content-Security-Policy" content="{escape(content_policy())}">'
            ),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup('<meta name="color-scheme" content="light dark">'),
            Markup('<meta name="referrer" content="no-referrer">'),
            element("title", f"{name} - EvolviSense report"),
            element("style", css_colours(), _style()),
        ),
        element(
            "body",
            element("header", element("h1", name), element("p", _summary(report), class_="muted")),
            element(
                "main",
                element(
                    "noscript",
                    element("style", "figure { display: none; }"),
                    element("ul", element("li", NO_SCRIPT), class_="notices"),
                ),
                notices(report),
                summary_section(report),
                indicator_section(report, figures),
                *people_sections(report, figures),
                voice_section(report, figures),
                recording_section(report),
                making_section(report),
                models_section(report),
                legacy_section(report),
            ),
            element(
                "footer",
                f"{report.producer.name} {report.producer.version}, "
                f"report {report.schema_version}.",
            ),
            json_block("content", content_of(figures)),
            *scripts(),
        ),
        lang="en",
    )
    return joined([Markup("<!doctype html>\n"), page, Markup("\n")])


def _summary(report: ReportData) -> str:
    media = report.media
    frames, with_face = len(report.frames.number), int((report.frames.faces > 0).sum())
    if media.video is None:
        return f"EvolviSense report: {media.duration_s:.1f} s of sound without a picture."
    return (
        f"EvolviSense report: {media.duration_s:.1f} s, {media.video.width_px} x "
        f"{media.video.height_px}, {frames} frames analysed, {with_face} with a face."
    )


@cache
def _style() -> Markup:
    return Markup(files("evolvisense.report.html").joinpath("style.css").read_text("utf-8"))
