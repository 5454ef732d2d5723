"""The same on Ray: a cluster of one node and of two, and one that loses a node in the middle."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from benchmarks.machine import Row
from benchmarks.scaling.commands import BatchRun, faults, run_batch
from benchmarks.scaling.corpus import FOLDER, corpus
from benchmarks.scaling.local import figures, table

STORE_BYTES = 100 * 1024**2
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
LOST_AT = 1 / 3
REPLACED_AT = 2 / 3


class RayCluster:
    """Nodes of one CPU each on this machine; all but the first can be killed."""

    def __init__(self, nodes: int) -> None:
        os.environ.update(QUIET)
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - an extra

        self._settings = {"num_cpus": 1, "object_store_memory": STORE_BYTES}
        head = {**self._settings, "include_dashboard": False}
        self._cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self._others = [self._add() for _ in range(nodes - 1)]

    @property
    def address(self) -> str:
        return self._cluster.address

    @property
    def nodes(self) -> int:
        return 1 + len(self._others)

    def add(self) -> None:
        self._others.append(self._add())

    def kill_one(self) -> None:
        """SIGKILL to all processes of a node, as a loss of power would end it."""
        self._cluster.remove_node(self._others.pop(), allow_graceful=False)

    def close(self) -> None:
        self._cluster.shutdown()

    def _add(self) -> Any:
        return self._cluster.add_node(**self._settings)


@contextmanager
def cluster(nodes: int) -> Generator[RayCluster]:
    made = RayCluster(nodes)
    try:
        yield made
    finally:
        made.close()


def measure(files: int) -> tuple[dict[str, Any], list[Row]]:
    inputs = [str(corpus(files))]
    reference = FOLDER / "local-1"
    if not reference.is_dir():
        run_batch(inputs, reference, "--workers", "1")
    runs: dict[int, BatchRun] = {}
    for nodes in (1, 2):
        with cluster(nodes) as made:
            runs[nodes] = run_batch(inputs, FOLDER / f"ray-{nodes}", "--ray", made.address)
    wrong = [text for run in runs.values() for text in faults(run.out, reference)]
    lost, events = _losing_a_node(inputs, files)
    wrong_lost = faults(lost.out, reference)
    return (
        {**{str(n): figures(run) for n, run in runs.items()}, "lost": figures(lost)},
        [
            *table(runs, "Ray, nodes of one CPU"),
            Row("... results against those of this machine", "; ".join(wrong) or "identical bytes"),
            Row(
                f"two nodes, {events}",
                f"{lost.files_per_min:.0f} files a minute ({lost.seconds:.0f} s)",
            ),
            Row(
                "... every file once, results against those of this machine",
                "; ".join(wrong_lost) or "yes; identical bytes",
            ),
        ],
    )


def _losing_a_node(inputs: list[str], files: int) -> tuple[BatchRun, str]:
    events: list[str] = []
    with cluster(2) as made:

        def lose_and_replace(finished: int) -> None:
            if not events and finished >= LOST_AT * files:
                made.kill_one()
                events.append(f"one killed after {finished} of {files} files")
            elif len(events) == 1 and finished >= REPLACED_AT * files:
                made.add()
                events.append(f"another one joining after {finished}")

        out = FOLDER / "ray-lost"
        run = run_batch(inputs, out, "--ray", made.address, while_running=lose_and_replace)
    if len(events) < 2:
        raise RuntimeError(f"the work was over before the nodes changed: {events}")
    return run, ", ".join(events)
