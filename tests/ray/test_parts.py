"""What of the cluster's engine needs no cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evolvisense.errors import EngineUnavailableError, InvalidOptionError
from evolvisense.models.sessions import CPU, CUDA, VARIABLE
from evolvisense.ray import engine as ray_engine
from evolvisense.ray.actor import OwnFolder
from evolvisense.ray.engine import NOT_LAST, RayEngine
from evolvisense.ray.workers import RaySettings, uses_gpu

HOLD = """
import sys
from pathlib import Path
from evolvisense.ray.actor import OwnFolder
folder = OwnFolder(Path(sys.argv[1]))
(folder.path / "media").write_text("a face")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("wrong", [{"actors": 0}, {"cpus": 0.0}, {"attempts": 0}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError, match=next(iter(wrong))):
        RaySettings(**wrong)


def test_without_ray_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineUnavailableError, match=r"evolvisense\[ray\]"):
        RayEngine()


def test_the_folder_of_a_killed_worker_is_deleted_by_the_next(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        left = Path(other.stdout.readline().strip())
        first = OwnFolder(root)
        assert (left / "media").exists()
        other.kill()
    second = OwnFolder(root)
    assert not left.exists()
    assert first.path.exists()
    for folder in (first, second):
        folder.delete()
    assert [path.name for path in root.iterdir()] == ["lock"]


class FakeRay:
    """Notes what is asked; no cluster runs at "auto"."""

    def __init__(self, **resources: float) -> None:
        self.resources = resources
        self.asked: list[dict[str, Any]] = []
        self.is_connected = False

    def is_initialized(self) -> bool:
        return self.is_connected

    def init(self, **settings: Any) -> None:
        self.asked.append(settings)
        if settings["address"] != "local":
            raise ConnectionError("nobody is there")
        self.is_connected = True

    def cluster_resources(self) -> dict[str, float]:
        return self.resources

    def shutdown(self) -> None:
        self.is_connected = False


def test_auto_starts_a_cluster_of_its_own_where_none_runs() -> None:
    ray = FakeRay()
    with ray_engine._connected(ray, "auto"):
        assert ray.is_connected
    assert not ray.is_connected
    own = ray.asked[-1]
    assert own["include_dashboard"] is False
    assert own["object_store_memory"] == 200 * 1024**2


def test_a_cluster_that_was_named_is_not_replaced() -> None:
    ray = FakeRay()
    with (
        pytest.raises(EngineUnavailableError, match=r"no Ray cluster is at 10\.0\.0\.1:6379"),
        ray_engine._connected(ray, "10.0.0.1:6379"),
    ):
        pass
    assert len(ray.asked) == 1


def test_a_connection_that_was_there_stays() -> None:
    ray = FakeRay()
    ray.is_connected = True
    with ray_engine._connected(ray, "auto"):
        pass
    assert ray.is_connected
    assert ray.asked == []


def test_ray_is_told_not_to_report_its_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    monkeypatch.setenv(NOT_LAST[0], "3")
    monkeypatch.setitem(sys.modules, "ray", FakeRay())
    RayEngine()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert os.environ[NOT_LAST[0]] == "3"


@pytest.mark.parametrize(
    ("wish", "built_for", "gpus", "used"),
    [
        ("", CUDA, 2, True),
        ("", CUDA, 0, False),
        ("", CPU, 2, False),
        ("cpu", CUDA, 2, False),
        ("cuda", CUDA, 2, True),
    ],
)
def test_gpus_are_shared_where_both_sides_can(
    wish: str, built_for: str, gpus: int, used: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, wish)
    monkeypatch.setattr(
        "evolvisense.models.sessions.onnxruntime.get_available_providers", lambda: [built_for]
    )
    assert uses_gpu(FakeRay(CPU=8, GPU=gpus)) is used


def test_a_gpu_that_was_asked_for_must_be_in_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cuda")
    with pytest.raises(EngineUnavailableError, match="the cluster has no GPU"):
        uses_gpu(FakeRay(CPU=8))
