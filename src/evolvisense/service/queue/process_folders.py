"""Folders that belong to one process each; whoever can take the lock of one knows it to be dead.

    <name>/       what the process has there
    <name>.lock   locked (flock) while it lives

A folder is made after its lock and removed before it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

OWNER_ONLY = 0o600
OWNER_ONLY_DIR = 0o700
LOCK = ".lock"


@dataclass(frozen=True)
class Instance:
    """A folder of this process."""

    name: str
    lock: int
    """Descriptor that holds the lock as long as it is open."""


def claim(parent: Path) -> Instance:
    """A new folder with a new name."""
    while True:
        name = secrets.token_hex(8)
        path = parent / (name + LOCK)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY)
        try:
            # A sweep may have taken the file for a dead process's before it was locked.
            if _lock_now(lock) and path.exists():
                (parent / name).mkdir(mode=OWNER_ONLY_DIR)
                return Instance(name, lock)
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(lock)
            raise
        os.close(lock)


def give_up(parent: Path, instance: Instance) -> None:
    """Delete a folder of this process, and let go of its name."""
    _remove(parent, instance.name)
    os.close(instance.lock)


def is_alive(parent: Path, name: str) -> bool:
    """Whether the process of that folder lives on this machine."""
    try:
        lock = os.open(parent / (name + LOCK), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _lock_now(lock, fcntl.LOCK_SH)  # two who ask at once are not in each other's way
    finally:
        os.close(lock)


def sweep_dead(parent: Path) -> tuple[str, ...]:
    """Delete the folders of dead processes; their names."""
    names = {path.name.removesuffix(LOCK) for path in parent.iterdir()}
    return tuple(name for name in sorted(names) if _sweep_one(parent, name))


def _sweep_one(parent: Path, name: str) -> bool:
    try:
        lock = os.open(parent / (name + LOCK), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return _remove_unlocked(parent / name)
    try:
        if not _lock_now(lock):
            return False
        _remove(parent, name)
        return True
    finally:
        os.close(lock)


def _remove(parent: Path, name: str) -> None:
    """For the holder of the lock."""
    _remove_tree(parent / name)
    (parent / (name + LOCK)).unlink(missing_ok=True)


def _remove_unlocked(folder: Path) -> bool:
    """A folder without a lock belongs to nobody."""
    if not folder.is_dir():
        return False
    _remove_tree(folder)
    return True


def _remove_tree(folder: Path) -> None:
    """Another sweep may have been faster."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _lock_now(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
