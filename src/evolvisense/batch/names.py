"""Names of files as text: what any file system may hold, made fit for tables, JSON and paths."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

LONGEST_BYTES = 255
"""Of a name in the usual file systems of Linux."""
REPORT_SUFFIX = ".json"
MARK_DIGITS = 8


def printable(text: str) -> str:
    r"""The text in UTF-8; bytes of a name that are none are written as in `M\xfcller.mp4`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def alike(name: str) -> str:
    """Equal for names that look the same: macOS writes letters and their accents apart."""
    return unicodedata.normalize("NFC", name)


def report_paths(names: Iterable[str]) -> dict[str, str]:
    """Name of each file -> path of its report in the folder of reports; no two are the same.

    `NAME.json`; a part that is too long for a file system is cut, and a path that is another's, or
    another's folder, gets a mark made of the name.
    """
    plain = {name: _fitting(name.replace("://", "/").lstrip("/") + REPORT_SUFFIX) for name in names}
    count = Counter(plain.values())
    folders = {str(above) for path in plain.values() for above in PurePosixPath(path).parents}
    return {
        name: _marked(path, name) if count[path] > 1 or path in folders else path
        for name, path in plain.items()
    }


def _fitting(path: str) -> str:
    return "/".join(_shortened(part) for part in path.split("/"))


def _shortened(part: str) -> str:
    if len(part.encode()) <= LONGEST_BYTES:
        return part
    end = f"~{_mark(part)}{REPORT_SUFFIX if part.endswith(REPORT_SUFFIX) else ''}"
    return part.encode()[: LONGEST_BYTES - len(end)].decode("utf-8", "ignore") + end


def _marked(path: str, name: str) -> str:
    folder, slash, last = path.rpartition("/")
    return folder + slash + _shortened(f"{last.removesuffix(REPORT_SUFFIX)}~{_mark(name)}.json")


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_DIGITS]
