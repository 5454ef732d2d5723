"""Reports to draw."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.report import Report, observations_only
from evolvisense.report.build import voice_part
from evolvisense.report.indicator_parts import WindowPart, WindowScore
from tests.factory.flow import analyze_painted
from tests.factory.readings import spoken_reading

SPEECH = [(0.0, 1.0), (2.5, 4.5)]


@pytest.fixture(scope="session")
def spoken(scored: Report) -> Report:
    """The scored report with a voice that wanders and syllables, over 6 s."""
    return scored.model_copy(update={"voice": voice_part(spoken_reading(0.0, 6.0, SPEECH))})


@pytest.fixture(scope="session")
def windowed(spoken: Report) -> Report:
    """With indicators over three windows of time, of which the second cannot tell."""
    windows = [
        WindowPart(
            start_s=2.0 * i,
            end_s=2.0 * i + 2,
            scores=[
                WindowScore(
                    name=score.name,
                    score=None if i == 1 else 40.0 + i,
                    no_score_reason="too_little_evidence" if i == 1 else None,
                    interval_low=None if i == 1 else 30.0,
                    interval_high=None if i == 1 else 60.0,
                )
                for score in spoken.indicators.scores
            ],
        )
        for i in range(3)
    ]
    block = spoken.indicators.model_copy(update={"windows": windows})
    return spoken.model_copy(update={"indicators": block})


@pytest.fixture(scope="session")
def nobody() -> Report:
    """Ten frames without a face and without sound."""
    return analyze_painted([(i / 25, []) for i in range(10)])


@pytest.fixture(scope="session")
def certain(full: Report) -> Report:
    """Both people may be read in every frame."""
    return _with_doubts(full, [])


@pytest.fixture(scope="session")
def doubtful(full: Report) -> Report:
    """Both people turned away in their frames 3 to 5 (from 0)."""
    return _with_doubts(full, [3, 4, 5])


def _with_doubts(report: Report, frames: list[int]) -> Report:
    people = []
    for person in report.people:
        uncertain = ["turned" if i in frames else "" for i in range(person.frames)]
        timeline = person.timeline.model_copy(update={"uncertain": uncertain})
        people.append(person.model_copy(update={"timeline": timeline}))
    return report.model_copy(update={"people": people})


@pytest.fixture(scope="session")
def long(full: Report) -> Report:
    """One person in 5,000 frames over 200 s, with a sine for each column that can be drawn."""
    count = 5000
    person = full.people[0]
    wave = (np.sin(np.arange(count) / 40) + 1) / 2
    columns = {
        name: np.resize(np.asarray(value), count)
        for name, value in person.timeline
        if isinstance(value, np.ndarray)
    }
    timeline = person.timeline.model_copy(
        update=columns
        | {
            "frame_number": np.arange(1, count + 1),
            "time_s": np.arange(count) / 25,
            "smile": wave,
            "uncertain": [""] * count,
            "speaking": ["no"] * count,
            "probabilities": dict.fromkeys(person.timeline.probabilities or {}, wave / 7),
            "actions": dict.fromkeys(person.timeline.actions or {}, wave),
        }
    )
    frames = full.frames.model_copy(
        update={
            "number": timeline.frame_number,
            "time_s": timeline.time_s,
            "faces": np.ones(count, np.int64),
        }
    )
    main = person.model_copy(update={"timeline": timeline, "frames": count, "is_main": True})
    media = full.media.model_copy(update={"duration_s": 200.0})
    update = {"frames": frames, "people": [main], "media": media}
    return full.model_copy(update=update | {"voice": None, "voice_absent_reason": "not_wanted"})


@pytest.fixture(
    scope="session",
    params=["full", "expressions_only", "scored", "windowed", "nobody", "withheld", "long"],
)
def any_report(request: pytest.FixtureRequest) -> Report:
    """Every kind of report in turn."""
    if request.param == "withheld":
        return observations_only(request.getfixturevalue("windowed"))
    return request.getfixturevalue(request.param)
