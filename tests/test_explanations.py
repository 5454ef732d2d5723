"""The words with which the page explains its numbers are those of the docs."""

from __future__ import annotations

import json
import re

from docs.explanations import TARGET, text
from evolvisense.types.indicators import FEATURES, INDICATORS

RESULT = TARGET.parent / "js" / "result"


def test_explanations_are_those_of_the_docs() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run `python -m docs.explanations`"


def test_every_indicator_and_feature_is_explained() -> None:
    found = json.loads(text())
    assert set(found["indicators"]) == set(INDICATORS)
    assert set(found["features"]) == set(FEATURES)
    assert all(all(words.values()) for words in found["indicators"].values())


def test_what_the_page_asks_for_is_there() -> None:
    found = json.loads(text())
    script = "\n".join(path.read_text("utf-8") for path in sorted(RESULT.glob("*.js")))
    fields = set(re.findall(r'"([A-Z]\w+\.[a-z0-9_]+)"', script))
    assert len(fields) > 20
    assert fields <= set(found["fields"])
    assert set(re.findall(r"passages\.(\w+)", script)) <= set(found["passages"])
