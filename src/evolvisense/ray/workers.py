"""The workers of one run on a Ray cluster: hired, given tasks, replaced when they die.

Ray is handed in, so that nothing here imports it.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evolvisense.batch.engine import Task
from evolvisense.batch.local import WorkerRules
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.plan import deciding_versions
from evolvisense.batch.stores import is_remote
from evolvisense.batch.work import CRASHED, failed
from evolvisense.errors import EngineUnavailableError, FileUnreadableError, InvalidOptionError
from evolvisense.models.sessions import CPU, VARIABLE, wished_provider
from evolvisense.ray.actor import NodeWorker, WorkerFailure

LOOK_S = 2.0
"""So often the size of the cluster is looked at."""
PATIENCE_S = 60.0
"""After so long without a worker the person is told."""
STOP_S = 10.0
DEATHS_IN_A_ROW = 10
"""Workers that die before they are ready, one after the other: the cluster cannot run them."""
CONTROL = "control"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RaySettings:
    """How a cluster is used."""

    actors: int | None = None
    """Workers at the same time; None is as many as the cluster has room for, nodes that join later
    included."""
    cpus: float = 1.0
    """Of the CPUs of its node that a worker counts for; less than 1 where nodes wait for media."""
    attempts: int = 3
    """So often a task is tried whose worker, or its node, dies."""
    rules: WorkerRules = field(default_factory=WorkerRules)

    def __post_init__(self) -> None:
        if self.actors is not None and self.actors < 1:
            raise InvalidOptionError(f"actors must be 1 or more, got {self.actors}")
        if not self.cpus > 0:
            raise InvalidOptionError(f"cpus must be greater than 0, got {self.cpus}")
        if self.attempts < 1:
            raise InvalidOptionError(f"attempts must be 1 or more, got {self.attempts}")


@dataclass(eq=False)
class _Member:
    """A worker; `reference` is the answer that it owes, first the one that it is ready."""

    actor: Any
    reference: Any
    is_ready: bool = False
    task: Task | None = None


class WorkerGroup:
    """The workers of one run."""

    def __init__(self, ray: Any, tasks: Iterator[Task], settings: RaySettings) -> None:  # noqa: ANN401
        self._ray, self._tasks, self._settings = ray, tasks, settings
        self._gpu = uses_gpu(ray)
        self._members: list[_Member] = []
        self._again: deque[Task] = deque()
        self._deaths: dict[str, int] = {}
        self._unready_deaths = 0
        self._is_exhausted = False
        self._looked_s = -LOOK_S
        self._ready_s = time.monotonic()

    def outcomes(self) -> Iterator[Outcome]:
        """One for each task, as they come to their end."""
        while True:
            self._fill()
            self._hand_out()
            owing = [m.reference for m in self._members if m.reference is not None]
            if self._is_exhausted and not self._again and not self._busy:
                return
            if not owing:
                time.sleep(LOOK_S / 10)  # the last worker has died and the cluster is full
                continue
            answered, _ = self._ray.wait(owing, num_returns=1, timeout=LOOK_S)
            for reference in answered:
                outcome = self._answer(reference)
                if outcome is not None:
                    yield outcome

    def stop(self) -> None:
        """End the workers; what is under way is broken off."""
        exceptions = self._ray.exceptions
        calls: list[Any] = []
        for member in self._members:
            if member.task is not None:
                calls.append(member.actor.stop.options(concurrency_group=CONTROL).remote())
            if member.is_ready:
                calls.append(member.actor.close.remote())
        try:
            if calls:
                self._ray.wait(calls, num_returns=len(calls), timeout=STOP_S)
        except exceptions.RayError as error:
            log.warning("workers did not end in order: %s", type(error).__name__)
        finally:
            while self._members:
                self._discard(self._members[-1])

    @property
    def _busy(self) -> bool:
        return any(member.task is not None for member in self._members)

    def _fill(self) -> None:
        """Have as many workers as there is room for."""
        now_s = time.monotonic()
        if self._members and now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        wanted = self._wanted()
        excess = max(0, len(self._members) - wanted)
        for member in [m for m in self._members if not m.is_ready][:excess]:
            self._discard(member)
        while len(self._members) < wanted:
            self._members.append(self._hire())
        if any(member.is_ready for member in self._members):
            self._ready_s = now_s
        elif now_s - self._ready_s > PATIENCE_S:
            self._ready_s = now_s
            log.warning("the cluster has had no room for a worker for %.0f s", PATIENCE_S)

    def _wanted(self) -> int:
        if self._settings.actors is not None:
            return self._settings.actors
        room = self._ray.cluster_resources()
        # Without any CPU there may be a cluster that grows once somebody asks.
        return max(1, int(room.get("CPU", 0) / self._settings.cpus))

    def _hire(self) -> _Member:
        share = self._gpu_share()
        environment = {VARIABLE: os.environ.get(VARIABLE, "")} if share else {VARIABLE: "cpu"}
        make = self._ray.remote(
            num_cpus=self._settings.cpus,
            num_gpus=share,
            max_restarts=0,
            concurrency_groups={CONTROL: 1},
            scheduling_strategy="SPREAD",
        )(NodeWorker)
        actor = make.remote(self._settings.rules, environment)
        return _Member(actor, actor.versions.remote())

    def _gpu_share(self) -> float:
        """Of a GPU that a worker counts for: those of a cluster are shared by all workers.

        Then all workers compute on the same: one without a GPU would give other last digits.
        """
        if not self._gpu:
            return 0.0
        gpus = self._ray.cluster_resources().get("GPU", 1.0)
        return max(0.01, min(1.0, int(100 * gpus / self._wanted()) / 100))

    def _hand_out(self) -> None:
        for member in self._members:
            if not member.is_ready or member.task is not None:
                continue
            task = self._again.popleft() if self._again else self._next()
            if task is None:
                return
            member.task, member.reference = task, member.actor.analyse.remote(task)

    def _next(self) -> Task | None:
        if not self._is_exhausted:
            task = next(self._tasks, None)
            self._is_exhausted = task is None
            return task
        return None

    def _answer(self, reference: Any) -> Outcome | None:  # noqa: ANN401 - Ray has no types here
        member = next(m for m in self._members if m.reference is reference)
        try:
            answer = self._ray.get(reference)
        except self._ray.exceptions.RayActorError as error:
            return self._bury(member, error)
        except self._ray.exceptions.ObjectLostError as error:
            # The node went with the result of a task that was done.
            return self._bury(member, error)
        except self._ray.exceptions.RayError as error:
            raise EngineUnavailableError(f"a node of the cluster failed: {error}") from error
        task, member.task, member.reference = member.task, None, None
        if task is None:
            _require_same(answer)
            member.is_ready, self._unready_deaths = True, 0
            return None
        if isinstance(answer, WorkerFailure):
            raise answer.error("a node of the cluster")
        _require_shared(task, answer)
        self._deaths.pop(task.key, None)
        return answer

    def _bury(self, member: _Member, error: Any) -> Outcome | None:  # noqa: ANN401
        """Do without a worker that died; its task is tried again, but not for ever."""
        self._discard(member)
        if getattr(error, "actor_init_failed", False):
            raise EngineUnavailableError(f"a node of the cluster cannot work: {error}") from error
        if member.task is None:
            self._unready_deaths += not member.is_ready
            if self._unready_deaths >= DEATHS_IN_A_ROW:
                raise EngineUnavailableError(
                    f"{DEATHS_IN_A_ROW} workers died in a row before they were ready; the last: "
                    f"{error}"
                ) from error
            return None
        task = member.task
        self._deaths[task.key] = self._deaths.get(task.key, 0) + 1
        log.warning("a worker of the cluster died; its file is tried elsewhere")
        if self._deaths[task.key] < self._settings.attempts:
            self._again.append(task)
            return None
        return failed(task, CRASHED)

    def _discard(self, member: _Member) -> None:
        self._members.remove(member)
        self._looked_s = -LOOK_S
        self._ray.kill(member.actor, no_restart=True)


def uses_gpu(ray: Any) -> bool:  # noqa: ANN401
    """Whether workers are to share the GPUs of the cluster.

    Raises EngineUnavailableError where that was asked for and it has none.
    """
    if wished_provider() == CPU:
        return False
    has_gpu = ray.cluster_resources().get("GPU", 0) > 0
    if os.environ.get(VARIABLE) and not has_gpu:
        raise EngineUnavailableError(f"{VARIABLE} is cuda, but the cluster has no GPU")
    return has_gpu


def _require_same(theirs: Mapping[str, str]) -> None:
    ours = deciding_versions()
    differing = sorted(
        f"{name} {theirs.get(name, 'none')} (here {ours.get(name, 'none')})"
        for name in {*ours, *theirs}
        if ours.get(name) != theirs.get(name)
    )
    if differing:
        raise EngineUnavailableError(
            f"a node of the cluster would give other results: it has {', '.join(differing)}"
        )


def _require_shared(task: Task, outcome: Outcome) -> None:
    """Stop before every file is noted as unreadable because a node has other disks."""
    unreadable = outcome.failure is not None and outcome.failure.code == FileUnreadableError.code
    uri = task.file.uri
    if unreadable and not is_remote(uri) and os.access(uri, os.R_OK):
        raise EngineUnavailableError(
            "a node of the cluster cannot read a file that this machine can: put the files where "
            "all nodes see them under the same path, or into an object store"
        )
