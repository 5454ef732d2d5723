"""What the processes of the tests do: `python -m tests.service.queue.workers TASK URL ...`.

Each line of output says what has happened already.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sqlalchemy import update

from evolvisense.service.queue.database import open_database, writing
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.store import JobStore
from evolvisense.service.queue.tables import jobs
from evolvisense.types.job import NewJob
from tests.factory.patience import PATIENCE_S


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def finish(url: str, how_long_s: str = "0") -> None:
    """Claim and finish jobs until there is none."""
    store = JobStore(open_database(url, busy_s=PATIENCE_S))
    say("ready")
    while (claim := store.claim("w")) is not None:
        say(f"claimed {claim.job.id}")
        time.sleep(float(how_long_s))
        store.beat(claim, "faces", 50)
        if store.succeed(claim, f"{claim.job.id}.{claim.lease}"):
            say(f"finished {claim.job.id}")


def submit(url: str, name: str) -> None:
    """Submit jobs for ever, two at a time."""
    store = JobStore(open_database(url, busy_s=PATIENCE_S))
    number = 0
    while True:
        pair = [NewJob(f"{name}-{number}-{half}", {}, 1, "ab") for half in "xy"]
        store.submit(pair)
        say(f"accepted {name}-{number}")
        number += 1


def stop_inside(url: str) -> None:
    """Stay in the middle of a transaction that changes every job."""
    with writing(open_database(url, busy_s=PATIENCE_S)) as connection:
        connection.execute(update(jobs).values(state="failed", lease=None))
        say("inside")
        time.sleep(600)


def hold_incoming(root: str) -> None:
    """Stay with a file in this process's folder."""
    files = JobFiles(Path(root))
    files.new_path().write_bytes(b"x")
    say(files.instance)
    time.sleep(600)


if __name__ == "__main__":
    tasks = {"finish": finish, "submit": submit, "stop": stop_inside, "hold": hold_incoming}
    tasks[sys.argv[1]](*sys.argv[2:])
