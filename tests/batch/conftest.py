"""A folder of short clips, and an engine that is quick."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evolvisense.batch import run
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.work import FileAnalysis
from tests.factory.batches import HereEngine
from tests.factory.media import Film, Sound, astronaut, plain, vowel


@pytest.fixture(scope="session")
def analysis() -> FileAnalysis:
    return FileAnalysis()


@pytest.fixture(scope="session")
def memory() -> dict[tuple[object, ...], Outcome]:
    return {}


@pytest.fixture
def new_engine(
    analysis: FileAnalysis,
    memory: dict[tuple[object, ...], Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], HereEngine]:
    """Engines that share what they know; the models are not loaded for every run."""
    monkeypatch.setattr(run, "models_here", lambda: analysis.models)
    return lambda: HereEngine(analysis, memory)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face with and without a voice, and nobody."""
    folder = tmp_path_factory.mktemp("clips")
    Film(frames=[astronaut()] * 25, sound=Sound(vowel(1.0))).write(folder / "face.webm")
    Film(frames=[astronaut((320, 240))] * 20).write(folder / "silent.webm")
    Film(frames=[plain()] * 20).write(folder / "nobody.webm")
    return folder


@pytest.fixture
def corpus(clips: Path, tmp_path: Path) -> Path:
    """Clips in two folders, one content twice, and a file that is no video."""
    root = tmp_path / "corpus"
    (root / "more").mkdir(parents=True)
    shutil.copy(clips / "face.webm", root / "a.webm")
    shutil.copy(clips / "silent.webm", root / "b.webm")
    shutil.copy(clips / "face.webm", root / "more" / "a.webm")
    shutil.copy(clips / "nobody.webm", root / "more" / "nobody.webm")
    (root / "notes.mp4").write_text("This is not a video.\n" * 50)
    return root
