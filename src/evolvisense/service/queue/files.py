"""Files of jobs: uploads that come in, media of accepted jobs, reports, overlay videos.

    root/incoming/<instance>/       uploads and half-written files of one process
    root/incoming/<instance>.lock   locked (flock) while that process lives
    root/media/<job id>
    root/reports/<job id>.<lease>
    root/overlays/<job id>.<lease>

All of it is on one file system, so that a file moves in one step, and is for its owner alone.
No name comes from a client.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evolvisense.atomic_file import sync_folder
from evolvisense.errors import DataFolderError, StorageFullError, is_disk_full
from evolvisense.service.queue import process_folders as instances
from evolvisense.service.queue.process_folders import OWNER_ONLY, OWNER_ONLY_DIR
from evolvisense.types.job import FileOwner

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.[A-Za-z0-9]{1,64})?")
GRACE_S = 30.0
HAS_EFFECTIVE_IDS = os.access in os.supports_effective_ids


@dataclass(frozen=True)
class Swept:
    """What a sweep has seen."""

    deleted: tuple[Path, ...]
    waiting: tuple[Path, ...]
    """To be deleted when their time of grace is over."""
    unknown: tuple[Path, ...]
    """Kept: the database knows nothing of their ids."""


class JobFiles:
    """The folder `root` as one process sees it; safe across processes and threads.

    `require_space` keeps `reserve_bytes` of the disk free. A file that no job needs is deleted
    after `grace_s` seconds on `monotonic`, which have to be longer than a submitter needs between
    `keep` and the acceptance of the job.
    """

    def __init__(
        self,
        root: Path,
        *,
        reserve_bytes: int = 0,
        grace_s: float = GRACE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root = root
        self._reserve_bytes, self._grace_s = reserve_bytes, grace_s
        self._monotonic = monotonic
        self._incoming, self._media, self._reports, self._overlays = (
            root / name for name in ("incoming", "media", "reports", "overlays")
        )
        for folder in (root, self._incoming, self._media, self._reports, self._overlays):
            prepare_folder(folder)
        self._guard = threading.Lock()
        self._own: instances.Instance | None = None
        self._unowned_since_s: dict[Path, float] = {}

    @property
    def instance(self) -> str:
        """Names this process as long as it lives."""
        return self.open_incoming().name

    def open_incoming(self) -> Path:
        """The folder of this process for what is not yet a job's, claimed at the first call.

        Raises StorageFullError.
        """
        with self._guard, space_errors():
            if self._own is None:
                self._own = instances.claim(self._incoming)
            return self._incoming / self._own.name

    def new_path(self) -> Path:
        """A path in that folder where there is no file yet."""
        return self.open_incoming() / secrets.token_hex(8)

    def close(self) -> None:
        """Delete the folder of this process, and let go of its name."""
        with self._guard:
            if self._own is not None:
                own, self._own = self._own, None
                instances.give_up(self._incoming, own)

    def is_alive(self, instance: str) -> bool:
        """Whether the process of that name lives on this machine."""
        return instances.is_alive(self._incoming, _checked(instance))

    def sweep_dead(self) -> tuple[str, ...]:
        """Delete what dead processes left in their folders; the names of those processes."""
        return instances.sweep_dead(self._incoming)

    def keep(self, incoming: Path, job_id: str) -> Path:
        """Make a file of this process's folder the media of a job, and bring it to the disk.

        Raises StorageFullError, FileExistsError where the job has media, and ValueError where it
        is no plain file of that folder.
        """
        return self._adopt(incoming, self.media(job_id))

    def media(self, job_id: str) -> Path:
        """Where the media of a job are."""
        return self._media / _checked(job_id)

    def open_media(self, job_id: str) -> int:
        """A descriptor of the media of a job, to read them. Raises FileNotFoundError."""
        return os.open(self.media(job_id), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    @contextlib.contextmanager
    def nameless(self) -> Generator[int]:
        """A descriptor of an empty file that is gone when it is closed. Raises StorageFullError.

        For a process that is less trusted: it can reach nothing but this file, and `copied` takes
        what it wrote out of its hands.
        """
        with space_errors():
            path = self.new_path()
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            descriptor = os.open(path, flags, OWNER_ONLY)
            path.unlink()
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def copied(self, descriptor: int) -> Path:
        """A new file of this process's folder with the content of a descriptor.

        Whoever else holds the descriptor can no longer change it. Raises StorageFullError.
        """
        path = self.new_path()
        try:
            with space_errors(), path.open("xb") as new:
                left, at = os.fstat(descriptor).st_size, 0
                while left and (count := os.sendfile(new.fileno(), descriptor, at, left)):
                    at, left = at + count, left - count
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def report_path(self, name: str) -> Path:
        """Where the report of that name is."""
        return self._reports / _checked(name)

    def adopt_report(self, incoming: Path, job_id: str, lease: str) -> str:
        """Make a file of this process's folder a report, bring it to the disk; its name.

        Raises StorageFullError, FileExistsError where the lease has a report, and ValueError where
        it is no plain file of that folder.
        """
        name = f"{job_id}.{lease}"
        self._adopt(incoming, self.report_path(name))
        return name

    def overlay_path(self, name: str) -> Path:
        """Where the overlay of that name is."""
        return self._overlays / _checked(name)

    def adopt_overlay(self, incoming: Path, job_id: str, lease: str) -> str:
        """The same for an overlay. Raises as `adopt_report`."""
        name = f"{job_id}.{lease}"
        self._adopt(incoming, self.overlay_path(name))
        return name

    def write_report(self, job_id: str, lease: str, data: bytes) -> str:
        """Write a report, all of it or nothing; its name. Raises as `adopt_report`."""
        part = self.new_path()
        try:
            with space_errors(), part.open("xb") as file:
                file.write(data)
            return self.adopt_report(part, job_id, lease)
        finally:
            part.unlink(missing_ok=True)

    def forget_media(self, job_id: str) -> None:
        """Delete the media of a job, where there are any."""
        self.media(job_id).unlink(missing_ok=True)

    def forget_report(self, name: str) -> None:
        """Delete a report, where it is there."""
        self.report_path(name).unlink(missing_ok=True)

    def forget_overlay(self, name: str) -> None:
        """Delete an overlay, where it is there."""
        self.overlay_path(name).unlink(missing_ok=True)

    def sweep(self, owners: Callable[[list[str]], Mapping[str, FileOwner]]) -> Swept:
        """Delete files that their job does not need, seen so by two calls, `grace_s` apart.

        A file is kept where nothing is known of its id: this may not be the database of the folder.

        Args:
            owners: tells what is known of jobs by their ids, as `JobQueries.owners`.

        Returns:
            What was deleted and what is kept without a known owner.
        """
        files = self._listed()
        known = owners(sorted({job_id_of(path) for path in files}))
        now_s = self._monotonic()
        unowned: dict[Path, float] = {}
        unknown: list[Path] = []
        for path in files:
            owner = known.get(job_id_of(path))
            if owner is None:
                unknown.append(path)
            elif not self._is_needed(path, owner):
                unowned[path] = self._unowned_since_s.get(path, now_s)
        gone = [
            path
            for path, since_s in unowned.items()
            if path in self._unowned_since_s and now_s - since_s >= self._grace_s
        ]
        for path in gone:
            path.unlink(missing_ok=True)
            del unowned[path]
        self._unowned_since_s = unowned
        return Swept(tuple(gone), tuple(unowned), tuple(unknown))

    def listed(self) -> dict[str, list[Path]]:
        """Job id -> its media, reports and overlays that are in the folder."""
        found: dict[str, list[Path]] = {}
        for path in self._listed():
            found.setdefault(job_id_of(path), []).append(path)
        return found

    def _is_needed(self, path: Path, owner: FileOwner) -> bool:
        if owner.is_unfinished:
            return True
        wanted = {self._reports: owner.report, self._overlays: owner.overlay}
        return path.name == wanted.get(path.parent)

    def require_space(self, nbytes: int) -> None:
        """Raise StorageFullError where so many bytes more would take what is kept free."""
        disk = os.statvfs(self.root)
        free = disk.f_bavail * disk.f_frsize
        if free < nbytes + self._reserve_bytes:
            raise StorageFullError(
                f"{nbytes} bytes do not fit: {free} are free, {self._reserve_bytes} are kept free"
            )

    def _listed(self) -> list[Path]:
        folders = (self._media, self._reports, self._overlays)
        return [path for folder in folders for path in folder.iterdir() if _is_name(path.name)]

    def _adopt(self, incoming: Path, target: Path) -> Path:
        if incoming.parent != self.open_incoming():
            raise ValueError(f"expected a file in {self.open_incoming()}, got {incoming}")
        with space_errors():
            if target.exists():
                raise FileExistsError(f"{target} is there already")
            _sync_file(incoming)
            incoming.rename(target)
            sync_folder(target.parent)
        return target


def prepare_folder(folder: Path) -> None:
    """Make a folder for its owner alone where there is none.

    Raises:
        StorageFullError: where the disk is full.
        DataFolderError: where it cannot be made or written.
    """
    try:
        with space_errors():
            folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_DIR)
    except OSError as error:
        raise DataFolderError(f"{_advice(folder)}: {error.strerror}") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=HAS_EFFECTIVE_IDS):
        is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        reason = "the file system is read-only" if is_read_only else "it belongs to somebody else"
        raise DataFolderError(f"{_advice(folder)}: {reason}")


def _advice(folder: Path) -> str:
    return (
        f"the data folder cannot be written (make {folder} writable for user {os.geteuid()}, or "
        "set EVOLVISENSE_DATA_DIR to another folder)"
    )


@contextlib.contextmanager
def space_errors() -> Generator[None]:
    """A full disk becomes StorageFullError, for whoever writes files of jobs."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise StorageFullError(f"no space is left: {error}") from error
        raise


def job_id_of(path: Path) -> str:
    """The id of the job that a file belongs to."""
    return path.name.partition(".")[0]


def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None


def _checked(name: str) -> str:
    if not _is_name(name):
        raise ValueError(f"{name!r} is no name of a file of a job")
    return name


def _sync_file(path: Path) -> None:
    """Its writer may be less trusted: a link is not followed, a pipe does not block."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError(f"expected a plain file, got a link: {path}") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"expected a plain file: {path}")
        os.fchmod(descriptor, OWNER_ONLY)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
