"""`evolvisense serve` in a process of its own, to be tried, measured and killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from trials.paths import ROOT
from trials.proc import process_tree, status_mb

PATIENCE_S = 120.0
COMMAND = ("-m", "evolvisense.cli", "serve")
WORKER = "evolvisense.service.queue.analysis:serve"
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


class Server:
    """Its folder holds `data` and `server.log`; killed, it can be started again on both."""

    def __init__(
        self, folder: Path, *, command: Sequence[str] = COMMAND, **settings: object
    ) -> None:
        self.folder, self.data = folder, folder / "data"
        self.log = folder / "server.log"
        self._command = command
        # Everybody comes from one address here.
        unlimited = {"rate_per_minute": 0, "caller_share": 1}
        self._settings = {"workers": 2, **unlimited, **settings}
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.starts = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the HTTP process."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether that process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and return when an analysis can begin."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("EVOLVISENSE_")}
        environment |= {f"EVOLVISENSE_{k.upper()}": str(v) for k, v in self._settings.items()}
        environment["EVOLVISENSE_DATA_DIR"] = str(self.data)
        command = [sys.executable, *self._command, "--host", "127.0.0.1", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self.starts += 1
        wait_until(self._is_ready, "the server is ready")

    def kill(self) -> None:
        """kill -9 of the HTTP process alone; its workers have to notice by themselves."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def client(self, **options: object) -> httpx.Client:
        """Speaks to it; patient."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE_S, **options)  # type: ignore[arg-type]

    def tree(self) -> list[int]:
        """All its processes."""
        return process_tree(self.pid)

    def workers(self) -> list[int]:
        """Its worker processes."""
        return [pid for pid in self.tree() if WORKER in _command_line(pid)]

    def resident_mb(self) -> float:
        """Of all its processes, MB (2**20)."""
        return sum(status_mb(pid, "VmRSS") for pid in self.tree())

    def open_files(self) -> int:
        """Of all its processes."""
        return sum(_open_files(pid) for pid in self.tree())

    def metric(self, name: str, **labels: str) -> float:
        """A number of /metrics; 0 where it is not there."""
        with self.client() as client:
            text = client.get("/metrics").raise_for_status().text
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        for found, given, value in SAMPLE.findall(text):
            if found == name and wanted <= set(filter(None, given.split(","))):
                return float(value)
        return 0.0

    def faults(self) -> int:
        """Tracebacks in its log."""
        return self.log.read_text(errors="replace").count("Traceback (most recent call last)")

    def _is_ready(self) -> bool:
        if not self.is_alive:
            raise RuntimeError(f"the server has ended:\n{self.log.read_text()[-2000:]}")
        try:
            return httpx.get(f"{self.url}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def serving(
    folder: Path, *, command: Sequence[str] = COMMAND, **settings: object
) -> Generator[Server]:
    """A server that is ready, stopped at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder, command=command, **settings)
    try:
        server.start()
        yield server
    finally:
        if server.is_alive:
            server.stop()


def wait_until(
    is_so: Callable[[], bool], what: str, patience_s: float = PATIENCE_S, step_s: float = 0.05
) -> None:
    """Raises TimeoutError where it does not become so."""
    end_s = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > end_s:
            raise TimeoutError(f"in {patience_s:g} s it did not come to: {what}")
        time.sleep(step_s)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _open_files(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0
