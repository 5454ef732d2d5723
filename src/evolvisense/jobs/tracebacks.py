"""Tracebacks for a log: where an error came from, without what a client has sent.

The text of an exception may hold a file name, an option or a query. It is left out, except for
errors whose texts are about this machine.
"""

from __future__ import annotations

import sqlite3
import traceback
from typing import cast

from evolvisense.errors import EngineError, StorageError

ABOUT_THIS_MACHINE = (EngineError, StorageError, ImportError, sqlite3.Error)


def discreet_traceback(error: BaseException) -> str:
    """The traceback of an error and its causes, with the kinds of the exceptions.

    Args:
        error: any exception, also a group.

    Returns:
        Lines as Python prints them; the last one is the kind, and the text only where it cannot
        come from a client.
    """
    return "\n".join(_lines(error, set()))


def described(error: BaseException) -> str:
    """Kind of an exception, with its text only where it cannot come from a client."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, OSError):
        return f"{name}: {error.strerror}" if error.strerror else name
    return f"{name}: {error}" if isinstance(error, ABOUT_THIS_MACHINE) else name


def _lines(error: BaseException, seen: set[int]) -> list[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines: list[str] = []
    if before is not None and id(before) not in seen:
        lines += [*_lines(before, seen), "", "which led to:", ""]
    lines.append("Traceback (most recent call last):")
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}')
    lines.append(described(error))
    if isinstance(error, BaseExceptionGroup):
        for one in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            if id(one) not in seen:
                lines += ["  " + line for line in _lines(one, seen)]
    return lines
