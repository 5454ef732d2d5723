"""Folders of the checkout and of the data."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORK = ROOT / "benchmarks" / ".work"
"""Ignored by git: made clips and results."""
DATA = Path(os.environ.get("EVOLVISENSE_DATA", ROOT.parent / "shared" / "data"))
