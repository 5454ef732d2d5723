"""`evolvisense batch`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evolvisense.batch import BatchProgress
from evolvisense.cli import batch as batching
from evolvisense.cli.app import app
from tests.factory.batches import HereEngine

runner = CliRunner()


def test_it_shows_what_would_run_then_runs_then_has_nothing_to_do(
    corpus: Path,
    tmp_path: Path,
    new_engine: Callable[[], HereEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "_engine", lambda _job: new_engine())
    command = ["batch", str(corpus), "--out", str(tmp_path / "out"), "--frame-skip", "10"]
    shown = runner.invoke(app, [*command, "--dry-run"])
    assert shown.exit_code == 0
    assert "4 to analyse" in shown.output
    assert "  more/nobody.webm" in shown.output
    assert not (tmp_path / "out").exists()
    done = runner.invoke(app, command)
    assert done.exit_code == 1  # one file is no video
    assert "5 files: 4 analysed" in done.output
    assert "1 failed" in done.output
    again = runner.invoke(app, command)
    assert "was complete already" in again.output


def test_what_cannot_be_worked_with_is_said(tmp_path: Path) -> None:
    result = runner.invoke(app, ["batch", f"{tmp_path}/*.mp4", "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "no media file is at" in result.output


def test_an_interruption_says_how_to_go_on(
    corpus: Path,
    tmp_path: Path,
    new_engine: Callable[[], HereEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = new_engine()
    engine.stop_after = 1
    monkeypatch.setattr(batching, "_engine", lambda _job: engine)
    result = runner.invoke(app, ["batch", str(corpus), "--out", str(tmp_path / "out")])
    assert result.exit_code == 130
    assert "goes on from here" in result.output


def test_progress_in_words() -> None:
    now = BatchProgress(300, 12, 2, 1, 30_000, 1200, 1000, 600.0, 120.0)
    assert batching.progress_text(now) == "12/300 files, 5.0 files/min, 58 min left, 1 failed"
    begun = BatchProgress(300, 0, 0, 0, 30_000, 0, 0, 0.0, 0.0)
    assert batching.progress_text(begun) == "0/300 files"
