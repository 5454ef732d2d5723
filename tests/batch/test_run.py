"""A whole batch, with an engine in this process: what is written, and how it goes on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evolvisense.batch import BatchProgress, find_inputs, look_ahead, run_batch
from evolvisense.batch.staging import Staging
from evolvisense.errors import BusyError, StorageError, StorageFullError
from evolvisense.options import AnalysisOptions
from evolvisense.report import Report
from tests.factory.batches import OPTIONS, NewEngine, go, parquet_bytes, rows


def test_every_file_is_in_the_tables_once(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    engine, out = new_engine(), tmp_path / "out"
    result = go(corpus, out, engine)
    analysed = ["a.webm", "b.webm", "more/a.webm", "more/nobody.webm"]
    assert [row["file"] for row in rows(out, "summary")] == analysed
    assert list(dict.fromkeys(row["file"] for row in rows(out, "frames"))) == analysed
    assert {row["file"] for row in rows(out, "voice")} == {"a.webm", "more/a.webm"}
    (failure,) = rows(out, "failures")
    assert (failure["file"], failure["code"]) == ("notes.mp4", "not_a_video")
    assert (result.progress.finished, result.progress.failed) == (5, 1)
    assert engine.analysed == ["a.webm", "b.webm", "more/nobody.webm", "notes.mp4"]


def test_absence_is_null_with_a_reason(corpus: Path, tmp_path: Path, new_engine: NewEngine) -> None:
    go(corpus, tmp_path / "out", new_engine())
    by_name = {row["file"]: row for row in rows(tmp_path / "out", "summary")}
    nobody = by_name["more/nobody.webm"]
    assert nobody["people"] == 0
    assert nobody["expression_happy"] is None
    assert nobody["voice_absent_reason"] == "no_audio_stream"
    assert nobody["activation_score"] is None
    assert nobody["activation_missing"] is not None
    assert by_name["a.webm"]["expression_happy"] is not None
    frames = [row for row in rows(tmp_path / "out", "frames") if row["file"] == nobody["file"]]
    assert frames
    assert all(row["person_id"] is None and row["jawOpen"] is None for row in frames)


def test_the_order_of_the_work_changes_no_byte(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    backwards = new_engine()
    backwards.backwards = True
    go(corpus, tmp_path / "one", new_engine())
    go(corpus, tmp_path / "two", backwards)
    assert parquet_bytes(tmp_path / "one") == parquet_bytes(tmp_path / "two")


def test_an_interrupted_run_goes_on_and_ends_the_same(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    go(corpus, tmp_path / "whole", new_engine())
    first, second = new_engine(), new_engine()
    first.stop_after = 2
    with pytest.raises(KeyboardInterrupt):
        go(corpus, tmp_path / "out", first)
    assert not (tmp_path / "out" / "summary").exists()
    go(corpus, tmp_path / "out", second)
    # What the iterator gave last before it died was kept.
    assert sorted(first.analysed + second.analysed) == sorted(
        ["a.webm", "b.webm", "more/nobody.webm", "notes.mp4"]
    )
    assert parquet_bytes(tmp_path / "out") == parquet_bytes(tmp_path / "whole")


def test_a_second_run_does_nothing(corpus: Path, tmp_path: Path, new_engine: NewEngine) -> None:
    out, again = tmp_path / "out", new_engine()
    assert go(corpus, out, new_engine()).is_new
    before = parquet_bytes(out)
    result = go(corpus, out, again)
    assert not result.is_new
    assert again.analysed == []
    assert result.progress.reused == 5
    (out / "summary" / "part-00000.parquet").unlink()
    assert go(corpus, out, again).is_new
    assert parquet_bytes(out) == before


def test_other_content_and_other_options_are_analysed_again(
    corpus: Path, tmp_path: Path, new_engine: NewEngine, clips: Path
) -> None:
    out = tmp_path / "out"
    go(corpus, out, new_engine())
    shutil.copy(clips / "nobody.webm", corpus / "b.webm")
    (corpus / "new.mp4").write_text("Nor is this one.")
    changed = new_engine()
    go(corpus, out, changed)
    assert changed.analysed == ["new.mp4"]  # the new content of b.webm is known
    assert {row["file"]: row["people"] for row in rows(out, "summary")}["b.webm"] == 0
    other = new_engine()
    run_batch(find_inputs([str(corpus)]), out, AnalysisOptions(frame_skip=20), other)
    assert other.analysed == ["a.webm", "b.webm", "new.mp4", "notes.mp4"]


def test_reports_are_kept_on_demand(corpus: Path, tmp_path: Path, new_engine: NewEngine) -> None:
    out, engine = tmp_path / "out", new_engine()
    go(corpus, out, new_engine())
    before = parquet_bytes(out)
    go(corpus, out, engine, keep_json=True)
    assert engine.analysed == ["a.webm", "b.webm", "more/nobody.webm"]
    found = sorted(str(path.relative_to(out / "json")) for path in (out / "json").rglob("*.json"))
    assert found == ["a.webm.json", "b.webm.json", "more/a.webm.json", "more/nobody.webm.json"]
    report = Report.model_validate_json((out / "json" / "a.webm.json").read_text())
    assert report.options.frame_skip == 10
    assert report.timings_s == {}
    assert parquet_bytes(out) == before


def test_files_that_vanish_or_change_are_failures_of_this_run_alone(
    corpus: Path, tmp_path: Path, new_engine: NewEngine, clips: Path
) -> None:
    out = tmp_path / "out"
    files = find_inputs([str(corpus)])
    (corpus / "b.webm").unlink()
    staging = Staging(out)
    with staging.opened():  # as if the file had had other content when it was read
        staging.note_sha256(next(f for f in files if f.name == "more/nobody.webm"), "0" * 64)
    run_batch(files, out, OPTIONS, new_engine())
    codes = {row["file"]: row["code"] for row in rows(out, "failures")}
    assert codes == {
        "b.webm": "file_unreadable",
        "more/nobody.webm": "file_changed",
        "notes.mp4": "not_a_video",
    }
    shutil.copy(clips / "silent.webm", corpus / "b.webm")
    again = new_engine()
    go(corpus, out, again)
    assert again.analysed == ["b.webm", "more/nobody.webm"]
    assert [row["file"] for row in rows(out, "failures")] == ["notes.mp4"]


def test_a_damaged_result_is_made_again(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    out = tmp_path / "out"
    go(corpus, out, new_engine())
    before = parquet_bytes(out)
    packed = max((out / ".work" / "done").rglob("*"), key=lambda path: path.stat().st_size)
    packed.write_bytes(packed.read_bytes()[:-100])
    again = new_engine()
    go(corpus, out, again)
    assert len(again.analysed) == 1
    assert parquet_bytes(out) == before


def test_a_result_damaged_inside_is_not_used(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    out = tmp_path / "out"
    go(corpus, out, new_engine())
    before = parquet_bytes(out)
    packed = max((out / ".work" / "done").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 0xFF
    packed.write_bytes(content)
    (out / "manifest.json").unlink()
    with pytest.raises(StorageError, match="run the same command again"):
        go(corpus, out, new_engine())
    go(corpus, out, new_engine())
    assert parquet_bytes(out) == before


def test_a_full_disk_stops_the_run_and_nothing_is_lost(
    corpus: Path, tmp_path: Path, new_engine: NewEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, engine, synced = tmp_path / "out", new_engine(), list[int]()

    def full(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError, match="run the same command again"):
        go(corpus, out, engine)
    again = new_engine()
    go(corpus, out, again)
    assert again.analysed == ["b.webm", "more/nobody.webm", "notes.mp4"]


def test_two_runs_do_not_share_a_folder(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    with Staging(tmp_path / "out").opened(), pytest.raises(BusyError, match="another run"):
        go(corpus, tmp_path / "out", new_engine())


def test_looking_ahead_says_what_would_run_and_writes_nothing(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    out, files = tmp_path / "out", find_inputs([str(corpus)])
    ahead = look_ahead(files, out, OPTIONS)
    assert [f.name for f in ahead.wanted] == ["a.webm", "b.webm", "more/nobody.webm", "notes.mp4"]
    assert not out.exists()
    go(corpus, out, new_engine())
    (corpus / "new.mp4").write_text("Nor is this one.")
    before = sorted(out.rglob("*"))
    ahead = look_ahead(find_inputs([str(corpus)]), out, OPTIONS)
    assert [f.name for f in ahead.wanted] == ["new.mp4"]
    assert (ahead.progress.reused, ahead.progress.failed) == (5, 1)
    assert {name: failure.code for name, failure in ahead.failures.items()} == {
        "notes.mp4": "not_a_video"
    }
    assert sorted(out.rglob("*")) == before


def test_the_manifest_says_with_what(corpus: Path, tmp_path: Path, new_engine: NewEngine) -> None:
    out = tmp_path / "out"
    go(corpus, out, new_engine())
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["options"]["frame_skip"] == 10
    assert {model["id"] for model in manifest["models"]} >= {"face", "voice"}
    assert manifest["files"]["named"] == 5
    assert manifest["files"]["failures"] == {"not_a_video": 1}
    assert manifest["parts"]["summary/part-00000.parquet"]["rows"] == 4
    lines = [json.loads(line) for line in (out / "files.jsonl").read_text().splitlines()]
    assert [line["file"] for line in lines] == [f.name for f in find_inputs([str(corpus)])]
    assert lines[0]["sha256"] == lines[2]["sha256"]
    ledger = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    assert [line["file"] for line in ledger] == [
        "a.webm",
        "b.webm",
        "more/nobody.webm",
        "notes.mp4",
    ]


def test_tables_are_cut_into_parts_of_whole_files(
    corpus: Path, tmp_path: Path, new_engine: NewEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evolvisense.batch import dataset

    go(corpus, tmp_path / "one", new_engine())
    monkeypatch.setattr(dataset, "ROWS_PER_GROUP", 1)
    monkeypatch.setattr(dataset, "ROWS_PER_PART", 3)
    go(corpus, tmp_path / "two", new_engine())
    parts = sorted((tmp_path / "two" / "frames").iterdir())
    assert [path.name for path in parts] == [f"part-{n:05d}.parquet" for n in range(len(parts))]
    assert len(parts) > 1
    together = [row for path in parts for row in pq.read_table(path).to_pylist()]
    assert together == rows(tmp_path / "one", "frames")


def test_progress_counts_files_and_foresees_the_end(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    seen: list[BatchProgress] = []
    go(corpus, tmp_path / "out", new_engine(), on_progress=seen.append)
    assert [now.finished for now in seen] == sorted(now.finished for now in seen)
    last = seen[-1]
    assert (last.finished, last.reused, last.failed) == (5, 1, 1)
    assert last.finished_bytes == last.bytes
    assert last.remaining_s == 0
    halfway = BatchProgress(10, 5, 1, 0, 1000, 500, 400, 60.0, 120.0)
    assert halfway.files_per_min == 2
    assert halfway.remaining_s == 150
    assert BatchProgress(10, 1, 1, 0, 1000, 100, 0, 0.0, 0.0).remaining_s is None


def test_nothing_but_failures(tmp_path: Path, new_engine: NewEngine) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").write_text("no")
    result = go(tmp_path / "in", tmp_path / "out", new_engine())
    assert result.progress.failed == 1
    assert list(parquet_bytes(tmp_path / "out")) == ["failures/part-00000.parquet"]
