"""What a child prints goes to the log, at a bounded rate and as plain text."""

from __future__ import annotations

import logging
import os
import threading
import time

LINE_BYTES = 400
"""Longer lines are cut."""
LINES, WINDOW_S = 20, 10.0
"""At most so many lines in so many seconds."""

log = logging.getLogger(__name__)


class OutputLog:
    """Reads a pipe in a thread until it is closed, and closes this end.

    Before `quiet` lines are logged as warnings. Afterwards a file is in the process's hands, whose
    content a decoder may print: lines are logged for debugging alone, and their number as warning.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor, self._name = descriptor, name
        self._is_quiet = False
        self._window_s, self._count, self._untold = time.monotonic(), 0, 0
        self.last_line = ""
        """Of those before `quiet`."""
        self._thread = threading.Thread(target=self._read, name=f"{name}-output", daemon=True)
        self._thread.start()

    def quiet(self) -> None:
        """From now on lines may hold content."""
        self._is_quiet = True

    def join(self, timeout_s: float) -> None:
        """Wait until what the process printed has been read."""
        self._thread.join(timeout_s)

    def _read(self) -> None:
        rest = b""
        try:
            while data := os.read(self._descriptor, 64 * 1024):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._tell(line)
                rest = rest[:LINE_BYTES]
            self._tell(rest)
            self._tell_rest()
        finally:
            os.close(self._descriptor)

    def _tell(self, line: bytes) -> None:
        text = line[:LINE_BYTES].decode("utf-8", "backslashreplace").rstrip()
        if not text:
            return
        text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
        now_s = time.monotonic()
        if now_s - self._window_s >= WINDOW_S:
            self._tell_rest()
            self._window_s, self._count = now_s, 0
        self._count += 1
        if not self._is_quiet:
            self.last_line = text
        if self._is_quiet or self._count > LINES:
            self._untold += 1
        elif self._count <= LINES:
            log.warning("%s: %s", self._name, text)

    def _tell_rest(self) -> None:
        if self._untold:
            log.warning("%s printed %d lines that are not shown", self._name, self._untold)
        self._untold = 0
