"""Servers and workers on one Postgres and one data folder, each a process that may be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from sqlalchemy import Engine, text

from evolvisense.service.queue.files import JobFiles
from trials.paths import ROOT
from trials.process import PATIENCE_S, free_port, wait_until

NOTE_CHANGES = (
    "CREATE TABLE trial_changes (job TEXT, state TEXT)",
    "CREATE FUNCTION trial_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO trial_changes VALUES (NEW.id, NEW.state); RETURN NEW; END $$",
    "CREATE TRIGGER trial_noted AFTER UPDATE OF state ON jobs FOR EACH ROW "
    "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION trial_note()",
)
ENDED = ("succeeded", "failed", "canceled")


class Station:
    """`evolvisense serve` or `evolvisense worker`."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.url = url
        self._process, self._log = process, log

    def kill(self) -> None:
        """kill -9 of this process alone; its children have to notice by themselves."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        self._process.terminate()
        return self._process.wait(PATIENCE_S)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def require_alive(self) -> None:
        assert self.is_alive, self.log()[-2000:]

    def is_ready(self) -> bool:
        self.require_alive()
        try:
            return httpx.get(f"{self.url}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE_S)

    def log(self) -> str:
        return self._log.read_text(errors="replace")


class Yard:
    """The folder `data` and the database that all stations share."""

    def __init__(self, folder: Path, database_url: str, stack: ExitStack) -> None:
        self.folder, self.data = folder, folder / "data"
        self._url, self._stack = database_url, stack
        self._started = 0

    def server(self) -> Station:
        """A server without workers of its own."""
        port = free_port()
        return self._start(f"http://127.0.0.1:{port}", "serve", "--port", str(port), workers=0)

    def worker(self) -> tuple[Station, str]:
        """A process with one worker, and the name of its folder."""
        before = self._folders()
        station = self._start("", "worker", workers=1)

        def has_folder() -> bool:
            station.require_alive()
            return self._folders() > before

        wait_until(has_folder, "the worker has its folder")
        (folder,) = self._folders() - before
        return station, folder

    def _folders(self) -> set[str]:
        return {path.stem for path in (self.data / "incoming").glob("*.lock")}

    def _start(self, url: str, *command: str, workers: int) -> Station:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("EVOLVISENSE_")}
        settings = {
            "DATA_DIR": self.data,
            "DATABASE_URL": self._url,
            "WORKERS": workers,
            "LEASE_S": 4,
            "SHUTDOWN_GRACE_S": 1,
        }
        environment |= {f"EVOLVISENSE_{name}": str(value) for name, value in settings.items()}
        self._started += 1
        log = self.folder / f"{self._started}-{command[0]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "evolvisense.cli", *command],
                cwd=ROOT, env=environment, stdout=output, stderr=output,
            )  # fmt: skip
        station = Station(process, url, log)
        self._stack.callback(lambda: station.kill() if station.is_alive else None)
        return station


@contextmanager
def yard(folder: Path, database_url: str) -> Iterator[Yard]:
    """Whatever was started in it is killed at the end of the block."""
    with ExitStack() as stack:
        yield Yard(folder, database_url, stack)


def note_changes(engine: Engine) -> None:
    """From now on a trigger notes every change of a job's state, in the change's transaction."""
    with engine.begin() as connection:
        for statement in NOTE_CHANGES:
            connection.execute(text(statement))


def times_ended(engine: Engine) -> Counter[str]:
    """Job -> how often it came to an end, jobs that were deleted since included."""
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT job, state FROM trial_changes")).all()
    return Counter(job for job, state in rows if state in ENDED)


def leftovers(data: Path, reports: set[str]) -> list[str]:
    """Files that nobody needs: of jobs that ended, and of processes that are dead."""
    files = JobFiles(data)
    kept = {data / "reports" / name for name in reports}
    incoming = [path for path in (data / "incoming").iterdir() if not files.is_alive(path.stem)]
    unfinished = [path for path in (data / "incoming").glob("*/*") if path.is_file()]
    stored = [p for name in ("media", "reports", "overlays") for p in (data / name).iterdir()]
    left = incoming + unfinished + [path for path in stored if path not in kept]
    return sorted(str(path.relative_to(data)) for path in left)
