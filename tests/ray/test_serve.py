"""The service on a Ray of this machine: posted clips get their reports."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.factory.databases import postgres_url
from tests.factory.patience import PATIENCE_S
from tests.factory.stations import leftovers
from trials.answers import ended, submitted
from trials.paths import ROOT
from trials.process import free_port, wait_until

__all__ = ["postgres_url"]

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: the extra [ray]"
)
START_S = 300.0


@contextmanager
def on_ray(
    folder: Path, *arguments: str, **settings: object
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    """`evolvisense serve --ray local` as a process, and what it has printed."""
    # The path of a Unix socket is short, and a test's own folder is long.
    scratch = tempfile.mkdtemp(prefix="evs-ray-", dir="/tmp")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVOLVISENSE_")}
    environment |= {f"EVOLVISENSE_{name.upper()}": str(value) for name, value in settings.items()}
    environment |= {"RAY_TMPDIR": scratch}
    log = folder / "serve.log"
    command = [sys.executable, "-m", "evolvisense.cli", "serve", "--ray", "local", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, process_group=0
        )
    try:
        yield process, lambda: log.read_text(errors="replace")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # Ray's own processes notice
            process.wait()
        shutil.rmtree(scratch, ignore_errors=True)


def test_several_replicas_without_postgres_are_refused(tmp_path: Path):
    with on_ray(tmp_path, "--servers", "2", data_dir=tmp_path) as (process, log):
        assert process.wait(120) == 2
    assert "EVOLVISENSE_DATABASE_URL" in log()
    assert "Traceback" not in log()


def test_servers_are_a_matter_of_ray(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "evolvisense.cli", "serve", "--servers", "2"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--ray" in done.stderr


@needs_ray
@pytest.mark.timeout(900)
def test_clips_posted_to_replicas_get_their_reports(
    tmp_path: Path, postgres_url: str, silent_video: Path
):
    port, data = free_port(), tmp_path / "data"
    options = ("--port", str(port), "--servers", "2", "--workers", "2")
    settings = {"data_dir": data, "database_url": postgres_url, "shutdown_grace_s": 5}
    with (
        on_ray(tmp_path, *options, **settings) as (process, log),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client,
    ):

        def is_ready() -> bool:
            assert process.poll() is None, log()[-3000:]
            try:
                return client.get("/readyz").status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        wait_until(is_ready, "the service is ready", START_S)
        jobs = [submitted(client, silent_video) for _ in range(4)]
        found = [ended(client, job, START_S) for job in jobs]
        assert {analysis["state"] for analysis in found} == {"succeeded"}
        reports = [client.get(analysis["links"]["report"]).json() for analysis in found]
        assert all(report["people"] for report in reports)
        with client.stream("GET", f"/v1/analyses/{jobs[0]}/events") as events:
            assert "succeeded" in next(line for line in events.iter_lines() if "state" in line)
        client.delete(f"/v1/analyses/{jobs[0]}").raise_for_status()
        process.terminate()
        assert process.wait(120) == 0, log()[-3000:]
    assert leftovers(data, {path.name for path in (data / "reports").iterdir()}) == []
    assert len(list((data / "reports").iterdir())) == 3


@pytest.mark.filterwarnings("ignore:Using extra keyword arguments:DeprecationWarning")
@needs_ray
def test_a_full_queue_asks_for_workers_within_the_bounds():
    from ray.serve.config import AutoscalingContext

    from evolvisense.ray.serve import WANTED, enough_for_the_queue

    def asked(seen: dict[str, float] | None) -> int:
        context = AutoscalingContext(
            deployment_id=None, deployment_name="workers", app_name="evolvisense",
            current_num_replicas=3, target_num_replicas=3, running_replicas=[],
            total_num_requests=0.0, total_queued_requests=0.0,
            aggregated_metrics=None if seen is None else {WANTED: seen}, raw_metrics=None,
            capacity_adjusted_min_replicas=1, capacity_adjusted_max_replicas=8, policy_state={},
            last_scale_up_time=None, last_scale_down_time=None, current_time=None, config=None,
        )  # fmt: skip
        number, state = enough_for_the_queue(context)
        assert state == {}
        return number

    assert asked({"a": 0.0, "b": 0.0}) == 1
    assert asked({"a": 4.2, "b": 5.0}) == 5
    assert asked({"a": 500.0}) == 8
    assert asked(None) == 3, "who has seen nothing changes nothing"
    assert asked({}) == 3
