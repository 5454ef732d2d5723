"""DeepFace with generated weights: its own architecture, random seeded values."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def deepface_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A DEEPFACE_HOME with a weights file, set for the whole session."""
    home = tmp_path_factory.mktemp("deepface_home")
    command = [sys.executable, "-m", "trials.deepface_weights", str(home)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFACE_HOME", str(home))
        yield home
