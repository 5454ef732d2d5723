"""The page: safe, alone, honest, and small."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evolvisense.report import LIMITS_NOTICE, Report, observations_only, to_html
from evolvisense.report.figures import FigureOptions, figure_of
from evolvisense.report.html import content_policy, plotly_path
from evolvisense.report.html import markup as scripts
from evolvisense.report.html.markup import Markup, element
from evolvisense.report.indicator_parts import WindowPart, WindowScore
from evolvisense.report.parts import Notice, Person
from evolvisense.types.scores import EMOTIONS
from tests.factory.flow import analyze_painted

VOID = {"meta"}
HOUR_FRAMES = 30 * 3600
ATTACK = "<script>alert('x')</script>\"'&"


@pytest.fixture(autouse=True)
def short_plotly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stand-in, for nothing here runs it, and the five megabytes take long to parse."""
    path = tmp_path / "plotly.min.js"
    path.write_text("/**\n* plotly.js v0\n*/")
    monkeypatch.setattr(scripts, "plotly_path", lambda: path)
    content_policy.cache_clear()
    yield
    content_policy.cache_clear()


class Page(HTMLParser):
    """Tags, attributes, and the text of each section; raises where tags do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sections: list[str] = []
        self._pieces: list[list[str]] = []
        self.feed(text)
        self.close()
        self.scripts = ["".join(pieces) for pieces in self._pieces]
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self._pieces.append([])
        if tag == "section":
            self.sections.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self._pieces[-1].append(data)
        elif "section" in self.open:
            self.sections[-1] += f"{data} "

    def section(self, title: str) -> str:
        (found,) = [text for text in self.sections if text.startswith(title)]
        return " ".join(found.split())

    @property
    def content(self) -> dict[str, Any]:
        """What the script draws."""
        (kind,) = [given["type"] for tag, given in self.tags if given.get("id") == "content"]
        assert kind == "application/json", "data, which nothing runs"
        return json.loads(self.scripts[0])

    @property
    def figures(self) -> dict[str, Any]:
        return self.content["figures"]

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [found for _, found in self.tags if name in (found.get("class") or "").split()]


def page(report: Report, title: str = "") -> Page:
    return Page(to_html(report, title=title))


@pytest.mark.parametrize("name", ["full", "expressions_only", "scored"])
def test_two_scripts_run_and_nothing_is_loaded(name: str, request: pytest.FixtureRequest) -> None:
    text = to_html(request.getfixturevalue(name))
    found = Page(text)
    assert {tag for tag, _ in found.tags}.isdisjoint(
        {"link", "img", "iframe", "object", "embed", "base", "form", "a", "use", "image"}
    )
    names = {attribute for _, given in found.tags for attribute in given}
    assert not [n for n in names if n.startswith("on") or n in ("src", "href", "xlink:href")]
    content, *scripts = found.scripts
    assert [given.get("type") for tag, given in found.tags if tag == "script"][1:] == [None, None]
    assert scripts[0].startswith("/**\n* plotly.js v")
    own = text.replace(scripts[0], "")
    assert not re.search(r"https?:|//[a-z]|url\(|@import|innerHTML", own)
    assert "<" not in content


def test_the_policy_lets_these_scripts_run_and_no_other(
    full: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "plotly_path", plotly_path)
    found = page(full)
    assert len(found.scripts[1]) > 1_000_000, "plotly itself"
    (policy,) = [
        given["content"] or ""
        for tag, given in found.tags
        if given.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == content_policy()
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in found.scripts[1:]
    ]
    assert policy.startswith(f"default-src 'none'; script-src {' '.join(hashes)}; style-src ")
    assert "connect-src" not in policy, "nothing can be fetched"


def test_what_would_end_a_script_is_written_otherwise(
    full: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.js"
    path.write_text('x = "<!-- <script> </SCRIPT>"; y = 1 < 2;')
    monkeypatch.setattr(scripts, "plotly_path", lambda: path)
    assert page(full).scripts[1] == 'x = "\\x3c!-- <script> \\x3c/SCRIPT>"; y = 1 < 2;'


def test_without_scripts_it_is_said(full: Report) -> None:
    assert [tag for tag, _ in page(full).tags].count("noscript") == 1


def test_texts_of_a_file_are_escaped(scored: Report) -> None:
    media = scored.media.model_copy(
        update={
            "container": ATTACK,
            "video": scored.media.video.model_copy(update={"codec": ATTACK}),
        }
    )
    models = [scored.models[0].model_copy(update={"id": ATTACK, "licence": ATTACK})]
    report = scored.model_copy(
        update={
            "media": media,
            "models": models,
            "limits": ATTACK,
            "warnings": [Notice(code="x", message=ATTACK)],
        }
    )
    text = to_html(report, title=ATTACK)
    assert "<script>alert" not in text
    assert [tag for tag, _ in Page(text).tags].count("script") == 3
    assert text.count("&lt;script&gt;") == 8


def test_the_limits_stand_beside_the_scores(scored: Report) -> None:
    found = page(scored)
    assert found.sections[0].startswith("What was seen and heard")
    assert found.sections[1].startswith("Indicators")
    assert LIMITS_NOTICE in found.section("Indicators")
    assert "Activation" in found.section("Indicators")


def test_a_score_has_its_interval_its_coverage_and_what_made_it(scored: Report) -> None:
    found = page(scored)
    text = found.section("Indicators")
    assert "90 % interval 48 to 75; 75 % of the evidence is there" in text
    assert "anger or fear in the voice +0.90 pitch variability \u22120.20" in text
    assert "Not counted: smiles in silence (no face was found)." in text
    (bar,) = found.with_class("interval")
    assert bar["style"] == "left:48%;width:27%"


def test_no_score_is_said_with_its_reasons(scored: Report) -> None:
    text = page(scored).section("Indicators")
    assert "cannot tell 0 50 100 30 % of the evidence is there, half is needed." in text
    assert (
        "Not counted: fear in the voice (the voice is less than 15 dB over the background); "
        "share of pauses (under 20 s of speech)." in text
    )


def test_no_interval_is_said(scored: Report) -> None:
    assert "Too short for an interval" in page(scored).section("Indicators")


def test_reliable_changes_are_told(scored: Report) -> None:
    text = page(scored).section("Indicators")
    assert "fear in the voice +0.20 (from 0.05)" in text
    assert "this person's own 4 recordings on 2 days" in text
    assert "syllable rate +0.50" not in text


def test_numbers_behind_the_scores_are_all_there(scored: Report) -> None:
    text = page(scored).section("How the scores were made")
    assert "pitch variability 3.00 2.50 ± 0.50" in text
    assert "not counted: no face was found" in text
    assert "syllable rate 4.50 per second 21.0 s" in text


def test_the_legacy_block_is_last_and_marked(scored: Report) -> None:
    last = page(scored).sections[-1]
    assert last.startswith("Legacy formula v1: not a measurement")
    assert "mental_health.depression" in last


def test_every_model_has_its_version_and_licence(full: Report) -> None:
    text = page(full).section("Models and methods that took part")
    for model in full.models:
        assert f"{model.id} {model.version} {model.licence}" in text


def test_people_have_a_part_each_the_main_one_first(full: Report) -> None:
    titles = [text.split(" Seen in")[0].strip() for text in page(full).sections]
    main = next(p for p in full.people if p.is_main)
    other = next(p for p in full.people if not p.is_main)
    assert titles[2:4] == [f"Person {main.id} (main)", f"Person {other.id}"]


def test_each_person_and_the_voice_have_their_figures(scored: Report) -> None:
    found = page(scored)
    places = [given["id"] for given in found.with_class("plot")]
    people = [f"{name}-{p}" for p in (2, 1) for name in ("expression", "behaviour", "actions")]
    assert places == [*people, "voice", "voice_emotion"], "the main person first"
    assert list(found.figures) == places
    for given in found.with_class("plot"):
        assert given["role"] == "figure"
        assert given["aria-label"]


def test_figures_are_those_of_the_page_and_of_notebooks(full: Report) -> None:
    figures = page(full).figures
    for person in full.people:
        figure = figure_of(full, "expression", FigureOptions(person_id=person.id))
        drawn = figures[f"expression-{person.id}"]
        assert drawn == {"data": figure.data, "layout": figure.layout}


@pytest.mark.parametrize("name", ["full", "expressions_only", "scored"])
def test_in_other_colours_they_are_the_figures_of_the_dark_theme(
    name: str, request: pytest.FixtureRequest
) -> None:
    report: Report = request.getfixturevalue(name)
    content = page(report).content
    dark = content["dark"]
    colours = re.compile("|".join(map(re.escape, dark)))
    for place, drawn in content["figures"].items():
        kind, _, person = place.partition("-")
        wanted = figure_of(
            report, kind, FigureOptions(person_id=int(person) if person else None, theme="dark")
        )
        recoloured = json.loads(colours.sub(lambda found: dark[found[0]], json.dumps(drawn)))
        assert recoloured == {"data": wanted.data, "layout": wanted.layout}


def test_a_long_recording_has_its_indicators_over_time(scored: Report) -> None:
    assert "indicators" not in page(scored).figures
    score = {"score": 50.0, "no_score_reason": None, "interval_low": 40.0, "interval_high": 60.0}
    windows = [
        WindowPart(
            start_s=start_s,
            end_s=start_s + 60,
            scores=[WindowScore(name=part.name, **score) for part in scored.indicators.scores],
        )
        for start_s in (0.0, 30.0, 60.0)
    ]
    block = scored.indicators.model_copy(update={"windows": windows})
    found = page(scored.model_copy(update={"indicators": block}))
    assert "indicators" in found.figures
    assert found.with_class("plot")[0]["id"] == "indicators"


def test_what_an_engine_does_not_read_is_said_and_not_drawn(expressions_only: Report) -> None:
    found = page(expressions_only)
    text = found.section("Person 1 (main)")
    assert "Blinks cannot tell the expression engine does not read them" in text
    assert "Facial actions Cannot tell: the expression engine does not read them." in text
    assert [place for place in found.figures if place.startswith("actions")] == []


def test_nobody_and_no_voice_are_said_with_their_reasons() -> None:
    found = page(analyze_painted([(i / 25, []) for i in range(5)]))
    assert found.section("Faces") == "Faces No face was found in 5 analysed frames."
    assert found.section("Voice") == "Voice No voice was read: the file has no sound."
    assert not found.figures


def test_the_voice_is_told_with_units(scored: Report) -> None:
    found = page(scored)
    text = found.section("Voice")
    assert "Median pitch (F0) cannot tell too little speech" in text
    assert "Bandwidth of speech cannot tell Hz" in text
    assert "angry 70 %" in text


def test_observations_only_show_no_emotion_and_say_so(scored: Report) -> None:
    text = to_html(observations_only(scored))
    found = Page(text)
    assert "Observations only" in text
    assert "withheld Withheld on request: it stands on emotion." in re.sub(
        r" 0 50 100 ", " ", found.section("Indicators")
    )
    assert not [e for e in EMOTIONS if found.with_class(e)]
    assert not [e for e in EMOTIONS if f'"{e}"' in json.dumps(found.figures)]
    assert "Facial expression Withheld on request." in found.section("Person 2 (main)")
    assert "Likeliest" not in text
    assert "mental_health" not in text
    assert "Withheld on request." in found.section("Legacy")
    assert list(found.figures) == ["behaviour-2", "actions-2", "behaviour-1", "actions-1", "voice"]


def test_an_hour_of_two_people_adds_little_to_plotly(full: Report) -> None:
    text = to_html(an_hour(full))
    assert len(text.encode()) < 2_500_000
    assert "1:00:00" in text
    Page(text)


def an_hour(report: Report) -> Report:
    """Both people in every frame, restless, with a voice."""
    rng = np.random.default_rng(0)
    times = np.arange(HOUR_FRAMES) / 30
    numbers = np.arange(1, HOUR_FRAMES + 1)

    def person(one: Person) -> Person:
        probabilities = rng.dirichlet(np.ones(7), HOUR_FRAMES)
        doubt = np.where(rng.random(HOUR_FRAMES // 900).repeat(900) < 0.4, "flat", "").tolist()
        speaks = np.where(rng.random(HOUR_FRAMES // 300).repeat(300) < 0.4, "yes", "no").tolist()
        columns = {
            name: np.resize(column, HOUR_FRAMES)
            for name, column in one.timeline
            if isinstance(column, np.ndarray)
        }
        actions = {name: rng.random(HOUR_FRAMES) for name in one.timeline.actions or {}}
        timeline = one.timeline.model_copy(
            update={
                **columns,
                "frame_number": numbers,
                "time_s": times,
                "probabilities": {e: probabilities[:, i] for i, e in enumerate(EMOTIONS)},
                "uncertain": doubt,
                "speaking": speaks,
                "smile": rng.random(HOUR_FRAMES),
                "actions": actions,
            }
        )
        return one.model_copy(update={"frames": HOUR_FRAMES, "timeline": timeline})

    assert report.voice is not None
    steps = np.arange(0, 3600, 0.032)
    columns = report.voice.timeline.model_copy(
        update={
            "time_s": steps,
            "speech_probability": rng.random(len(steps)),
            "f0_hz": np.where(rng.random(len(steps)) < 0.5, 150 * rng.random(len(steps)), np.nan),
            "level_dbfs": -60 * rng.random(len(steps)),
        }
    )
    segment = report.voice.segments[0]
    segments = [
        segment.model_copy(update={"start_s": float(t), "end_s": float(t) + 1.5})
        for t in range(0, 3600, 2)
    ]
    frames = report.frames.model_copy(
        update={"number": numbers, "time_s": times, "faces": np.full(HOUR_FRAMES, 2)}
    )
    voice = report.voice.model_copy(update={"timeline": columns, "segments": segments})
    media = report.media.model_copy(update={"start_s": 0.0, "duration_s": 3600.0})
    people = [person(one) for one in report.people]
    return report.model_copy(
        update={"media": media, "frames": frames, "people": people, "voice": voice}
    )


def test_only_markup_is_not_escaped() -> None:
    inner = element("b", "<i>")
    assert inner == "<b>&lt;i&gt;</b>"
    assert element("p", inner, "&", title='"') == '<p title="&quot;"><b>&lt;i&gt;</b>&amp;</p>'
    assert element("p", Markup("<br>"), hidden=None) == "<p><br></p>"
