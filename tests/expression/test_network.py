"""The shipped expression network."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.expression.network import ExpressionNetwork
from evolvisense.faces import face_crops
from evolvisense.faces.libfacedetection import LibFaceDetection
from evolvisense.models.spec import spec
from evolvisense.models.store import load_bytes
from evolvisense.types.scores import EMOTIONS
from tests.factory.media import astronaut

NETWORK = ExpressionNetwork()


def test_the_file_is_the_one_of_its_spec_and_small() -> None:
    content = load_bytes(spec("expression"))
    assert len(content) <= 8 * 1024 * 1024


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_probabilities_sum_to_one_and_batch_size_never_changes_them(count: int, seed: int) -> None:
    crops = np.random.default_rng(seed).integers(0, 256, (count, 64, 64, 3), np.uint8)
    probs = NETWORK.probabilities(crops)
    assert probs.shape == (count, len(EMOTIONS))
    assert (probs >= 0).all()
    assert np.allclose(probs.sum(axis=1), 1, atol=1e-5)
    single = np.concatenate([NETWORK.probabilities(crop[None]) for crop in crops])
    assert np.allclose(probs, single, atol=1e-5)


def test_no_crop() -> None:
    empty = np.zeros((0, 64, 64, 3), np.uint8)
    assert NETWORK.probabilities(empty).shape == (0, len(EMOTIONS))


def test_a_smiling_portrait_is_happy() -> None:
    picture = astronaut((512, 512))
    found = LibFaceDetection().detect(picture)
    probs = NETWORK.probabilities(face_crops(picture, found.xyxy, NETWORK.input_px))
    assert EMOTIONS[int(probs[0].argmax())] == "happy"
    assert probs[0].max() > 0.8


def test_agreement_with_the_ferplus_majority(data_file: Callable[[str], Path]) -> None:
    """The figure of the model card, on the matched FER2013 PublicTest rows."""
    names = {
        "anger": "angry",
        "happiness": "happy",
        "sadness": "sad",
        "disgust": "disgust",
        "fear": "fear",
        "surprise": "surprise",
        "neutral": "neutral",
    }
    columns = [*names, "contempt", "unknown", "non_face"]
    text = data_file("faces/ferplus_votes.csv").read_text()
    crops: list[np.ndarray] = []
    expected: list[int] = []
    with zipfile.ZipFile(data_file("faces/fer2013_val.zip")) as archive:
        for row in csv.DictReader(io.StringIO(text)):
            votes = [int(row[c]) for c in columns]
            best = int(np.argmax(votes))
            if row["split"] != "val" or votes.count(votes[best]) > 1 or columns[best] not in names:
                continue
            grey = cv2.imdecode(np.frombuffer(archive.read(row["path"]), np.uint8), 0)
            crop = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_CUBIC)
            crops.append(np.repeat(crop[:, :, None], 3, axis=2))
            expected.append(EMOTIONS.index(names[columns[best]]))
    found = NETWORK.probabilities(np.stack(crops)).argmax(axis=1)
    assert len(expected) > 2500
    assert (found == np.array(expected)).mean() >= 0.80


def test_rejects_a_spec_with_other_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    other = replace(spec("expression"), labels=("happy",))
    monkeypatch.setattr("evolvisense.expression.network.spec", lambda _: other)
    with pytest.raises(ValueError, match="expected"):
        ExpressionNetwork()
