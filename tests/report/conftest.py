"""Reports to write: painted, and changed where a test needs it."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from evolvisense.face.behaviour import describe_people
from evolvisense.report import Report
from evolvisense.report.build import voice_part
from evolvisense.report.indicators import indicators_part
from evolvisense.report.people import person_part
from evolvisense.types.face import FaceObservations, Person
from evolvisense.types.indicators import BaselineChange, BaselineUse, FeatureReading
from evolvisense.types.voice import SpeechSegment
from tests.factory.faces import Painted
from tests.factory.findings import LAYOUT, frame_log, observations
from tests.factory.flow import analyze_painted
from tests.factory.readings import (
    all_indicators,
    angry_windows,
    contribution,
    indicator,
    voice_reading,
)

PEOPLE = (Person(1, (1,), True), Person(2, (2,), False))


@pytest.fixture(scope="session")
def full() -> Report:
    """Two people, one of whom leaves; then nobody; by an engine that reads actions."""
    first, second = Painted(80, 100, emotion="happy"), Painted(240, 120, side_px=64)
    scenes = [[first, second]] * 10 + [[second]] * 5 + [[]] * 3
    return analyze_painted([(i / 25, faces) for i, faces in enumerate(scenes)], [(0.1, 0.3)])


@pytest.fixture(scope="session")
def expressions_only(full: Report) -> Report:
    """The same report as an engine without actions would have made it."""
    row = [*range(10), *range(15)]
    order = np.argsort(row, kind="stable")
    track_id = np.array([1] * 10 + [2] * 15)[order]
    return with_people(full, observations(np.array(row)[order], track_id))


@pytest.fixture(scope="session")
def sample() -> Report:
    """The example of the page: one person who speaks, 37 s, most of it readable."""
    stored = files("evolvisense.web") / "sample" / "report.json"
    return Report.model_validate_json(stored.read_bytes())


@pytest.fixture(scope="session")
def scored(full: Report) -> Report:
    """With a voice that sounds angry, three scores with their parts, and a personal baseline."""
    activation = indicator(
        contributions=(
            contribution("voice_anger_or_fear", part=0.9),
            contribution("f0_sd_st", part=-0.2),
            contribution("smile_share_silent", missing="no_face"),
        )
    )
    tension = indicator(
        "tension",
        score=None,
        contributions=(
            contribution("voice_fear", missing="too_noisy"),
            contribution("pause_share", missing="too_little_speech"),
        ),
        coverage=0.3,
    )
    slowing = indicator("slowing", 41.0, None, (contribution("syllable_rate_hz", part=0.3),))
    heard = FeatureReading("voice_fear", 0.25, None, 12.0)
    rate = FeatureReading("syllable_rate_hz", 4.5, None, 21.0)
    found = replace(
        all_indicators(activation, tension, slowing),
        features=(heard, rate),
        baseline=BaselineUse(
            4,
            2,
            (
                BaselineChange("voice_fear", 0.25, 0.05, 0.2, True),
                BaselineChange("syllable_rate_hz", 4.5, 4.0, 0.5, False),
            ),
        ),
    )
    reading = voice_reading(0.0, 4.5, [(0.0, 1.0), (2.5, 4.5)], emotion=angry_windows(2))
    f0_hz = np.where(reading.timeline.pts_s < 1, 110, np.nan).astype(np.float32)
    reading = replace(reading, timeline=replace(reading.timeline, f0_hz=f0_hz))
    return full.model_copy(
        update={"indicators": indicators_part(found), "voice": voice_part(reading)}
    )


def with_people(report: Report, faces: FaceObservations) -> Report:
    """The report with these faces instead, of the same two people."""
    frames = replace(frame_log(report.frames.time_s), face_count=report.frames.faces)
    layout = None if faces.geometry is None else LAYOUT
    segments = [SpeechSegment(0.1, 0.3)]
    behaviours = describe_people(PEOPLE, frames, faces, layout, segments, smooth=True)
    people = [
        person_part(person, behaviour, frames, faces, layout)
        for person, behaviour in zip(PEOPLE, behaviours, strict=True)
    ]
    return report.model_copy(update={"people": people})
