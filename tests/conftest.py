"""Fixtures: clips of the data folder, generated media, one analyzer for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evolvisense import Analyzer
from tests.factory.media import Film, Sound, astronaut, plain, vowel

DATA = Path(
    os.environ.get("EVOLVISENSE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)


def pytest_configure(config: pytest.Config) -> None:
    """No test asserts a time, on a busy machine least of all."""
    if config.pluginmanager.hasplugin("hypothesispytest"):  # absent where DeepFace is tested
        from hypothesis import settings

        settings.register_profile("patient", deadline=None)
        settings.load_profile("patient")


@pytest.fixture(scope="session")
def data_file() -> Callable[[str], Path]:
    """A file of the data folder by its path there; the test is skipped where it is absent."""

    def find(name: str) -> Path:
        path = DATA / name
        if not path.is_file():
            pytest.skip(f"{path} is not here (set EVOLVISENSE_DATA to the data folder)")
        return path

    return find


@pytest.fixture(scope="session")
def clip(data_file: Callable[[str], Path]) -> Callable[[str], Path]:
    """A clip of the data folder by its file name."""
    return lambda name: data_file(f"clips/{name}")


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    """The shipped engines, loaded once."""
    return Analyzer()


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for media that several tests read."""
    return tmp_path_factory.mktemp("generated")


@pytest.fixture(scope="session")
def face_video(generated: Path) -> Path:
    """3 s of a still face, VP8 with a vowel in Opus, 25 frames a second."""
    film = Film(frames=[astronaut()] * 75, sound=Sound(vowel(3.0)))
    return film.write(generated / "face.webm")


@pytest.fixture(scope="session")
def silent_video(generated: Path) -> Path:
    """2 s of a face without an audio stream."""
    return Film(frames=[astronaut()] * 50).write(generated / "silent.webm")


@pytest.fixture(scope="session")
def nobody_video(generated: Path) -> Path:
    """2 s of a plain grey picture with sound."""
    film = Film(frames=[plain()] * 50, sound=Sound(vowel(2.0)))
    return film.write(generated / "nobody.webm")


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """A text that is called .mp4."""
    path = tmp_path / "notes.mp4"
    path.write_text("This is not a video.\n" * 100)
    return path


@pytest.fixture
def empty_file(tmp_path: Path) -> Path:
    """0 bytes."""
    path = tmp_path / "empty.mp4"
    path.touch()
    return path


@pytest.fixture
def truncated_video(face_video: Path, tmp_path: Path) -> Path:
    """The first third of a WebM."""
    content = face_video.read_bytes()
    path = tmp_path / "truncated.webm"
    path.write_bytes(content[: len(content) // 3])
    return path


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(0)
