"""Where the detector's data come from and where what is made from them is kept."""

from __future__ import annotations

from pathlib import Path

from training.face.folders import data_dir

__all__ = ["CHECKPOINTS", "cache_dir", "data_dir", "runs_dir"]

HERE = Path(__file__).resolve().parent
CHECKPOINTS = HERE / "checkpoints"
"""Small checkpoints that are committed, so that a later session can go on from them."""


def cache_dir() -> Path:
    """Labels that take minutes to make; ignored by git, safe to delete."""
    path = HERE / "cache"
    path.mkdir(exist_ok=True)
    return path


def runs_dir() -> Path:
    """Checkpoints and logs of training; ignored by git."""
    path = HERE / "runs"
    path.mkdir(exist_ok=True)
    return path
