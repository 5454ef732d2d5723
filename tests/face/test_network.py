"""The shipped face network: its contract, and what any good version of it has to see.

The tests from `test_a_smiling_portrait_is_happy` on depend on how well the network was trained.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.face import CropRegion, crop_face, crop_region_of_landmarks
from evolvisense.face.blinks import INNER_LIPS, LEFT_EYE, RIGHT_EYE, lid_gaps
from evolvisense.face.network import FaceReader
from evolvisense.models.registry import load_bytes, spec
from evolvisense.models.sessions import MAX_BATCH
from evolvisense.types.engines import FaceNetwork
from evolvisense.types.face import CropReadings
from evolvisense.types.scores import EMOTIONS
from tests.factory.media import astronaut

READER = FaceReader()
SIDE_PX = READER.input_px
MAX_FILE_BYTES = 6_000_000
FACE = CropRegion(224, 118, 107)
"""Crop of the astronaut's face in the photograph of 512 x 512 px."""
POINTS_PX = {33: (196, 104), 133: (212, 103), 362: (238, 104), 263: (253, 105), 61: (203, 140)} | {
    291: (244, 141)
}
"""Corners of her eyes and mouth there, by eye: number in the face mesh -> x, y."""
EYE_DISTANCE_PX = 41
MIN_AGREEMENT = 0.80
"""With the majority of FER+; version 2 reaches .82."""


def portrait(crop_region: CropRegion = FACE) -> CropReadings:
    """What the network says of her face."""
    return READER.read_crops(crop_face(astronaut((512, 512)), crop_region, SIDE_PX)[None])


def action(said: CropReadings, name: str) -> float:
    return float(said.action[0, READER.layout.action(name)])


def test_the_file_is_the_one_of_its_spec_and_small() -> None:
    assert len(load_bytes(spec("face"))) <= MAX_FILE_BYTES


def test_it_is_a_face_network_that_names_its_model() -> None:
    assert isinstance(READER, FaceNetwork)
    assert READER.model == spec("face").identity


def test_the_layout_has_all_that_is_computed_from_it() -> None:
    layout = READER.layout
    assert len(layout.actions) == len(set(layout.actions)) == 52
    assert len(layout.mesh_points) == len(set(layout.mesh_points)) == 73
    assert layout.mean_shape_xy.shape == (73, 2)
    assert ((layout.mean_shape_xy > 0) & (layout.mean_shape_xy < 1.02)).all()
    for corners, lids in (RIGHT_EYE, LEFT_EYE, (INNER_LIPS[0], INNER_LIPS)):
        assert layout.points(*corners)
        assert all(layout.points(*pair) for pair in lids)
    for name in ("eyeBlink", "mouthSmile"):
        assert layout.action(f"{name}Left") != layout.action(f"{name}Right")
    # The mean face is upright and has her right eye on the picture's left.
    eyes = layout.mean_shape_xy[layout.points(33, 263)]
    assert eyes[0, 0] < 0.5 < eyes[1, 0]
    assert eyes[:, 1].max() < layout.mean_shape_xy[layout.points(13)[0], 1]


@settings(max_examples=8)
@given(st.integers(1, MAX_BATCH + 8), st.integers(0, 2**32 - 1))
def test_batch_size_changes_no_output(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 8, 8, 3), np.uint8)
    crops = np.stack([cv2.resize(c, (SIDE_PX, SIDE_PX)) for c in coarse])
    together = READER.read_crops(crops)
    alone = [READER.read_crops(crop[None]) for crop in crops]
    for name, of_all in vars(together).items():
        of_each = np.concatenate([getattr(one, name) for one in alone])
        tolerance = 1e-3 if name == "pose_deg" else 1e-5
        np.testing.assert_allclose(of_all, of_each, atol=tolerance, err_msg=name)


@settings(max_examples=8)
@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_outputs_have_their_shapes_and_ranges(count: int, seed: int) -> None:
    shape = (count, SIDE_PX, SIDE_PX, 3)
    said = READER.read_crops(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))
    assert said.probs.shape == (count, len(EMOTIONS))
    assert said.action.shape == (count, 52)
    assert said.landmark_xy.shape == (count, 73, 2)
    assert said.pose_deg.shape == (count, 3)
    assert said.presence.shape == (count,)
    assert said.probs.sum(axis=1) == pytest.approx(np.ones(count), abs=1e-5)
    for shares in (said.probs, said.action, said.presence):
        assert ((shares >= 0) & (shares <= 1)).all()
    assert all(output.dtype == np.float32 for output in vars(said).values())
    assert all(np.isfinite(output).all() for output in vars(said).values())


