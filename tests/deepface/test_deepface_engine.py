"""Engine `deepface` against DeepFace itself. Runs in its own environment: `make test-deepface`."""

from __future__ import annotations

import hashlib
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip(
    "deepface.commons.folder_utils",  # not "deepface": this folder has that name too
    reason="DeepFace is not installed (make test-deepface has an environment with it)",
)
skimage_data = pytest.importorskip("skimage.data", reason="scikit-image carries the photograph")

from evolvisense.errors import EngineUnavailableError, ModelMissingError  # noqa: E402
from evolvisense.face import deepface as engine  # noqa: E402
from evolvisense.types.arrays import U8  # noqa: E402
from evolvisense.types.engines import WholeFrameReader  # noqa: E402
from evolvisense.types.scores import EMOTIONS  # noqa: E402

FACE_XYXY = (177, 70, 271, 190)
"""The astronaut's face, by eye, in source pixels."""


@pytest.fixture(scope="module")
def reader(deepface_home: Path) -> engine.DeepFaceReader:
    return engine.DeepFaceReader()


@pytest.fixture(scope="module")
def photograph() -> U8:
    return skimage_data.astronaut()


def directly(rgb: U8) -> list[dict[str, Any]]:
    module = import_module("deepface.DeepFace")  # only after DEEPFACE_HOME is set
    return module.analyze(
        np.ascontiguousarray(rgb[:, :, ::-1]),
        actions=["emotion"],
        enforce_detection=False,
        detector_backend="opencv",
        silent=True,
    )


def intersection_over_union(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = np.prod(np.clip(sides, 0, None))
    return float(shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared))


def test_it_is_a_whole_frame_reader_that_names_its_weights(
    reader: engine.DeepFaceReader, deepface_home: Path
) -> None:
    weights = deepface_home / ".deepface" / "weights" / "facial_expression_model_weights.h5"
    assert isinstance(reader, WholeFrameReader)
    assert reader.model.id == "deepface-emotion"
    assert reader.model.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_one_face_is_found_where_it_is(reader: engine.DeepFaceReader, photograph: U8) -> None:
    detections, probs = reader.read(photograph)
    assert detections.xyxy.shape == (1, 4)
    assert probs.shape == (1, 7)
    assert probs.dtype == detections.xyxy.dtype == detections.score.dtype == np.float32
    assert intersection_over_union(detections.xyxy[0], np.array(FACE_XYXY)) > 0.6
    assert 0.5 < detections.score[0] <= 1


def test_numbers_are_deepfaces_own(reader: engine.DeepFaceReader, photograph: U8) -> None:
    (face,) = directly(photograph)
    detections, probs = reader.read(photograph)
    region = face["region"]
    expected_xyxy = [
        region["x"],
        region["y"],
        region["x"] + region["w"],
        region["y"] + region["h"],
    ]
    assert detections.xyxy[0].tolist() == expected_xyxy
    assert detections.score[0] == pytest.approx(face["face_confidence"])
    expected = [face["emotion"][name] / 100 for name in EMOTIONS]
    np.testing.assert_allclose(probs[0], expected, rtol=1e-5)
    assert EMOTIONS[int(probs[0].argmax())] == face["dominant_emotion"]
    assert len(set(np.round(probs[0], 6))) == 7, "equal values would hide a wrong order"


@pytest.mark.parametrize("level", [0, 128])
def test_without_a_face_the_whole_frame_is_read(reader: engine.DeepFaceReader, level: int) -> None:
    blank = np.full((240, 320, 3), level, np.uint8)
    detections, probs = reader.read(blank)
    assert detections.xyxy.tolist() == [[0, 0, 320, 240]]
    assert detections.score.tolist() == [0.0]
    expected = [directly(blank)[0]["emotion"][name] / 100 for name in EMOTIONS]
    np.testing.assert_allclose(probs[0], expected, rtol=1e-5)


def test_several_faces_are_all_returned(reader: engine.DeepFaceReader, photograph: U8) -> None:
    side_by_side = np.concatenate([photograph, photograph[:, ::-1]], axis=1)
    detections, probs = reader.read(side_by_side)
    assert len(detections) == 2
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)
    left_edges = sorted(detections.xyxy[:, 0].tolist())
    assert left_edges[0] < 512 < left_edges[1]


def test_threads_get_the_same_answer(reader: engine.DeepFaceReader, photograph: U8) -> None:
    alone = reader.read(photograph)[1]
    answers: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: answers.append(reader.read(photograph)[1]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    for answer in answers:
        np.testing.assert_array_equal(answer, alone)


def test_missing_weights_are_named_and_not_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))
    with pytest.raises(ModelMissingError) as caught:
        engine.DeepFaceReader()
    assert "facial_expression_model_weights.h5" in str(caught.value)
    assert str(tmp_path / ".deepface" / "weights") in str(caught.value)
    assert not list(tmp_path.rglob("*.h5"))


def test_missing_cascades_are_named_and_not_downloaded(
    monkeypatch: pytest.MonkeyPatch, deepface_home: Path
) -> None:
    monkeypatch.setattr(engine, "CASCADES", ("no_such_cascade.xml",))
    with pytest.raises(EngineUnavailableError, match="Haar cascades"):
        engine.DeepFaceReader()


def test_another_backend_is_refused(
    monkeypatch: pytest.MonkeyPatch, reader: engine.DeepFaceReader
) -> None:
    backend_utils = import_module("deepface.commons.backend_utils")
    monkeypatch.setattr(backend_utils, "_backend_engine", "onnx")
    with pytest.raises(EngineUnavailableError, match="DEEPFACE_BACKEND_ENGINE"):
        engine.DeepFaceReader()
