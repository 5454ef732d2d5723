"""The whole flow with DeepFace as its expression engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer

pytest.importorskip("deepface.commons.folder_utils", reason="DeepFace is not installed")


def test_a_video_is_read_by_deepface(deepface_home: Path, face_video: Path) -> None:
    analyzer = Analyzer(expression="deepface")
    report = analyzer.analyze(face_video, AnalysisOptions(frame_skip=25, voice=False))
    assert "deepface-emotion" in [model.id for model in report.models]
    assert "detector" not in [model.id for model in report.models]
    assert report.frames.faces.tolist() == [1, 1, 1]
    (person,) = report.people
    assert (person.timeline.size_px < 200).all()
    probs = np.stack(list(person.timeline.probabilities.values()))
    assert np.allclose(probs.sum(axis=0), 1, atol=1e-4)
    assert len(report.v1.frame_data) == 3


def test_a_frame_without_a_face_is_read_whole_as_the_old_service_did(
    deepface_home: Path, nobody_video: Path
) -> None:
    analyzer = Analyzer(expression="deepface")
    report = analyzer.analyze(nobody_video, AnalysisOptions(frame_skip=25, voice=False))
    (person,) = report.people
    assert (person.timeline.score == 0).all()
    assert (person.timeline.right_px == 320).all()
