from __future__ import annotations

from pathlib import Path

import pytest

from trials.clips import long_clip
from trials.kill_server import kill_and_restart
from trials.kill_worker import kill_in_the_middle
from trials.process import Server, serving


def test_a_job_whose_worker_is_killed_in_the_middle_succeeds_once(server: Server):
    found = kill_in_the_middle(server, long_clip(), 1)
    (job,) = found.accepted
    assert found.kills >= 1
    assert found.ledger.states[job] == "succeeded"
    assert found.ledger.attempts[job] == 2
    assert found.ledger.ended[job] == 1
    assert found.missing == ()
    assert found.left == ()


@pytest.mark.trials
def test_jobs_of_a_server_that_is_killed_in_the_middle_succeed_once(tmp_path: Path):
    with serving(tmp_path, lease_s=2) as server:
        found = kill_and_restart(server, long_clip(), kills=1, jobs=3)
    assert server.starts == 2
    assert len(found.accepted) == 3
    assert found.ledger.unfinished(found.accepted) == []
    assert found.ledger.not_once() == []
    assert set(found.ledger.states) == set(found.accepted)
    assert found.missing == ()
    assert found.left == ()
