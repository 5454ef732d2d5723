"""Tables of labelled clips: CSV with the columns path, label, speaker and any others."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from evaluation.errors import EvaluationError
from evaluation.voices.labels import VOICE_SPELLINGS, voice_class
from evolvisense.types.scores import Emotion

DELIMITERS = ",;\t"
LABEL_COLUMNS = ("label", "emotion")
"""The first that a table has counts."""


@dataclass(frozen=True)
class Clip:
    """One row whose label is a class of ours; its sound is not read yet."""

    line: int
    """In the file, the header is line 1."""
    path: str
    """As it is written."""
    emotion: Emotion
    speaker: str
    """As it is written; after the corpus where the table has one, for 03 may be two people."""
    columns: Mapping[str, str]
    """Every cell by its column's name in lower case."""


@dataclass(frozen=True)
class VoiceTable:
    """A table of clips."""

    path: Path
    clips: tuple[Clip, ...]
    """In the order of the file."""
    other_labels: Mapping[str, int]
    """Labels in lower case that are no class of ours -> how many rows have them."""
    columns: tuple[str, ...]


def read_table(path: Path) -> VoiceTable:
    """Read a CSV file in UTF-8 with commas, semicolons or tabs.

    Raises EvaluationError naming the row and what to change.
    """
    header, rows = _rows(path)
    label_column = next((name for name in LABEL_COLUMNS if name in header), "label")
    missing = [name for name in ("path", label_column, "speaker") if name not in header]
    if missing:
        raise EvaluationError(
            f"{path}: row 1 has no column {' and no column '.join(missing)} (found: "
            f"{', '.join(header)}); name the columns path, label, speaker in the first row"
        )
    clips: list[Clip] = []
    others: Counter[str] = Counter()
    for line, cells in rows:
        row = _cells(path, line, header, cells)
        for name in ("path", label_column, "speaker"):
            if not row[name]:
                raise EvaluationError(f"{path}: row {line} has no {name}; fill it or delete it")
        emotion = voice_class(row[label_column])
        if emotion is None:
            others[row[label_column].lower()] += 1
            continue
        speaker = " ".join(part for part in (row.get("corpus"), row["speaker"]) if part)
        clips.append(Clip(line, row["path"], emotion, speaker, row))
    if not clips:
        seen = ", ".join(sorted(others)) or "no rows"
        raise EvaluationError(
            f"{path}: no row with a label that is known; found: {seen}; "
            f"known: {', '.join(sorted(VOICE_SPELLINGS))}"
        )
    return VoiceTable(path, tuple(clips), dict(others), tuple(header))


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header in lower case, and line number with cells of each row that is not empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(DELIMITERS, key=first.count)
            reader = csv.reader(file, delimiter=delimiter)
            header = [name.strip().lower() for cells in islice(reader, 1) for name in cells]
            rows = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise EvaluationError(
            f"cannot read the table {path}: {why}; give a CSV file in UTF-8"
        ) from error
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if twice:
        raise EvaluationError(f"{path}: row 1 has column {twice[0]} twice; rename one of them")
    return header, rows


def _cells(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) > len(header) and any(map(str.strip, cells[len(header) :])):
        raise EvaluationError(
            f"{path}: row {line} has {len(cells)} cells, the header has {len(header)}; "
            "put a cell that holds the delimiter in quotes"
        )
    padded = [*cells, *[""] * (len(header) - len(cells))]
    return {name: cell.strip() for name, cell in zip(header, padded, strict=False)}
