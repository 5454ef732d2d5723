"""Processes of this machine; what they do is written in the files (`tests/factory/batch_child`)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from evolvisense.batch.engine import Task
from evolvisense.batch.inputs import find_inputs
from evolvisense.batch.local import LIMITS, LocalEngine, WorkerRules, default_workers
from evolvisense.batch.outcome import Outcome
from evolvisense.errors import EngineUnavailableError, InvalidOptionError
from evolvisense.options import AnalysisOptions
from evolvisense.sandbox import Files
from tests.factory import batch_child

RULES = WorkerRules(LIMITS, target=batch_child.TARGET)
REFUSED, CRASHED, OVER = "not_a_video", "worker_crashed", "time_limit"


def tasks_of(folder: Path, texts: list[str]) -> Iterator[Task]:
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / f"{number}.mp4").write_text(text)
    for number, file in enumerate(find_inputs([str(folder)])):
        sha256 = hashlib.sha256(Path(file.uri).read_bytes()).hexdigest()
        yield Task(file, sha256, f"key{number}", AnalysisOptions(), keep_json=True)


def codes(outcomes: Iterator[Outcome]) -> dict[str, str]:
    return {o.name: o.failure.code for o in outcomes if o.failure is not None}


def test_a_file_that_kills_its_process_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, work = tmp_path / "tried", tmp_path / "work"
    tried.mkdir()
    work.mkdir()
    monkeypatch.setenv(batch_child.TRIED, str(tried))
    texts = ["fine", "crash", "always", "fine"]
    rules = replace(RULES, files=Files(writable=[tried]))
    engine = LocalEngine(2, folder=work, rules=rules)
    found = codes(engine.run(tasks_of(tmp_path / "in", texts)))
    assert [found[f"{n}.mp4"] for n in range(4)] == [REFUSED, REFUSED, CRASHED, REFUSED]
    assert [path.name for path in tried.iterdir()] == ["1.mp4"]
    assert list(work.iterdir()) == []


def test_a_relative_folder_is_meant_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("work").mkdir()
    engine = LocalEngine(1, folder=Path("work"), rules=RULES)
    assert codes(engine.run(tasks_of(tmp_path / "in", ["fine"]))) == {"0.mp4": REFUSED}


def test_a_process_that_decodes_nothing_any_more_is_given_up(tmp_path: Path) -> None:
    rules = replace(RULES, silence_s=1.0)
    engine = LocalEngine(1, folder=tmp_path, rules=rules)
    assert codes(engine.run(tasks_of(tmp_path / "in", ["hang"]))) == {"0.mp4": OVER}


def test_models_that_are_not_there_stop_everything(tmp_path: Path) -> None:
    rules = WorkerRules(LIMITS, target=batch_child.BROKEN)
    engine = LocalEngine(1, folder=tmp_path, rules=rules)
    with pytest.raises(EngineUnavailableError, match="a model is not there"):
        list(engine.run(tasks_of(tmp_path / "in", ["fine"])))


def children() -> set[int]:
    """Processes that this one has begun and that have not been waited for."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if parent == os.getpid():
            found.add(int(stat.parent.name))
    return found


def test_breaking_off_ends_the_processes(tmp_path: Path) -> None:
    before = children()
    engine = LocalEngine(2, folder=tmp_path, rules=RULES)
    outcomes = cast(
        "Generator[Outcome]", engine.run(tasks_of(tmp_path / "in", ["fine", "pulse", "pulse"]))
    )
    next(outcomes)
    assert children() > before
    outcomes.close()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert children() == before


def test_an_error_of_those_who_give_tasks_is_passed_on(tmp_path: Path) -> None:
    def tasks() -> Iterator[Task]:
        yield from tasks_of(tmp_path / "in", ["fine"])
        raise LookupError("the list ended badly")

    with pytest.raises(LookupError, match="ended badly"):
        list(LocalEngine(1, folder=tmp_path, rules=RULES).run(tasks()))


def test_tasks_are_taken_only_when_there_is_room(tmp_path: Path) -> None:
    taken: list[str] = []

    def tasks() -> Iterator[Task]:
        for task in tasks_of(tmp_path / "in", ["fine"] * 20):
            taken.append(task.key)
            yield task

    outcomes = cast("Generator[Outcome]", LocalEngine(1, folder=tmp_path, rules=RULES).run(tasks()))
    next(outcomes)
    assert len(taken) < 10
    assert len(list(outcomes)) == 19


def test_the_file_of_a_store_is_fetched_for_the_process(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    with store.open("/fetched/a.mp4", "wb") as file:
        file.write(b"fine")
    files = find_inputs(["memory://fetched"])
    store.rm("/fetched", recursive=True)
    with store.open("/there/a.mp4", "wb") as file:
        file.write(b"fine")
    files += find_inputs(["memory://there"])
    tasks = [Task(file, "0", str(n), AnalysisOptions()) for n, file in enumerate(files)]
    engine = LocalEngine(1, folder=tmp_path, rules=RULES)
    found = {o.key: o.failure.code for o in engine.run(iter(tasks)) if o.failure is not None}
    store.rm("/there", recursive=True)
    assert found == {"0": "file_unreadable", "1": REFUSED}


def test_real_processes_analyse(clips: Path, tmp_path: Path) -> None:
    from evolvisense import analyze_many

    (tmp_path / "bad.mp4").write_text("no video")
    sources = [clips / "face.webm", tmp_path / "bad.mp4", tmp_path / "gone.mp4"]
    found = {result.name: result for result in analyze_many(sources, workers=1, frame_skip=10)}
    report = found["face.webm"].report
    assert report is not None
    assert report.frames.number.tolist() == [10, 20]
    assert [f.failure and f.failure.code for f in (found["bad.mp4"], found["gone.mp4"])] == [
        "not_a_video",
        "file_unreadable",
    ]


def test_there_is_a_process_for_each_core_or_fewer() -> None:
    assert 1 <= default_workers() <= len(os.sched_getaffinity(0))
    with pytest.raises(InvalidOptionError, match="workers"):
        LocalEngine(0)
