"""Log lines for people or for programs: route, status, seconds and request id of each request.

Never what was sent: no query, no name of a file, no option, no key, no address of a client.
Libraries would log some of it: their lines are filtered here, and tracebacks are written without
the texts of exceptions. Guarded by tests/server/test_logs.py.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

from evolvisense.jobs.tracebacks import discreet_traceback

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
