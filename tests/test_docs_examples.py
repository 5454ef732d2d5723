"""The Python of the guides runs as it stands there, in a folder with recordings of those names."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = ("tutorial.md", "research.md", "engines.md", "notebooks.md")
RECORDINGS = ("interview.webm", "interviews/p01.webm")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(
    page: str, face_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "interviews").mkdir()
    for name in RECORDINGS:
        shutil.copyfile(face_video, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    blocks = list(BLOCK.finditer(text := (DOCS / page).read_text("utf-8")))
    assert blocks
    variables: dict[str, Any] = {"__name__": "guide"}
    for block in blocks:
        line = text[: block.start(1)].count("\n")
        exec(compile("\n" * line + block[1], str(DOCS / page), "exec"), variables)
