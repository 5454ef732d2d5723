"""`python -m evaluation detector`: boxes, figures, command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from evaluation.__main__ import main
from evaluation.detection import run as detection_run
from evaluation.detection.boxes import read_folder
from evaluation.detection.figures import (
    Matched,
    average_precision,
    joined,
    match,
    precision_at,
    recall_at,
)
from evaluation.errors import EvaluationError
from evolvisense.types.arrays import U8
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.face import FaceDetections
from tests.evaluation.conftest import FACE_XYXY, write
from tests.factory.media import astronaut, plain

ROOT = Path(__file__).parents[2]


class BrightSquares:
    """Finds bright rectangles; the score is their brightness."""

    model = ModelIdentity("bright", "1", "MIT", None)

    def detect(self, rgb: U8, effort: str = "full") -> FaceDetections:
        return self.detect_once(rgb, 0.6)

    def detect_once(self, rgb: U8, min_score: float = 0.6) -> FaceDetections:
        grey = rgb.max(axis=2)
        count, _, stats, _ = cv2.connectedComponentsWithStats((grey > 12).astype(np.uint8))
        rows = []
        for x, y, w, h, _ in stats[1:count]:
            score = float(grey[y : y + h, x : x + w].mean()) / 255
            rows.append((x, y, x + w, y + h, score))
        rows = sorted((row for row in rows if row[4] >= min_score), key=lambda row: -row[4])
        values = np.array(rows, np.float32).reshape(-1, 5)
        return FaceDetections(values[:, :4], values[:, 4])


@pytest.fixture
def bright(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection_run, "create_engine", lambda kind, name: BrightSquares())


def canvas(*squares: tuple[tuple[int, int, int, int], int]) -> np.ndarray:
    rgb = np.zeros((200, 400, 3), np.uint8)
    for (x0, y0, x1, y1), level in squares:
        rgb[y0:y1, x0:x1] = level
    return rgb


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[Path, Path]:
    """Two faces found, a false box of a higher score, a face missed; an image without faces."""
    first, second, false = (20, 20, 60, 80), (100, 20, 140, 80), (300, 100, 360, 180)
    folder = tmp_path / "images"
    write(folder / "a.png", canvas((first, 250), (second, 100), (false, 200)))
    write(folder / "sub" / "b.png", canvas(((10, 10, 50, 50), 180)))
    boxes = tmp_path / "boxes.json"
    boxes.write_text(
        json.dumps({"a": [list(first), list(second), [200, 120, 240, 180]], "sub/b": []})
    )
    return folder, boxes


def record(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    assert main(["detector", *map(str, arguments)]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.usefixtures("bright")
@pytest.mark.parametrize("px", [200, 400])
def test_figures_of_a_folder(
    drawn: tuple[Path, Path], px: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, boxes = drawn
    found = record(capsys, folder, "--boxes", boxes, "--px", str(px), "--json")
    # Ranking: right, false, false (in b), right; the third face is not found.
    assert found["ap"] == pytest.approx((1 + 2 / 4) / 3, abs=1e-6)
    assert found["n"] == 2
    assert found["faces"] == 3
    assert found["recall"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["precision"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["images_without_faces"] == 1
    assert found["false_boxes"] == 1
    assert found["ms"] > 0
    assert found["px"] == px


@pytest.mark.usefixtures("bright")
def test_without_px_the_detector_chooses_its_size_and_threshold(
    drawn: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, boxes = drawn
    found = record(capsys, folder, "--boxes", boxes)
    assert found["px"] is None
    assert found["ap"] == pytest.approx(1 / 3, abs=1e-6)


@pytest.mark.usefixtures("bright")
def test_stdout_ends_with_json_and_holds_nothing_else_where_asked(
    drawn: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, boxes = drawn
    write(folder / "new.png", canvas())
    assert main(["detector", str(folder), "--boxes", str(boxes)]) == 0
    out, err = capsys.readouterr()
    assert "average precision" in out
    assert json.loads(out.splitlines()[-1])["unlisted"] == 1
    assert "new.png" in err
    assert main(["detector", str(folder), "--boxes", str(boxes), "--json"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "average precision" in err


def test_the_shipped_detector_in_a_process_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "images" / "face.jpg", astronaut((512, 512)))
    write(tmp_path / "images" / "nobody.png", plain((320, 240)))
    (tmp_path / "boxes.json").write_text(json.dumps({"face": [FACE_XYXY], "nobody": []}))
    command = [sys.executable, "-m", "evaluation", "detector", str(tmp_path / "images")]
    command += ["--boxes", str(tmp_path / "boxes.json"), "--px", "160"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["engine"] == "evolvisense"
    assert (found["ap"], found["n"], found["false_boxes"]) == (1.0, 2, 0)


@pytest.mark.usefixtures("bright")
def test_an_unreadable_image_is_named_and_counted(
    drawn: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, boxes = drawn
    (folder / "a.png").write_bytes(b"no image")
    assert main(["detector", str(folder), "--boxes", str(boxes), "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["n"], found["unreadable"], found["ap"]) == (1, 1, None)
    assert "a.png" in err


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("[1]", "expected an object"),
        ("{", "is not JSON"),
        ('{"a": [[1, 2, 3]]}', "is not a list of boxes"),
        ('{"a": [["x", 1, 2, 3]]}', "is not a list of boxes"),
        ('{"a": 3}', "is not a list of boxes"),
        ('{"a": [[10, 10, 5, 20]]}', "x0 < x1"),
        ('{"z": []}', "none of the 2 images"),
    ],
)
def test_wrong_boxes_have_a_text(
    drawn: tuple[Path, Path], content: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, boxes = drawn
    boxes.write_text(content)
    assert main(["detector", str(folder), "--boxes", str(boxes)]) == 2
    assert text in capsys.readouterr().err


def test_one_key_for_two_images_is_an_error(tmp_path: Path) -> None:
    for name in ("x/a.png", "y/a.png"):
        write(tmp_path / "images" / name, canvas())
    boxes = tmp_path / "boxes.json"
    boxes.write_text('{"a": []}')
    with pytest.raises(EvaluationError, match="two images are called 'a'"):
        read_folder(tmp_path / "images", boxes)
    boxes.write_text('{"x/a": [], "y/a": [[1, 2, 3, 4]]}')
    assert [len(i.xyxy) for i in read_folder(tmp_path / "images", boxes).images] == [0, 1]


def detections(*rows: tuple[float, ...]) -> FaceDetections:
    values = np.array(rows, np.float32).reshape(-1, 5)
    return FaceDetections(values[:, :4], values[:, 4])


def test_a_second_detection_of_one_face_is_false() -> None:
    boxes = np.array([[0, 0, 10, 10], [100, 0, 110, 10]], np.float32)
    found = detections((0, 0, 10, 10, 0.9), (1, 0, 11, 10, 0.8), (100, 1, 110, 11, 0.7))
    assert match(found, boxes).tolist() == [True, False, True]
    assert match(found, boxes[:0]).tolist() == [False] * 3


def test_overlap_decides() -> None:
    box = np.array([[0, 0, 10, 10]], np.float32)
    assert match(detections((0, 0, 10, 3.6, 0.9)), box).tolist() == [True]
    assert match(detections((0, 0, 10, 3.4, 0.9)), box).tolist() == [False]


def test_average_precision_by_hand() -> None:
    ranking = Matched(np.array([0.9, 0.8, 0.7, 0.5]), np.array([False, True, True, False]), 4)
    # The envelope lifts the precision of the first face found, 1/2, to that of the second, 2/3.
    assert average_precision(ranking) == pytest.approx((2 / 3 + 2 / 3) / 4)
    assert recall_at(ranking) == pytest.approx(0.5)
    assert precision_at(ranking) == pytest.approx(2 / 3)


def test_figures_without_faces_or_detections() -> None:
    nothing = joined([])
    assert average_precision(nothing) is None
    assert recall_at(nothing) is None
    assert precision_at(nothing) is None
    missed = joined([(FaceDetections.none(), np.array([[0, 0, 9, 9]], np.float32))])
    assert average_precision(missed) == 0.0
