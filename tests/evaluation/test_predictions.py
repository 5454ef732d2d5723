"""Batches, unreadable files, groups, engines that find faces themselves."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

from evaluation.errors import EvaluationError
from evaluation.folders import Picture, open_folder
from evaluation.predictions import Predictions, group_indices, predict
from evaluation.readers import Reader, open_reader
from evaluation.run import Options, evaluate
from evolvisense.errors import UnknownEngineError
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.face import FaceDetections
from tests.evaluation.conftest import Brightness, plain, write

BRIGHTNESS = Reader("brightness", Brightness())


class SmallestFaces:
    """A whole-frame reader: no face in a black picture, else an angry small and a sad large one."""

    model = ModelIdentity("smallest", "1", "MIT")

    def read(self, rgb: U8) -> tuple[FaceDetections, F32]:
        if not rgb.any():
            return FaceDetections.none(), np.zeros((0, 7), np.float32)
        boxes = np.array([[0, 0, 5, 5], [0, 0, 20, 20]], np.float32)
        probs = np.eye(7, dtype=np.float32)[[0, 4]]
        return FaceDetections(boxes, np.array([0.9, 0.8], np.float32)), probs


def pictures(*paths_and_labels: tuple[str, int]) -> list[Picture]:
    return [Picture(*each) for each in paths_and_labels]


@pytest.mark.parametrize("batch", [1, 4, 14, 100])
def test_the_size_of_a_batch_changes_nothing(plain_folder: Path, batch: int) -> None:
    with open_folder(plain_folder) as folder:
        predictions = predict(folder, [BRIGHTNESS], batch)
    assert predictions.pictures == folder.pictures
    expected = [0, 0, 1, 1, 2, 2, 3, 6, 6, 6, 4, 4, 5, 5]
    assert predictions.probs["brightness"].argmax(axis=1).tolist() == expected
    assert predictions.answered["brightness"].all()


def test_unreadable_pictures_are_named(plain_folder: Path) -> None:
    (plain_folder / "fear" / "text.png").write_text("no picture")
    (plain_folder / "fear" / "empty.jpg").touch()
    (plain_folder / "fear" / "gone.jpg").symlink_to(plain_folder / "absent.jpg")
    with open_folder(plain_folder) as folder:
        predictions = predict(folder, [BRIGHTNESS], 4)
    assert set(predictions.unreadable) == {"fear/text.png", "fear/empty.jpg", "fear/gone.jpg"}
    assert len(predictions.pictures) == len(predictions.probs["brightness"]) == 14


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "a.png").write_text("no picture")
    with open_folder(tmp_path) as folder, pytest.raises(EvaluationError, match="none of the 1"):
        predict(folder, [BRIGHTNESS], 4)


def test_an_engine_that_finds_faces_gets_pictures_as_they_are(tmp_path: Path) -> None:
    write(tmp_path / "angry" / "black.png", plain("angry"))
    write(tmp_path / "sad" / "grey.png", plain("sad", side_px=77))
    result = evaluate(tmp_path, [Reader("whole", SmallestFaces())], Options(bootstrap=10))
    (engine,) = result.engines
    assert engine.no_face == 1
    assert engine.scores.headline["accuracy"].value == 0.5
    assert engine.scores.confusion[0].tolist() == [0, 0, 0, 0, 0, 0, 0, 1], "uniform is not angry"
    assert engine.scores.confusion[4, 4] == 1, "the larger face counts"


def test_without_a_pattern_every_picture_is_a_group() -> None:
    rows = pictures(("happy/a.png", 3), ("sad/a.png", 4))
    assert group_indices(rows, None).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"/(S\d+)_", [0, 1, 0, 2]),
        (r"S\d+", [0, 1, 0, 2]),
        (r"/(X)?S\d+", [0, 1, 0, 2]),
        (r"/(S\d)", [0, 0, 0, 1]),
        ("nowhere", [0, 1, 2, 3]),
    ],
)
def test_groups_by_pattern(pattern: str, expected: list[int]) -> None:
    names = ("happy/S01_1.png", "happy/S02_1.png", "happy/S01_2.png", "happy/other.png")
    rows = [Picture(name, 3) for name in names]
    assert group_indices(rows, re.compile(pattern)).tolist() == expected


def test_a_file_that_does_not_match_never_joins_a_group() -> None:
    rows = pictures(("happy/a.png", 3), ("x/happy/a.png", 4))
    assert group_indices(rows, re.compile("^x/(.*)")).tolist() == [0, 1]


def test_a_mixed_group_is_an_error_that_names_it(plain_folder: Path) -> None:
    options = Options(group_by=re.compile(r"S\d+"), bootstrap=10)
    with pytest.raises(EvaluationError, match=r"group 'S01' .* angry and of disgust"):
        evaluate(plain_folder, [BRIGHTNESS], options)


def test_a_group_is_scored_once_by_its_mean() -> None:
    probs = np.zeros((4, 7), np.float32)
    probs[0, [3, 4]] = 0.6, 0.4
    probs[1, [3, 4]] = 0.2, 0.8
    probs[2:, 5] = 1
    rows = pictures(("happy/a1", 3), ("happy/a2", 3), ("sad/b", 4), ("fear/c", 2))
    answered = np.array([True, True, True, False])
    predictions = Predictions(tuple(rows), {}, {"e": probs}, {"e": answered})
    answers = predictions.answers("e", group_indices(rows, re.compile(r"/[a]")))
    assert answers.expected.tolist() == [3, 4, 2]
    assert answers.predicted.tolist() == [4, 5, -1]
    assert answers.confidence == pytest.approx([0.6, 1, 1])


def test_engines_are_compared_in_pairs(plain_folder: Path) -> None:
    same = Reader("same", Brightness())
    worse = Reader("worse", SmallestFaces())
    result = evaluate(plain_folder, [BRIGHTNESS, same, worse], Options(bootstrap=200))
    first, second, third = result.engines
    assert first.gain is None
    assert second.gain is not None
    assert third.gain is not None
    assert (second.gain.low, second.gain.value, second.gain.high) == (0, 0, 0)
    assert third.gain.value == pytest.approx((2 - 13) / 14)
    assert third.gain.high < 0


def test_an_unknown_engine_names_the_known() -> None:
    with pytest.raises(UnknownEngineError, match=r"evolvisense.*mini-xception"):
        open_reader("nobody")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_listed_is_an_error(plain_folder: Path) -> None:
    (plain_folder / "sad").chmod(0)
    with pytest.raises(EvaluationError, match="cannot list"), open_folder(plain_folder):
        pass
