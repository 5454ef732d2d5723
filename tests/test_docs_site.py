"""The site of docs/ (`make docs-site`) has every page; MkDocs itself checks links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENERATED = {"api.md", "models/face.md", "models/detector.md", "models/voice.md"}


def test_every_page_of_docs_has_a_place_in_the_site() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").split("\nnav:\n", 1)[1]
    listed = re.findall(r": (\S+\.md)$", navigation, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == {path.name for path in (ROOT / "docs").glob("*.md")} | GENERATED


def test_what_only_clusters_need_stands_last() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").split("\nnav:\n", 1)[1]
    last = navigation.rsplit("\n  - ", 1)[1]
    assert set(re.findall(r"(\S+\.md)$", last, re.MULTILINE)) == {"scaling.md", "ray.md"}
