"""The quality-control page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from evolvisense.batch.quality import Row, duplicates, file_qualities, outlier_scores
from evolvisense.batch.quality_page import quality_page, write_quality_page
from evolvisense.batch.thumbnails import WIDTH_PX, small_image
from evolvisense.cli import batch as batching
from evolvisense.cli.app import app
from evolvisense.errors import InvalidOptionError
from tests.factory.batches import HereEngine

GOOD: Row = {
    "sha256": "0",
    "duration_s": 30.0,
    "people": 1,
    "width_px": 640,
    "face_share": 0.95,
    "behaviour_certain_share": 0.9,
    "summary_eye_distance_px": 70.0,
    "face_brightness_median": 0.5,
    "face_sharpness_median": 12.0,
    "sound_snr_db": 30.0,
    "sound_clipped_share": 0.0,
}
NUMBERS = st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), max_size=30)


def _rows(*changes: Row) -> list[Row]:
    return [{**GOOD, "file": f"{i}.mp4", "sha256": str(i), **c} for i, c in enumerate(changes)]


def test_what_fails_a_limit_is_flagged_and_what_is_missing_is_not() -> None:
    changes: list[Row] = [
        {},
        {"sound_snr_db": None},
        {"sound_snr_db": 9.0, "sound_clipped_share": 0.2},
        {"face_share": 0.2},
        {"people": 0, "face_share": None},
        {"people": 3},
        {"voice_absent_reason": "no_audio_stream"},
    ]
    flags = [file.flags for file in file_qualities(_rows(*changes))]
    assert flags == [
        (),
        (),
        ("noisy sound", "clipped sound"),
        ("face seldom seen",),
        ("no face",),
        ("3 people",),
        ("no voice (no_audio_stream)",),
    ]


def test_a_file_unlike_the_others_is_flagged() -> None:
    rows = _rows(*({"duration_s": 30.0 + i} for i in range(9)), {"duration_s": 300.0})
    flags = [file.flags for file in file_qualities(rows)]
    assert flags[:9] == [()] * 9
    assert re.fullmatch(r"unusual duration \(z \+\d+\.\d\)", flags[9][0])


@given(NUMBERS, st.floats(0.1, 10), st.floats(-100, 100))
def test_outlier_scores_do_not_depend_on_unit_and_zero(
    values: list[float], scale: float, shift: float
) -> None:
    given_values = np.array(values, float)
    scores = outlier_scores(given_values)
    assert scores.shape == given_values.shape
    assert (np.isnan(scores) == np.isnan(given_values)).all()
    spread = np.nanmax(np.abs(scores), initial=0) if len(scores) else 0
    if spread < 1e6:  # no division by rounding errors
        moved = outlier_scores(scale * given_values + shift)
        assert moved == pytest.approx(scores, abs=1e-3 * (1 + spread), nan_ok=True)


def test_files_of_the_same_content_are_listed_together() -> None:
    rows = _rows({"sha256": "b"}, {"sha256": "a"}, {"sha256": "b"})
    assert duplicates(rows) == [("0.mp4", "2.mp4")]


def test_a_blurred_image_has_no_detail_left() -> None:
    rng = np.random.default_rng(1)
    frame = rng.integers(0, 255, (480, 640, 3), dtype=np.uint8)
    frame = cv2.resize(cv2.resize(frame, (32, 24)), (640, 480))
    seen: list[float] = []
    for blur in (False, True):
        packed = np.frombuffer(small_image(frame, blur=blur), np.uint8)
        image = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)
        assert image.shape == (120, WIDTH_PX)
        seen.append(float(image.std()))
    assert seen[1] < seen[0] / 4


class _Page(HTMLParser):
    """Collects what a page refers to, and its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_names_of_files_are_text_and_the_page_loads_nothing() -> None:
    rows = _rows({"file": "<script>alert(1)</script>.mp4", "sound_snr_db": 3.0}, {})
    failures = [{"file": "<b>.mp4", "code": "not_a_video", "detail": "no & nothing"}]
    page = _Page(quality_page(rows, failures, {"1.mp4": b"jpeg"}))
    assert not {"script", "b", "link", "iframe"} & set(page.names)
    assert page.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)


def test_the_command_writes_the_page(
    corpus: Path,
    tmp_path: Path,
    new_engine: Callable[[], HereEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "_engine", lambda _job: new_engine())
    out = tmp_path / "out"
    command = ["batch", str(corpus), "--out", str(out), "--frame-skip", "10", "--qc", "--blur"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1, done.output  # one file is no video
    text = (out / "qc.html").read_text()
    for name in ("a.webm", "b.webm", "more/nobody.webm", "notes.mp4"):
        assert name in text
    assert "no face" in text
    assert "a.webm, more/a.webm" in text
    assert text.count("data:image/jpeg") >= 4, "an image of each file that was analysed"


def test_without_a_batch_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptionError, match="no finished batch"):
        write_quality_page(tmp_path, [])
    wrong = CliRunner().invoke(app, ["batch", "x", "--out", str(tmp_path), "--blur"])
    assert wrong.exit_code == 2