def test_rejects_a_spec_with_other_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(spec("face"), labels=("happy",))
    monkeypatch.setattr("evolvisense.face.network.spec", lambda _: other)
    with pytest.raises(ValueError, match="expected"):
        FaceReader()


def test_a_smiling_portrait_is_happy() -> None:
    said = portrait()
    assert EMOTIONS[int(said.probs[0].argmax())] == "happy"
    assert said.probs[0].max() > 0.8
    assert action(said, "mouthSmileLeft") > 0.6
    assert action(said, "mouthSmileRight") > 0.6
    assert action(said, "eyeBlinkLeft") < 0.4
    assert action(said, "jawOpen") < 0.4


def test_eyes_and_mouth_are_found_where_they_are() -> None:
    crop_region = FACE
    for _ in range(2):  # as a followed face: the second crop is that of the first's landmarks
        points = crop_region.to_frame(portrait(crop_region).landmark_xy[0])
        crop_region = crop_region_of_landmarks(points, READER.layout.mean_shape_xy)
    found = points[READER.layout.points(*POINTS_PX)]
    errors = np.linalg.norm(found - np.array(list(POINTS_PX.values())), axis=1) / EYE_DISTANCE_PX
    assert errors.mean() < 0.08
    assert errors.max() < 0.15


def test_a_mirrored_face_is_read_mirrored() -> None:
    crop = crop_face(astronaut((512, 512)), FACE, SIDE_PX)
    said = READER.read_crops(np.stack([crop, crop[:, ::-1]]))
    assert said.probs[0] == pytest.approx(said.probs[1], abs=0.1)
    assert said.presence[0] == pytest.approx(said.presence[1], abs=0.02)
    pitch, yaw, roll = said.pose_deg.T
    assert pitch[0] == pytest.approx(pitch[1], abs=4)
    assert yaw[0] == pytest.approx(-yaw[1], abs=4)
    assert roll[0] == pytest.approx(-roll[1], abs=3)
    gaps = [lid_gaps(points[None], READER.layout)[0] for points in said.landmark_xy]
    assert gaps[0] == pytest.approx(gaps[1][::-1], abs=0.1)


@pytest.mark.parametrize("turn_deg", [-20, -10, 10, 20])
def test_a_clockwise_turn_of_the_picture_raises_roll(turn_deg: int) -> None:
    # A crop turned anticlockwise shows the face turned clockwise.
    upright, turned = portrait(), portrait(replace(FACE, roll_deg=-turn_deg))
    assert turned.pose_deg[0, 2] - upright.pose_deg[0, 2] == pytest.approx(turn_deg, abs=4)
    assert EMOTIONS[int(turned.probs[0].argmax())] == "happy"


def test_a_face_is_present_and_other_pictures_are_not(rng: np.random.Generator) -> None:
    assert portrait().presence[0] > 0.95
    assert portrait(CropRegion(215, 125, 130)).presence[0] > 0.9
    ramp = np.linspace(0, 255, SIDE_PX).astype(np.uint8)[:, None, None]
    empty = np.stack(
        [
            np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8),
            np.full((SIDE_PX, SIDE_PX, 3), 90, np.uint8),
            np.broadcast_to(ramp, (SIDE_PX, SIDE_PX, 3)),
            rng.integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8),
            crop_face(astronaut((512, 512)), CropRegion(430, 200, 120), SIDE_PX),  # a rocket
        ]
    )
    assert (READER.read_crops(empty).presence < 0.15).all()


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
    found: list[int] = []
    expected: list[int] = []
    with zipfile.ZipFile(data_file("faces/fer2013_val.zip")) as archive:
        for row in csv.DictReader(io.StringIO(text)):
            votes = [int(row[c]) for c in columns]
            best = int(np.argmax(votes))
            if row["split"] != "val" or votes.count(votes[best]) > 1 or columns[best] not in names:
                continue
            grey = cv2.imdecode(np.frombuffer(archive.read(row["path"]), np.uint8), 0)
            crop = cv2.resize(grey, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
            probs = READER.probabilities(np.repeat(crop[None, :, :, None], 3, axis=3))
            found.append(int(probs[0].argmax()))
            expected.append(EMOTIONS.index(names[columns[best]]))
    assert len(expected) > 2500
    assert (np.array(found) == np.array(expected)).mean() >= MIN_AGREEMENT
