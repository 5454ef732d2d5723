"""What must be seen on the clips of the data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer

pytestmark = pytest.mark.clips

ONE_PERSON = [
    "talk_1.mp4",
    "talk_2.mp4",
    "talk_3.mp4",
    "talk_hd_1.mp4",
    "talk_hd_2.mp4",
    "single_face.mp4",
    "woman.mp4",
    *(f"crema_1001_dfa_{e}.flv" for e in ("ang", "dis", "fea", "hap", "neu", "sad")),
]
EVERY_FIFTH = AnalysisOptions(frame_skip=5, max_frames=50)


@pytest.mark.parametrize("name", ONE_PERSON)
def test_one_person_is_found_nearly_always(
    analyzer: Analyzer, clip: Callable[[str], Path], name: str
) -> None:
    report = analyzer.analyze(clip(name), EVERY_FIFTH)
    assert (report.frames.faces > 0).mean() >= 0.95
    assert len(report.people) == 1
    assert report.people[0].share_of_frames >= 0.95


def test_nobody_is_nobody(analyzer: Analyzer, clip: Callable[[str], Path]) -> None:
    report = analyzer.analyze(clip("no_face.mp4"), EVERY_FIFTH)
    assert set(report.v1.emotions) == {"neutral"}
    assert set(report.v1.emotions["neutral"]) == {0.0}
    assert report.people == []


def test_the_face_is_there_only_while_it_is(
    analyzer: Analyzer, clip: Callable[[str], Path]
) -> None:
    report = analyzer.analyze(clip("face_then_none_hevc.mov"), AnalysisOptions(frame_skip=3))
    seen = report.frames.faces > 0
    last = int(np.flatnonzero(seen)[-1])
    # Looked at: the picture cuts from a face to a landscape at 2.4 s.
    assert seen[: last - 3].mean() >= 0.95
    assert report.frames.time_s[last] == pytest.approx(2.37, abs=0.06)
    assert not seen[last + 1 :].any()


def test_several_people(analyzer: Analyzer, clip: Callable[[str], Path]) -> None:
    report = analyzer.analyze(clip("several_people.mp4"))
    assert len(report.people) >= 3
    assert all(person.frames == 5 for person in report.people[:3])


def test_small_faces_are_found_at_a_larger_size(
    analyzer: Analyzer, clip: Callable[[str], Path]
) -> None:
    report = analyzer.analyze(clip("small_faces.mp4"), EVERY_FIFTH)
    assert (report.frames.faces > 0).mean() >= 0.95
    assert min(p.timeline.size_px.min() for p in report.people) < 40


def test_a_smile_is_seen(analyzer: Analyzer, clip: Callable[[str], Path]) -> None:
    options = AnalysisOptions(frame_skip=2, voice=False)
    happy, neutral = (
        analyzer.analyze(clip(f"crema_1001_dfa_{name}.flv"), options).people[0]
        for name in ("hap", "neu")
    )
    means = happy.mean_probabilities
    assert max(means, key=means.__getitem__) == "happy"
    assert happy.measures.smile_mean is not None
    assert neutral.measures.smile_mean is not None
    assert happy.measures.smile_mean > neutral.measures.smile_mean + 0.2


@pytest.mark.parametrize("name", ["talk_1.mp4", "talk_hd_1.mp4"])
def test_who_talks_alone_speaks_and_is_followed_by_their_landmarks(
    analyzer: Analyzer, clip: Callable[[str], Path], name: str
) -> None:
    (person,) = analyzer.analyze(clip(name)).people
    assert person.measures.speaking_share is not None
    assert person.measures.speaking_share > 0.3
    assert person.timeline.detected.mean() < 0.15
    assert person.measures.certain_share > 0.7
    assert person.blinks is not None
    assert 0 < len(person.blinks) < 8
