"""The page: safe, alone, honest, and small."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from evolvisense.report import LIMITS_NOTICE, Report, observations_only, to_html
from evolvisense.report.html.series import clock_of
from evolvisense.report.html.svg import WIDTH
from evolvisense.report.schema import Notice, Person
from evolvisense.types.scores import EMOTIONS
from tests.factory.findings import observations, quality
from tests.factory.flow import analyze_painted
from tests.report.conftest import with_people

VOID = {"meta"}
HOUR_FRAMES = 30 * 3600
ATTACK = "<script>alert('x')</script>\"'&"


class Page(HTMLParser):
    """Tags, attributes, and the text of each section; raises where tags do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sections: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.sections.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "section" in self.open:
            self.sections[-1] += f"{data} "

    def section(self, title: str) -> str:
        (found,) = [text for text in self.sections if text.startswith(title)]
        return " ".join(found.split())

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [found for _, found in self.tags if name in (found.get("class") or "").split()]


def page(report: Report, title: str = "") -> Page:
    return Page(to_html(report, title=title))


@pytest.mark.parametrize("name", ["full", "expressions_only", "scored"])
def test_nothing_is_run_and_nothing_is_loaded(name: str, request: pytest.FixtureRequest) -> None:
    text = to_html(request.getfixturevalue(name))
    found = Page(text)
    assert {tag for tag, _ in found.tags}.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "use", "image"}
    )
    names = {attribute for _, given in found.tags for attribute in given}
    assert not [n for n in names if n.startswith("on") or n in ("src", "href", "xlink:href")]
    assert not re.search(r"https?:|//[a-z]|url\(|@import", text)


def test_the_policy_refuses_everything_but_styles(full: Report) -> None:
    policies = [
        given["content"] or ""
        for tag, given in page(full).tags
        if given.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies[0].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


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
    assert "<script" not in text
    assert "script" not in {tag for tag, _ in Page(text).tags}
    assert text.count("&lt;script&gt;") == 8


def test_the_limits_stand_beside_the_scores(scored: Report) -> None:
    found = page(scored)
    assert found.sections[0].startswith("Indicators")
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
    assert titles[1:3] == [f"Person {main.id} (main)", f"Person {other.id}"]


def test_frames_that_should_not_be_read_are_hatched_and_not_drawn(full: Report) -> None:
    certain = np.tile(np.array([0.02] * 6 + [0.88], np.float32), (25, 1))
    track_id = np.array([1] * 10 + [2] * 15)
    rows = np.array([*range(10), *range(15)])
    order = np.argsort(rows, kind="stable")
    sizes = np.where((track_id == 2) & (rows >= 5), 5, 100)
    faces = observations(
        rows[order],
        track_id[order],
        probs=certain,
        face_quality=quality(25, size_px=sizes[order]),
    )
    report = with_people(full, faces)
    known = [
        p.model_copy(update={"timeline": p.timeline.model_copy(update={"speaking": ["no"] * n})})
        for p, n in zip(report.people, (10, 15), strict=True)
    ]
    found = page(report.model_copy(update={"people": known}))
    assert len(found.with_class("hatch")) == 1
    text = found.section("Person 2")
    assert "33 % of the frames; in 67 % the face is small" in text
    # Of 25 frames a second: each stands for half a step before and after its time.
    unit = WIDTH / clock_of(report).end_s
    assert [last_x(given) for given in drawn(found, "neutral")] == [
        pytest.approx(9.5 / 25 * unit, abs=1),
        pytest.approx(4.5 / 25 * unit, abs=1),
    ]


def last_x(path: dict[str, str | None]) -> int:
    return max(int(x) for x in re.findall(r"(\d+) \d+", path["d"] or ""))


def drawn(found: Page, look: str) -> list[dict[str, str | None]]:
    return [given for tag, given in found.tags if tag == "path" and given.get("class") == look]


def test_what_an_engine_does_not_read_is_said_and_not_drawn(expressions_only: Report) -> None:
    found = page(expressions_only)
    assert "Smile cannot tell: the expression engine does not read them" in found.section(
        "Person 1 (main)" if expressions_only.people[0].is_main else "Person 1"
    )
    assert not drawn(found, "mark")


def test_nobody_and_no_voice_are_said_with_their_reasons() -> None:
    found = page(analyze_painted([(i / 25, []) for i in range(5)]))
    assert found.section("Faces") == "Faces No face was found in 5 analysed frames."
    assert found.section("Voice") == "Voice No voice was read: the file has no sound."
    assert not drawn(found, "happy")


def test_the_voice_is_told_with_units_and_its_long_pause_is_marked(scored: Report) -> None:
    found = page(scored)
    text = found.section("Voice")
    assert "Median pitch (F0) cannot tell too little speech" in text
    assert "Bandwidth of speech cannot tell Hz" in text
    assert "angry 70 %" in text
    (pause,) = drawn(found, "pause")
    unit = WIDTH / clock_of(scored).end_s
    width = round(2.5 * unit) - round(unit)
    assert pause["d"] == f"M{unit:.0f} 0h{width}v1000h-{width}z"


def test_observations_only_show_no_emotion_and_say_so(scored: Report) -> None:
    text = to_html(observations_only(scored))
    found = Page(text)
    assert "Observations only" in text
    assert "withheld Withheld on request: it stands on emotion." in re.sub(
        r" 0 50 100 ", " ", found.section("Indicators")
    )
    assert not [e for e in EMOTIONS if drawn(found, e) or found.with_class(e)]
    assert "Likeliest" not in text
    assert "mental_health" not in text
    assert "Withheld on request." in found.section("Legacy")
    assert drawn(found, "curve"), "smile and level stay"


def test_an_hour_of_two_people_stays_under_a_megabyte(full: Report) -> None:
    report = an_hour(full)
    text = to_html(report)
    assert len(text.encode()) < 1_000_000
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
        timeline = one.timeline.model_copy(
            update={
                "frame_number": numbers,
                "time_s": times,
                "probabilities": {e: probabilities[:, i] for i, e in enumerate(EMOTIONS)},
                "uncertain": doubt,
                "speaking": speaks,
                "smile": rng.random(HOUR_FRAMES),
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
