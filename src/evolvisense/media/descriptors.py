"""Files that are given by descriptor, as a path: /proc/self/fd/N.

A process in a sandbox may open no media by name; its parent opens them and hands the descriptor
over. Opening /proc/self/fd/N again would be opening by name, so it is read and written through the
descriptor. Each `DescriptorFile` has a place of its own: sound and pictures of one file are read at
the same time.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

FOLDER = "/proc/self/fd"
PATTERN = re.compile(rf"{FOLDER}/(\d+)")


def descriptor_path(descriptor: int) -> Path:
    """A path that names an open file of this process.

    Args:
        descriptor: Stays open while the path is in use.
    """
    return Path(f"{FOLDER}/{descriptor}")


def descriptor_of(path: Path) -> int | None:
    """The descriptor that a path of `descriptor_path` names; None for every other path."""
    found = PATTERN.fullmatch(str(path))
    return None if found is None else int(found[1])


class DescriptorFile(io.RawIOBase):
    """A file object on a descriptor with its own position; closing it leaves the descriptor open.

    Args:
        descriptor: Of a regular file, open for reading, for writing, or for both.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Fill the buffer from the position on; how many bytes there were."""
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count

    def write(self, data: bytes) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Write all of it at the position."""
        view = memoryview(data).cast("B")
        size = len(view)
        while view:
            count = os.pwrite(self._descriptor, view, self._at)
            self._at += count
            view = view[count:]
        return size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set the position, in bytes from the start, from here, or from the end."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        if base is None:
            base = os.fstat(self._descriptor).st_size
        if base + offset < 0:
            raise ValueError(f"a position must be 0 or more, got {base + offset}")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """The position, bytes."""
        return self._at

    def readable(self) -> bool:
        """As io.IOBase has it."""
        return True

    def writable(self) -> bool:
        """As io.IOBase has it."""
        return True

    def seekable(self) -> bool:
        """As io.IOBase has it."""
        return True
