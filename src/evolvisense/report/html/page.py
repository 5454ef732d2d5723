"""The whole page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from evolvisense.report.html.facts import (
    legacy_section,
    models_section,
    notices,
    recording_section,
)
from evolvisense.report.html.indicators import indicator_section, making_section
from evolvisense.report.html.markup import Markup, element, joined
from evolvisense.report.html.people import people_sections
from evolvisense.report.html.series import clock_of
from evolvisense.report.html.voice import voice_section
from evolvisense.report.schema import Report

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def to_html(report: Report, *, title: str = "") -> str:
    """The report as one file to read and print: no script, nothing loaded from anywhere.

    `title` names the recording. Curves are drawn from at most 480 means, so that an hour of video
    stays under a megabyte.
    """
    clock = clock_of(report)
    name = title or "Recording"
    page = element(
        "html",
        element(
            "head",
            Markup('<meta charset="utf-8">'),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup('<meta name="color-scheme" content="light dark">'),
            Markup('<meta name="referrer" content="no-referrer">'),
            element("title", f"{name} - EvolviSense report"),
            element("style", _style()),
        ),
        element(
            "body",
            element("header", element("h1", name), element("p", _summary(report), class_="muted")),
            element(
                "main",
                notices(report),
                indicator_section(report),
                *people_sections(report, clock),
                voice_section(report, clock),
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
        ),
        lang="en",
    )
    return joined([Markup("<!doctype html>\n"), page, Markup("\n")])


def _summary(report: Report) -> str:
    media = report.media
    frames, with_face = len(report.frames.number), int((report.frames.faces > 0).sum())
    return (
        f"EvolviSense report: {media.duration_s:.1f} s, {media.video.width_px} x "
        f"{media.video.height_px}, {frames} frames analysed, {with_face} with a face."
    )


@cache
def _style() -> Markup:
    return Markup(files("evolvisense.report.html").joinpath("style.css").read_text("utf-8"))
