"""Where data come from and where what is made from them is kept."""

from __future__ import annotations

import os
from pathlib import Path


def data_dir() -> Path:
    """The data folder: EVOLVISENSE_DATA, else ../shared/data beside the checkout."""
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    path = Path(os.environ.get("EVOLVISENSE_DATA", default))
    if not (path / "voice").is_dir():
        raise SystemExit(f"no voice pack under {path}: set EVOLVISENSE_DATA to the data folder")
    return path


def cache_dir() -> Path:
    """Decoded clips and features; ignored by git, safe to delete."""
    path = Path(__file__).resolve().parent / "cache"
    path.mkdir(exist_ok=True)
    return path


def runs_dir() -> Path:
    """Checkpoints and logs of training; ignored by git."""
    path = Path(__file__).resolve().parent / "runs"
    path.mkdir(exist_ok=True)
    return path
