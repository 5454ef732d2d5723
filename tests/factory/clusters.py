"""A Ray cluster of two nodes on this machine, as processes of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

STORE_BYTES = 100 * 1024**2
STARTS = 3


class TwoNodes:
    """A head and another node, of one CPU each; the other one can be killed and replaced."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        settings = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        self._cluster: Any = _insist(lambda: Cluster(initialize_head=True, head_node_args=settings))
        self.other: Any = None
        self.replace_other()

    @property
    def address(self) -> str:
        return self._cluster.address

    def replace_other(self) -> None:
        """Make sure that the other node is there and alive."""
        if self.other is None:
            self.other = _insist(
                lambda: self._cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
            )

    def kill_other(self) -> None:
        """End it as a loss of power would."""
        self._cluster.remove_node(self.other, allow_graceful=False)
        self.other = None

    def workers(self) -> list[int]:
        """Process ids of what analyses on the nodes, sandboxes included."""
        nodes = self._cluster.list_all_nodes()
        raylets = [node.all_processes["raylet"][0].process.pid for node in nodes]
        return [pid for raylet in raylets for pid in _beneath(raylet) if _is_worker(pid)]

    def wait_for_no_worker(self, patience_s: float = 60) -> None:
        end_s = time.monotonic() + patience_s
        while found := self.workers():
            assert time.monotonic() < end_s, f"workers are left: {[_command(p) for p in found]}"
            time.sleep(0.2)

    def close(self) -> None:
        self._cluster.shutdown()


@contextmanager
def two_nodes() -> Iterator[TwoNodes]:
    """Without Ray's report of its use; workers get their turn on a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")
        cluster = TwoNodes()
        try:
            yield cluster
        finally:
            cluster.close()


def _insist(start: Callable[[], Any]) -> Any:
    """Ray gives a node 30 s to start, which a busy machine may exceed."""
    for attempt in range(STARTS):
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error) or attempt == STARTS - 1:
                raise
    raise AssertionError


def _beneath(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text("ascii").split()
        except OSError:
            continue
        for child in map(int, children):
            yield child
            yield from _beneath(child)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _is_worker(pid: int) -> bool:
    command = _command(pid)
    return "NodeWorker" in command or "evolvisense.sandbox" in command
