"""Files that are complete or not there at all, whoever is killed while they are written.

    target's folder:   .name.3f9a01c2.part   written, (synced), then in one step ->   name

A reader sees the old file or the new one, never half of one. With `durable` this also holds when
the power fails: the content is on disk before the name is, and the name before the block ends.
Guarded by tests/test_atomic_file.py.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

DEFAULT_MODE = 0o666
"""Reduced by the umask, as for every new file."""


@contextmanager
def atomic_write(
    target: Path,
    *,
    mode: int = DEFAULT_MODE,
    durable: bool = False,
    first_wins: bool = False,
    folder: Path | None = None,
) -> Generator[BinaryIO]:
    """A binary file that becomes `target` when the block ends without an error.

    Args:
        target: path of the file; its folder has to exist.
        mode: permission bits of a new file, before the umask.
        durable: whether the file also survives a power failure.
        first_wins: whether a `target` that is there already stays as it is.
        folder: where the file lies while it is written, on the same file system; by default beside
            `target`.

    Raises:
        OSError: where the file cannot be written; `target` is as it was.
    """
    with atomic_path(target, first_wins=first_wins, folder=folder, durable=durable) as part:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(part, flags, mode), "wb") as file:
            yield file


@contextmanager
def atomic_path(
    target: Path,
    *,
    durable: bool = False,
    first_wins: bool = False,
    folder: Path | None = None,
) -> Generator[Path]:
    """The path of a file that becomes `target` when the block ends without an error.

    For writers that want a path; the arguments are those of `atomic_write`. The block has to make
    the file. Whatever happens, nothing is left under the path.
    """
    part = (folder or target.parent) / f".{target.name}.{secrets.token_hex(4)}.part"
    try:
        yield part
        if durable:
            _sync(part, os.O_RDWR)
        if first_wins:
            with suppress(FileExistsError):
                os.link(part, target)
        else:
            part.replace(target)
        if durable:
            sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Write the names in a folder to disk; nothing where the system cannot (Windows)."""
    if hasattr(os, "O_DIRECTORY"):
        _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
