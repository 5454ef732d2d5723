"""Which files under `out` are the data set's, and putting a new one in the place of an old one.

out/.work/written.json   paths that a data set has, or is about to get

What is finished, kept until the tables are made: one file for each outcome, complete or absent.

out/.work/lock               held while a run uses the folder
out/.work/hashes.jsonl       sha256 of files by place, size and time of change
out/.work/incoming/          files that are being written or fetched; emptied by the next run
out/.work/done/ab/abcd...    outcomes by key, packed
out/.work/written.json       what of `out` is the data set's: see `placing`
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evolvisense.atomic_file import atomic_write
from evolvisense.batch.inputs import InputFile
from evolvisense.batch.outcome import TABLES, Head, Outcome
from evolvisense.errors import (
    BusyError,
    InvalidOptionError,
    StorageError,
    StorageFullError,
    is_disk_full,
)

JSON_FOLDER = "json"
FOLDERS = (*TABLES, JSON_FOLDER)
MANIFEST = "manifest.json"
FILES = "files.jsonl"
LEDGER = "ledger.jsonl"
WRITTEN = "written.json"
SHOWN = 3


def require_room(staging: Staging, *, keep_json: bool) -> None:
    """Raise InvalidOptionError where a data set would take the place of something else.

    Of files that no batch has written, or of reports that it would not bring up to date.
    """
    out = staging.out
    ours = written(staging)
    strangers = [path for path in _present(out) if path not in ours]
    if not ours and not staging.has_results:
        strangers += [name for name in (MANIFEST, FILES, LEDGER) if (out / name).exists()]
    if strangers:
        more = ", ..." if len(strangers) > SHOWN else ""
        raise InvalidOptionError(
            f"{out} holds files that no batch has written ({', '.join(strangers[:SHOWN])}{more}): "
            "give another folder as --out, or move them away"
        )
    if not keep_json and any(path.startswith(f"{JSON_FOLDER}/") for path in _present(out)):
        raise InvalidOptionError(
            f"{out / JSON_FOLDER} holds the reports of an earlier run: give --json again, or "
            "delete that folder"
        )


def written(staging: Staging) -> set[str]:
    """Paths under `out` that a run has written, or was about to write when it was stopped."""
    out, found = staging.out, set[str]()
    # Each may be missing, cut off, or somebody else's: it tells of nothing then.
    with suppress(OSError, ValueError, TypeError):
        found |= set(json.loads((staging.root / WRITTEN).read_text("utf-8")))
    with suppress(OSError, ValueError, TypeError, KeyError):
        found |= set(json.loads((out / MANIFEST).read_text("utf-8"))["parts"])
        lines = (out / FILES).read_text("utf-8").splitlines()
        found |= {report for line in lines if (report := json.loads(line)["report"])}
    return found


def replace(staging: Staging, new: Path) -> None:
    """Delete what a run has written under `out`, and move the files of `new` there.

    To be used within `storing`, after `require_room`.
    """
    old = written(staging)
    coming = sorted(_present(new))
    _note(staging, sorted({*old, *coming}))
    for path in old:
        (staging.out / path).unlink(missing_ok=True)
    for name in FOLDERS:
        _prune(staging.out / name)
    for path in coming:
        target = staging.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (new / path).rename(target)
    _note(staging, coming)


def _present(root: Path) -> Iterator[str]:
    """Files in the folders of a data set, but for hidden ones, which desktops leave everywhere."""
    for name in FOLDERS:
        folder = root / name
        if folder.is_file():
            yield name
        for path in folder.rglob("*"):
            if not path.is_dir() and not path.name.startswith("."):
                yield str(path.relative_to(root))


def _note(staging: Staging, paths: list[str]) -> None:
    with atomic_write(staging.root / WRITTEN, folder=staging.incoming) as file:
        file.write(json.dumps(paths).encode())


def _prune(folder: Path) -> None:
    """Delete the folder with those in it that hold no file."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


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
        with storing():
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(target, durable=True, folder=self.incoming) as file:
                file.write(outcome.pack())

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
