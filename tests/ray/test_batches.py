"""A cluster of two nodes on this machine: what it gives, and what survives the loss of a node."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from evolvisense.batch import run_batch
from evolvisense.batch.engine import BatchProgress, Task
from evolvisense.batch.inputs import find_inputs
from evolvisense.batch.local import LocalEngine
from evolvisense.batch.outcome import Outcome
from evolvisense.errors import EngineUnavailableError, StorageFullError
from evolvisense.options import AnalysisOptions
from tests.factory.batches import parquet_bytes
from tests.factory.clusters import TwoNodes, two_nodes
from tests.factory.media import Film, Sound, astronaut, vowel
from tests.factory.ray_workers import OtherVersions, ScriptedWorker

pytest.importorskip("ray", reason="Ray is not installed: pip install 'evolvisense[ray]'")

from evolvisense.ray.engine import RayEngine
from tests.factory.patience import PATIENCE_S

pytestmark = pytest.mark.timeout(900)  # a node takes half a minute to start on a busy machine


@pytest.fixture(scope="module")
def whole_cluster() -> Iterator[TwoNodes]:
    with two_nodes() as cluster:
        yield cluster


@pytest.fixture
def cluster(whole_cluster: TwoNodes, monkeypatch: pytest.MonkeyPatch) -> TwoNodes:
    monkeypatch.setattr("evolvisense.ray.workers.NodeWorker", ScriptedWorker)
    whole_cluster.replace_other()
    return whole_cluster


def tasks_of(folder: Path, texts: Sequence[str]) -> Iterator[Task]:
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / f"{number:02}.mp4").write_text(text)
    for file in find_inputs([str(folder)]):
        sha256 = hashlib.sha256(Path(file.uri).read_bytes()).hexdigest()
        yield Task(file, sha256, file.name, AnalysisOptions())


def codes(outcomes: Iterator[Outcome]) -> dict[str, str]:
    found: dict[str, str] = {}
    for outcome in outcomes:
        assert outcome.failure is not None
        assert outcome.name not in found
        found[outcome.name] = outcome.failure.code
    return found


def noted(out: Path) -> list[str]:
    """Names in the ledger, one for each analysis that was finished."""
    lines = (out / "ledger.jsonl").read_text().splitlines()
    return sorted(json.loads(line)["file"] for line in lines)


def films(folder: Path, count: int) -> list[str]:
    folder.mkdir()
    for number in range(count):
        side = 200 + 8 * number
        Film(frames=[astronaut((side, side))] * 8, sound=Sound(vowel(0.5))).write(
            folder / f"{number}.webm"
        )
    return [str(folder)]


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense"])
def test_a_wrong_address_is_told_at_once(tmp_path: Path, address: str) -> None:
    with pytest.raises(EngineUnavailableError, match=address):
        list(RayEngine(address).run(tasks_of(tmp_path / "in", ["fine"])))


def test_a_killed_node_costs_no_file_and_changes_no_bit(
    whole_cluster: TwoNodes, tmp_path: Path
) -> None:
    files = find_inputs(films(tmp_path / "in", 10))
    options = AnalysisOptions()
    run_batch(files, tmp_path / "local", options, LocalEngine(2), keep_json=True)
    whole_cluster.replace_other()

    def kill_once(progress: BatchProgress) -> None:
        if progress.finished >= 3 and whole_cluster.other is not None:
            whole_cluster.kill_other()

    engine = RayEngine(whole_cluster.address)
    result = run_batch(
        files, tmp_path / "ray", options, engine, keep_json=True, on_progress=kill_once
    )
    assert whole_cluster.other is None
    assert (result.progress.finished, result.progress.failed) == (10, 0)
    assert noted(tmp_path / "ray") == [file.name for file in files]
    assert parquet_bytes(tmp_path / "ray") == parquet_bytes(tmp_path / "local")
    reports = {p.name: p.read_bytes() for p in (tmp_path / "local/json").iterdir()}
    assert {p.name: p.read_bytes() for p in (tmp_path / "ray/json").iterdir()} == reports
    assert len(reports) == 10
    whole_cluster.wait_for_no_worker()


def test_few_tasks_are_taken_and_workers_live_on(cluster: TwoNodes, tmp_path: Path) -> None:
    taken = 0

    def counted() -> Iterator[Task]:
        nonlocal taken
        for task in tasks_of(tmp_path / "in", ["alone 2"] * 12):
            taken += 1
            yield task

    workers: set[str] = set()
    for given, outcome in enumerate(RayEngine(cluster.address).run(counted())):
        assert taken - given <= 2
        assert outcome.failure is not None
        workers.add(outcome.failure.detail)
    assert taken == 12
    assert len(workers) == 2


def test_workers_may_count_for_half_a_cpu(cluster: TwoNodes, tmp_path: Path) -> None:
    engine = RayEngine(cluster.address, cpus=0.5)
    outcomes = list(engine.run(tasks_of(tmp_path / "in", ["alone 4"] * 4)))
    assert len({o.failure.detail for o in outcomes if o.failure is not None}) == 4


def test_a_file_that_kills_its_worker_fails_alone(cluster: TwoNodes, tmp_path: Path) -> None:
    texts = ["fine", "deadly", "fine", "fine"]
    engine = RayEngine(cluster.address, attempts=2)
    found = codes(engine.run(tasks_of(tmp_path / "in", texts)))
    assert found.pop("01.mp4") == "worker_crashed"
    assert set(found.values()) == {"not_a_video"}
    assert len(found) == 3
    assert len(set((tmp_path / "in/01.tries").read_text().split())) == 2


def test_what_stops_a_node_stops_the_run(cluster: TwoNodes, tmp_path: Path) -> None:
    with pytest.raises(StorageFullError, match="a node of the cluster: the disk is full"):
        list(RayEngine(cluster.address).run(tasks_of(tmp_path / "a", ["full"])))
    with pytest.raises(EngineUnavailableError, match="cannot read a file that this machine can"):
        list(RayEngine(cluster.address).run(tasks_of(tmp_path / "b", ["blind"])))
    cluster.wait_for_no_worker()


def test_nodes_with_other_packages_are_refused(
    cluster: TwoNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evolvisense.ray.workers.NodeWorker", OtherVersions)
    with pytest.raises(EngineUnavailableError, match=r"it has av 1\.0 \(here"):
        list(RayEngine(cluster.address).run(tasks_of(tmp_path / "in", ["fine"])))


def test_breaking_off_leaves_nothing(cluster: TwoNodes, tmp_path: Path) -> None:
    outcomes = cast(
        "Generator[Outcome]",
        RayEngine(cluster.address).run(tasks_of(tmp_path / "in", ["fine", "long", "long"])),
    )
    next(outcomes)
    outcomes.close()
    cluster.wait_for_no_worker()


@pytest.mark.parametrize(("how", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_ending_the_command_leaves_nothing_and_the_next_one_goes_on(
    whole_cluster: TwoNodes, tmp_path: Path, how: signal.Signals, status: int
) -> None:
    whole_cluster.replace_other()
    folder = films(tmp_path / "in", 4)
    words = ["batch", *folder, "--out", str(tmp_path / "out"), "--ray", whole_cluster.address]
    command = [sys.executable, "-m", "evolvisense", *words]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    ledger = tmp_path / "out/ledger.jsonl"
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        while not ledger.exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(how)
        said = process.communicate(timeout=PATIENCE_S)[1].decode()
    assert process.returncode == status, said
    whole_cluster.wait_for_no_worker()
    again = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert again.returncode == 0, again.stderr.decode()
    assert noted(tmp_path / "out") == [f"{n}.webm" for n in range(4)]
    whole_cluster.wait_for_no_worker()
