"""Files on their way into a form; each try sends them from the same place again."""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evolvisense.errors import FileUnreadableError

Source = str | os.PathLike[str] | BinaryIO
"""A path, or a binary file that is read from where it stands and is not closed."""

NAME = "video"
"""Sent as the name of every file: what a file is called here concerns nobody else."""

FormFile = tuple[str, tuple[str, io.RawIOBase]]


@dataclass(frozen=True)
class Form:
    """The form of one submission."""

    parts: tuple[Path | _Rest, ...]
    options: str
    """JSON."""

    @property
    def is_repeatable(self) -> bool:
        """Whether all of it can be sent a second time; a pipe cannot."""
        return all(not isinstance(part, _Rest) or part.seekable() for part in self.parts)

    @contextmanager
    def opened(self) -> Generator[list[FormFile]]:
        """The files, for one try. Raises FileUnreadableError."""
        with ExitStack() as stack:
            files: list[FormFile] = []
            for part in self.parts:
                if isinstance(part, _Rest):
                    files.append(("file", (NAME, part)))
                else:
                    files.append(("file", (NAME, stack.enter_context(_open(part)))))
            yield files


def form_of(sources: Sequence[Source], options: str) -> Form:
    """The form with these files. Raises ValueError without any."""
    if not sources:
        raise ValueError("expected at least one file, got none")
    return Form(
        tuple(
            Path(source) if isinstance(source, str | os.PathLike) else _Rest(source)
            for source in sources
        ),
        options,
    )


class _Rest(io.RawIOBase):
    """What a file holds from where it stands. httpx would take all of it, or a pipe for empty."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = file.tell() if file.seekable() else None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._start is not None

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if self._start is None:
            raise io.UnsupportedOperation("this file cannot be read again")
        moved = offset + self._start if whence == os.SEEK_SET else offset
        return self._file.seek(moved, whence) - self._start


def _open(path: Path) -> io.FileIO:
    if path.is_fifo() or path.is_char_device():
        raise FileUnreadableError(f"{path} is no regular file; open it and give the open file")
    try:
        return io.FileIO(path)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise FileUnreadableError(f"{path} cannot be read: {reason}") from error
