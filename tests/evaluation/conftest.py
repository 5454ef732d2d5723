"""Folders of generated faces, and an engine that needs no weights."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation import readers
from evaluation.peers.mini_xception import MiniXception
from evolvisense.errors import EngineUnavailableError
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.scores import EMOTIONS
from tests.factory.media import astronaut

FACE_XYXY = (177, 70, 271, 190)
"""The astronaut's face in the photograph of 512 x 512 px."""


class Brightness:
    """Answers by mean brightness: 0 is angry with certainty, 42 disgust, up to 252 neutral."""

    model = ModelIdentity("brightness", "1", "MIT", "0" * 64)
    input_px = 32
    STEP = 42

    def probabilities(self, crops_rgb: U8) -> F32:
        assert crops_rgb.shape[1:] == (self.input_px, self.input_px, 3)
        mean = crops_rgb.mean(axis=(1, 2, 3))
        distance = np.abs(mean[:, None] - self.STEP * np.arange(len(EMOTIONS)))
        probs = np.maximum(1 - distance / self.STEP, 0)
        return (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)


def plain(emotion: str, side_px: int = 48) -> U8:
    """Grey picture that Brightness answers with that emotion."""
    return np.full((side_px, side_px), Brightness.STEP * EMOTIONS.index(emotion), np.uint8)


def write(path: Path, picture: np.ndarray) -> Path:
    """Encode RGB or grey in the format of the file's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = picture[:, :, ::-1] if picture.ndim == 3 and picture.shape[2] == 3 else picture
    assert cv2.imwrite(str(path), bgr)
    return path


def zipped(folder: Path, target: Path) -> Path:
    """The folder as a zip file of the same layout."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target


@pytest.fixture(autouse=True)
def brightness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engine `brightness` beside the others."""
    monkeypatch.setattr(readers, "PEERS", {**readers.PEERS, "brightness": Brightness})


@pytest.fixture
def plain_folder(tmp_path: Path) -> Path:
    """Two pictures of each class, all answered rightly by Brightness but one happy: as neutral."""
    folder = tmp_path / "plain"
    for emotion in EMOTIONS:
        for number in (1, 2):
            write(folder / emotion / f"S0{number}_{emotion}.png", plain(emotion))
    write(folder / "happy" / "S02_happy.png", plain("neutral"))
    return folder


@pytest.fixture
def face_folder(tmp_path: Path) -> Path:
    """The astronaut's face in three classes, sizes, formats, colour and grey."""
    left, top, right, bottom = FACE_XYXY
    rgb = astronaut((512, 512))[top:bottom, left:right]
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    folder = tmp_path / "faces"
    write(folder / "Happy" / "colour.jpg", rgb)
    write(folder / "Happy" / "subject" / "grey.PNG", cv2.resize(grey, (48, 48)))
    write(folder / "sadness" / "mirrored.bmp", rgb[:, ::-1])
    write(folder / "4" / "grey.pgm", grey)
    write(folder / "contempt" / "face.webp", rgb)
    return folder


@pytest.fixture(scope="session")
def mini_xception() -> MiniXception:
    """The peer; the test is skipped, with the reason, where something of it is absent."""
    try:
        return MiniXception()
    except EngineUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def fer2013_slice(
    data_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Forty pictures of each class of FER2013 PublicTest, as a zip file."""
    target = tmp_path_factory.mktemp("fer2013") / "slice.zip"
    with (
        zipfile.ZipFile(data_file("faces/fer2013_val.zip")) as source,
        zipfile.ZipFile(target, "w") as archive,
    ):
        for emotion in EMOTIONS:
            names = [name for name in source.namelist() if name.startswith(f"{emotion}/P")]
            for name in names[:40]:
                archive.writestr(name, source.read(name))
    return target
