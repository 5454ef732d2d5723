"""Files of personal baselines: one JSON per name, readable by its owner alone.

They lie in `EVOLVISENSE_HOME`/baselines, by default `~/.local/share/evolvisense/baselines`.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from evolvisense.baselines.records import StoredRecording, recording_of
from evolvisense.errors import (
    BaselineCorruptError,
    BaselineNameError,
    BaselineNotFoundError,
    BaselineRecordingError,
)

FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
OWNER_ONLY = 0o600
OWNER_ONLY_DIR = 0o700
MOST_RECORDINGS = 1000
"""A baseline goes along with every analysis that is compared with it."""


def home_dir() -> Path:
    """Directory of what belongs to the person who uses this machine."""
    configured = os.environ.get("EVOLVISENSE_HOME")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "evolvisense"


class BaselineStore:
    """Personal baselines in one folder; safe across threads and processes.

    Every method raises BaselineNameError on a bad name.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or home_dir() / "baselines"

    def names(self) -> tuple[str, ...]:
        """The baselines there are."""
        if not self.directory.is_dir():
            return ()
        return tuple(
            sorted(p.stem for p in self.directory.glob("*.json") if NAME.fullmatch(p.stem))
        )

    def has(self, name: str) -> bool:
        """Whether there is a baseline of that name."""
        return self._path(name).is_file()

    def load(self, name: str) -> tuple[StoredRecording, ...]:
        """All recordings of a baseline, oldest first.

        Raises BaselineNotFoundError or BaselineCorruptError.
        """
        path = self._path(name)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise BaselineNotFoundError(
                f"there is no baseline '{name}' in {self.directory}: "
                f"begin one with `evolvisense baseline add {name} VIDEO`"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise _corrupt(path, name, str(error)) from error
        try:
            return tuple(sorted(_recordings(text), key=lambda r: r.recorded))
        except ValueError as error:
            raise _corrupt(path, name, str(error)) from error

    def add(self, name: str, recording: StoredRecording) -> tuple[StoredRecording, ...]:
        """Add a recording, beginning the baseline where there is none; all recordings.

        Raises BaselineRecordingError or BaselineCorruptError.
        """
        path = self._path(name)
        if not recording.values:
            raise BaselineRecordingError(
                "no feature of the recording passes its gates, there is nothing to keep: "
                "the report says why for each"
            )
        with self._alone():
            before = self.load(name) if path.is_file() else ()
            if any(r.is_same_as(recording.values) for r in before):
                raise BaselineRecordingError(f"the recording is in baseline '{name}' already")
            if len(before) >= MOST_RECORDINGS:
                raise BaselineRecordingError(
                    f"baseline '{name}' holds {MOST_RECORDINGS} recordings, which is the most: "
                    "begin another one"
                )
            after = tuple(sorted((*before, recording), key=lambda r: r.recorded))
            self._write(path, name, after)
        return after

    def clear(self, name: str) -> None:
        """Delete a baseline, whatever its file holds. Raises BaselineNotFoundError."""
        path = self._path(name)
        with self._alone():
            for part in self.directory.glob(f".{name}.*.part"):
                part.unlink(missing_ok=True)
            try:
                path.unlink()
            except FileNotFoundError:
                raise BaselineNotFoundError(
                    f"there is no baseline '{name}' in {self.directory}"
                ) from None

    def _write(self, path: Path, name: str, recordings: tuple[StoredRecording, ...]) -> None:
        document = {
            "format": FORMAT,
            "name": name,
            "recordings": [recording.to_json() for recording in recordings],
        }
        part = path.with_name(f".{name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Generator[None]:
        """The folder, made where there is none, with the right to change it held alone."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_DIR)
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise BaselineNameError(
                f"'{name}' is no name for a baseline: letters A-Z, digits, - and _, "
                "64 at most, the first one a letter or a digit"
            )
        return self.directory / f"{name}.json"


def _recordings(text: str) -> list[StoredRecording]:
    """Raises ValueError; JSONDecodeError is one."""
    document: object = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("not a baseline")
    fields = cast("dict[str, Any]", document)
    if fields.get("format") != FORMAT:
        raise ValueError(f"format {fields.get('format')!r}, this version reads {FORMAT}")
    entries: object = fields.get("recordings")
    if not isinstance(entries, list):
        raise ValueError("it has no list of recordings")
    return [recording_of(entry) for entry in cast("list[object]", entries)]


def _corrupt(path: Path, name: str, what: str) -> BaselineCorruptError:
    return BaselineCorruptError(
        f"{path} cannot be read as a baseline ({what}); "
        f"`evolvisense baseline clear {name}` deletes it"
    )
