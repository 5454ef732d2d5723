"""Engine `deepface` where its package is not installed: the normal case."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest

from evolvisense.errors import EngineUnavailableError
from evolvisense.face.deepface import DeepFaceReader
from evolvisense.models.engines import create_engine


@pytest.fixture(autouse=True)
def _without_deepface() -> None:
    try:
        version("deepface")
    except PackageNotFoundError:
        return
    pytest.skip("deepface is installed here")


def test_the_error_says_what_to_install() -> None:
    with pytest.raises(EngineUnavailableError, match=r'pip install "evolvisense\[deepface\]"'):
        DeepFaceReader()


def test_the_engine_is_known_by_name() -> None:
    with pytest.raises(EngineUnavailableError, match=r'pip install "evolvisense\[deepface\]"'):
        create_engine("expression", "deepface")
