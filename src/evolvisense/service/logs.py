"""Log lines for people or for programs: route, status, seconds and request id of each request.

Never what was sent: no query, no name of a file, no option, no key, no address of a client.
Libraries would log some of it: their lines are filtered here. The text of an exception may hold a
file name, an option or a query: tracebacks are written without it, except for errors whose texts
are about this machine. Guarded by tests/service/http/test_logs.py.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, cast

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


TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
WITH_CONTENT = (
    "httpx",
    "httpcore",
    "websockets",
    "multipart",
    "python_multipart",
    "sqlalchemy",
    "asyncio",
)
"""Libraries whose messages below WARNING name addresses, or show what was sent."""
FALSE_ALARM = "ASGI callable returned without completing handshake."
"""uvicorn says so of every WebSocket that was refused with an HTTP error, which is no fault."""
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object for each record; extra fields of the record are its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in KNOWN},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the name in logging
        """The traceback without what a client has sent."""
        return "" if ei[1] is None else discreet_traceback(ei[1])


class TextLines(logging.Formatter):
    """A line for people, with tracebacks below it."""

    def __init__(self) -> None:
        super().__init__(TEXT_FORMAT)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the name in logging
        """The traceback without what a client has sent."""
        return "" if ei[1] is None else discreet_traceback(ei[1])


class WithoutContent(logging.Filter):
    """Lines of uvicorn without content.

    A line about a WebSocket names its address and query: EdgeMiddleware logs WebSockets instead. A
    start that fails comes as the text of a traceback, whose last line says why.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log the record, which is changed where it has to be."""
        text = str(record.msg)
        if record.name == "uvicorn.error" and record.levelno < logging.INFO:
            return False  # headers, URLs and frames
        if "WebSocket %s" in text or text == FALSE_ALARM:
            return False
        if text.startswith("Traceback"):
            record.msg, record.args = text.strip().rpartition("\n")[2], ()
        return True


def configure_logs(form: Literal["text", "json"], level: str) -> None:
    """Send the log of the whole process to standard error."""
    handler = logging.StreamHandler()
    formatter = JsonLines() if form == "json" else TextLines()
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(WithoutContent())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # EdgeMiddleware logs requests, with their ids.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in WITH_CONTENT:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
