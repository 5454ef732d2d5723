"""Whether the shipped reference set still speaks of the features that are measured now."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from evolvisense import Analyzer
from evolvisense.indicators import load_reference
from evolvisense.indicators.reference import FILE
from evolvisense.types.indicators import Feature
from training.reference import probe

TOLERANCE_SD = 0.01
"""Of the spread between people: processors differ by far less, a changed constant by more."""
AGAIN = "features changed their meaning: run python -m training.reference.build (training/README)"


@pytest.fixture(scope="module")
def about() -> dict[str, Any]:
    file = resources.files("evolvisense.indicators") / FILE
    return json.loads(file.read_text(encoding="utf-8"))["about"]


def test_features_mean_what_they_meant(about: dict[str, Any]) -> None:
    written: dict[Feature, float] = about["probe"]
    norms = load_reference().norms
    found = probe.features()
    assert set(found) == set(written), AGAIN
    off = {f: abs(found[f] - x) / norms[f].sd for f, x in written.items()}
    assert {f: x for f, x in off.items() if x > TOLERANCE_SD} == {}, AGAIN


def test_engines_are_those_of_the_reference_set(about: dict[str, Any]) -> None:
    now = {model.id: model.version for model in Analyzer().models}
    # The set is made from sound; its norms of the face are published figures
    # (training/reference/assumed.py).
    for name in ("silero-vad", "swift-f0", "voice"):
        assert now[name] == about["extractors"][name], AGAIN
