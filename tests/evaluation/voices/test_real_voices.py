"""The shipped engines on a few clips of the training pack: that all parts fit, not how well."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.__main__ import main
from tests.evaluation.voices.conftest import write_table

EACH = 4
"""Clips of each speaker and label."""


@pytest.fixture
def ravdess(data_file: Callable[[str], Path], tmp_path: Path) -> Path:
    """Angry and calm clips of two actors; the sound stays in the pack's zip file."""
    with data_file("voice/speech_train.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    chosen: list[dict[str, str]] = []
    for speaker in ("ravdess_03", "ravdess_06"):
        for label in ("angry", "calm"):
            own = [r for r in rows if (r["speaker"], r["emotion"]) == (speaker, label)]
            chosen += own[:EACH]
    (tmp_path / "voices.zip").symlink_to(data_file("voice/speech_train.zip"))
    return write_table(tmp_path / "voices.csv", chosen)


def test_all_scores(ravdess: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voice-compare", str(ravdess), "--by", "sex", "--json", "--bootstrap", "50"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["tables"]
    assert found["skipped"] == {"other_labels": {}, "unreadable": 0}
    _, v2, emotion = found["results"]
    assert v2["n"] == emotion["n"] == 4 * EACH
    assert v2["rankings"]["activation"]["no_score"] <= EACH
    assert v2["rankings"]["activation"]["mean_aroused"] > v2["rankings"]["activation"]["mean_calm"]
    assert emotion["no_answer"] == 0
    assert emotion["auc"]["value"] > 0.8
    assert found["by"]["values"].keys() == {"female", "male"}
