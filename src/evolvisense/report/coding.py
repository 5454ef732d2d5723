"""Annotations of people (ELAN, Praat, CSV) as the tiers of `annotations`, to compare with."""

from __future__ import annotations

import csv
import io
import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from evolvisense.errors import FileUnreadableError, InvalidOptionError
from evolvisense.extras import import_for_format
from evolvisense.report.annotations import Span, Tier

START = ("start", "begin", "onset", "begin_time", "start_time", "xmin", "tmin")
END = ("end", "stop", "offset", "end_time", "xmax", "tmax")
DURATION = ("duration", "dur")
LABEL = ("label", "value", "code", "annotation", "text", "rating")
TIER_NAME = ("tier", "name", "variable")
UNITS = {"_ms": 1e-3, "_s": 1.0, "_sec": 1.0}
"""Ends of the names of columns with times -> seconds."""
CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)")
"""hh:mm:ss.mmm or mm:ss.mmm."""
DAMAGED = (
    *(AttributeError, IndexError, KeyError, TypeError, ValueError),
    *(ElementTree.ParseError, StopIteration, struct.error),
)
"""What readers raise where a file is not what its name says."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_annotations(path: str | Path) -> tuple[Tier, ...]:
    """The tiers of an annotation file.

    Args:
        path: `.eaf` (ELAN), `.TextGrid` (Praat; tiers of points have events without length), or a
            table `.csv`, `.tsv` or `.txt` with the columns start, end or duration, label and, where
            there are several, tier. Times are seconds from the beginning of the recording,
            milliseconds in columns that end in `_ms`, or hh:mm:ss.mmm.

    Returns:
        Tiers with their intervals by time; intervals without a label are left out.

    Raises:
        FileUnreadableError: the file cannot be read.
        InvalidOptionError: it is not such a file.
        ExtraMissingError: the package that reads it is not installed.
    """
    path = Path(path)
    readers: dict[str, Callable[[Path], Mapping[str, Iterable[Span]]]] = {
        ".eaf": _read_eaf,
        ".textgrid": _read_textgrid,
        ".csv": _read_table,
        ".tsv": _read_table,
        ".txt": _read_table,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidOptionError(
            f"{path.name} is not an annotation file: use .eaf, .TextGrid, .csv, .tsv or .txt"
        )
    try:
        found = reader(path)
    except OSError as error:
        raise FileUnreadableError(f"{path} cannot be read: {error.strerror or error}") from error
    except DAMAGED as error:
        raise InvalidOptionError(f"{path.name} is not a valid {path.suffix}: {error}") from error
    return tuple(Tier(name, _in_order(spans)) for name, spans in found.items())


def _in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    labelled = (span for span in spans if span.label)
    return tuple(sorted(labelled, key=lambda span: (span.start_s, span.end_s)))


def _read_eaf(path: Path) -> dict[str, list[Span]]:
    elan: Any = import_for_format("pympi.Elan", "report", "EAF")
    ElementTree.parse(path)  # noqa: S314 - a file of the user's; pympi raises a bare Exception
    document = elan.Eaf(str(path))
    return {
        name: [
            Span(start / 1000, end / 1000, str(label or "").strip())
            for start, end, label, *_ in document.get_annotation_data_for_tier(name)
            if start is not None and end is not None
        ]
        for name in document.get_tier_names()
    }


def _read_textgrid(path: Path) -> dict[str, list[Span]]:
    praat: Any = import_for_format("pympi.Praat", "report", "TextGrid")
    content = path.read_bytes()
    codec = "utf-16" if content.startswith(UTF16) else "utf-8-sig"
    grid = praat.TextGrid(str(path), codec=codec)
    return {
        # An interval has start, end and label, a point a time and a label.
        tier.name: [Span(float(i[0]), float(i[-2]), str(i[-1]).strip()) for i in tier.intervals]
        for tier in grid.get_tiers()
    }


def _read_table(path: Path) -> dict[str, list[Span]]:
    content = path.read_bytes()
    text = content.decode("utf-16" if content.startswith(UTF16) else "utf-8-sig")
    head = text.split("\n", 1)[0]
    delimiter = max("\t;,", key=head.count)
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = {name.strip().lower(): name for name in rows.fieldnames or ()}
    start, end, duration = (_column(names, known) for known in (START, END, DURATION))
    label, tier = _named(names, LABEL), _named(names, TIER_NAME)
    if start is None or label is None or (end is None and duration is None):
        raise InvalidOptionError(
            f"{path.name} has the columns {', '.join(names) or '(none)'}: expected start, end or "
            "duration, and label"
        )
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for row in rows:
        start_s = _seconds(row[start[0]], start[1])
        if end is not None:
            end_s = _seconds(row[end[0]], end[1])
        else:
            assert duration is not None  # noqa: S101 - checked above
            end_s = start_s + _seconds(row[duration[0]], duration[1])
        if end_s < start_s:
            raise ValueError(f"an interval ends at {end_s} s, before its start at {start_s} s")
        name = path.stem if tier is None else (row[tier] or "").strip()
        found[name].append(Span(start_s, end_s, (row[label] or "").strip()))
    return dict(found)


def _column(names: Mapping[str, str], known: Iterable[str]) -> tuple[str, float] | None:
    """A column of times and its unit in seconds."""
    for name, original in names.items():
        for ending, unit in (*UNITS.items(), ("", 1.0)):
            if name.removesuffix(ending) in known and name.endswith(ending):
                return original, unit
    return None


def _named(names: Mapping[str, str], known: Iterable[str]) -> str | None:
    return next((names[name] for name in known if name in names), None)


def _seconds(text: str | None, unit: float) -> float:
    text = (text or "").strip()
    found = CLOCK.fullmatch(text)
    if found is None:
        return float(text.replace(",", ".")) * unit
    hours, minutes, seconds = found.groups()
    return 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))
