"""What is finished, kept until the tables are made: one file for each outcome, complete or absent.

out/.work/lock               held while a run uses the folder
out/.work/hashes.jsonl       sha256 of files by place, size and time of change
out/.work/incoming/          files that are being written or fetched; emptied by the next run
out/.work/done/ab/abcd...    outcomes by key, packed
out/.work/written.json       what of `out` is the data set's: see `placing`
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from evolvisense.batch.inputs import InputFile
from evolvisense.batch.outcome import Head, Outcome
from evolvisense.errors import BusyError, StorageError, StorageFullError, is_disk_full

FOLDER = ".work"


class Staging:
    """The working folder of a batch. Without `opened` it is looked at and not changed."""

    def __init__(self, out: Path) -> None:
        self.out = out.absolute()
        self.root = self.out / FOLDER
        self.incoming = self.root / "incoming"
        self._done = self.root / "done"
        self._hashes_path = self.root / "hashes.jsonl"
        self._hashes = self._known_hashes()
        self._is_open = False

    @contextmanager
    def opened(self) -> Generator[None]:
        """Keep the folder for this run. Raises BusyError where another run has it."""
        with storing():
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / "lock").open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BusyError(f"another run works on {self.out}", 60) from error
            with storing():
                shutil.rmtree(self.incoming, ignore_errors=True)
                self.incoming.mkdir()
            self._hashes, self._is_open = self._known_hashes(), True
            try:
                yield
            finally:
                self._is_open = False

    @property
    def has_results(self) -> bool:
        """Whether a run has been here."""
        return self._done.is_dir()

    def sha256(self, file: InputFile) -> str | None:
        """Of the content, where it is known and the file has not changed since."""
        return self._hashes.get(_place(file)) if file.state else None

    def note_sha256(self, file: InputFile, sha256: str | None) -> None:
        """Remember it for the next run, or with None that it is not known after all."""
        place = _place(file)
        if not file.state or self._hashes.get(place) == sha256:
            return
        self._hashes[place] = sha256
        if self._is_open:
            with storing(), self._hashes_path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps([place, sha256]) + "\n")

    def path(self, key: str) -> Path:
        """Where the outcome of that key is, or would be."""
        return self._done / key[:2] / key

    def head(self, key: str) -> Head | None:
        """Of the outcome of that key; None where there is none, or none that is whole."""
        try:
            head = Head.of(self.path(key))
        except (OSError, ValueError):
            return None
        return head if head.key == key else None

    def load(self, key: str) -> Outcome:
        """The outcome of a key that has a head. Raises StorageError where it is damaged."""
        with self.whole(key) as path:
            return Outcome.unpack(path.read_bytes())

    @contextmanager
    def whole(self, key: str) -> Generator[Path]:
        """The packed outcome of a key, to be read; one that proves damaged is deleted.

        Raises StorageError then: the next run makes it again.
        """
        try:
            yield self.path(key)
        except (OSError, ValueError) as error:
            self.path(key).unlink(missing_ok=True)
            raise StorageError(
                f"a finished result is damaged ({error}): run the same command again"
            ) from error

    def keep(self, outcome: Outcome) -> None:
        """Write an outcome so that it is whole or not there, even if the power goes."""
        target = self.path(outcome.key)
        part = self.incoming / f"{outcome.key}.part"
        with storing():
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(outcome.pack())
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)

    def _known_hashes(self) -> dict[str, str | None]:
        known: dict[str, str | None] = {}
        if self._hashes_path.exists():
            for line in self._hashes_path.read_text("utf-8").splitlines():
                try:
                    place, sha256 = json.loads(line)
                except ValueError:
                    continue  # cut off when a run was killed
                known[place] = sha256
        return known


@contextmanager
def storing() -> Generator[None]:
    """Writing to the output folder: its errors are those of the disk."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise StorageFullError(
                "the disk is full: free some space and run the same command again"
            ) from error
        raise StorageError(f"the output folder cannot be written: {error}") from error


def _place(file: InputFile) -> str:
    return f"{file.size_bytes} {file.state} {file.uri}"
