"""`evolvisense batch`."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
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


def test_the_sums_of_a_dry_run_add_up_and_say_what_fails(
    corpus: Path, tmp_path: Path, new_engine: Callable[[], HereEngine]
) -> None:
    (corpus / "gone.mp4").symlink_to(corpus / "nowhere")
    command = ["batch", str(corpus), "--out", str(tmp_path / "out"), "--frame-skip", "10"]
    shown = runner.invoke(app, [*command, "--dry-run"])
    assert shown.exit_code == 1
    assert re.search(
        r"6 files, .*: 4 to analyse .*, 1 done before or of the same content as another, 1 that",
        shown.output,
    )
    assert "  gone.mp4: the file is not there" in shown.output


@pytest.mark.parametrize("out", ["s3://corp/out", "https://host/out", "file:///data/out"])
def test_a_data_set_is_not_written_to_a_url(
    corpus: Path, tmp_path: Path, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = list(tmp_path.iterdir())
    done = runner.invoke(app, ["batch", str(corpus), "--out", out])
    assert done.exit_code == 2
    assert "then copy it to the store" in done.output
    assert list(tmp_path.iterdir()) == before


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


def test_where_nobody_sees_a_bar_there_is_a_line_now_and_then_and_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now_s = 0.0

    def at(second: float, finished: int) -> str:
        nonlocal now_s
        now_s = second
        listener(BatchProgress(5, finished, finished, 0, 0, 0, 0, 0.0, 0.0))
        return capsys.readouterr().err

    with batching._lines("analysed", lambda: now_s) as listener:
        assert at(0, 0) == ""
        assert at(29, 1) == ""
        assert at(31, 2) == "analysed: 2/5 files\n"
        assert at(60, 3) == ""
        assert at(61, 4) == "analysed: 4/5 files\n"
        assert at(62, 5) == ""
    assert capsys.readouterr().err == "analysed: 5/5 files\n"


def test_what_was_said_last_is_not_said_again_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with batching._lines("analysed", iter([0.0, 30.0, 30.0]).__next__) as listener:
        listener(BatchProgress(5, 5, 5, 0, 0, 0, 0, 0.0, 0.0))
    assert capsys.readouterr().err == "analysed: 5/5 files\n"


@pytest.mark.parametrize(("is_terminal", "lines"), [(True, 0), (False, 1)])
def test_a_terminal_gets_a_bar_and_a_log_gets_lines(
    is_terminal: bool, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    console = Console(file=log, force_terminal=is_terminal, width=100)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(batching, "_console", console)
    with batching._display("analysed") as listener:
        listener(BatchProgress(5, 5, 5, 0, 0, 0, 0, 0.0, 0.0))
    assert "5/5 files" in log.getvalue()
    assert log.getvalue().splitlines().count("analysed: 5/5 files") == lines
    assert ("\x1b" in log.getvalue()) is is_terminal


def test_progress_in_words() -> None:
    now = BatchProgress(300, 12, 2, 1, 30_000, 1200, 1000, 600.0, 120.0)
    assert batching.progress_text(now) == "12/300 files, 5.0 files/min, 58 min left, 1 failed"
    begun = BatchProgress(300, 0, 0, 0, 30_000, 0, 0, 0.0, 0.0)
    assert batching.progress_text(begun) == "0/300 files"
    read = BatchProgress(300, 1, 0, 1, 30_000, 100, 0, 0.0, 0.001)
    assert batching.progress_text(read) == "1/300 files, 1 failed"
