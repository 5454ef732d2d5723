"""The summary of a batch: one row of features per recording, as a pandas table for modelling.

A table of one's own (participants, conditions) can be joined to it.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from evolvisense.batch.inputs import alike
from evolvisense.errors import InvalidOptionError
from evolvisense.report.notebook import require_pandas
from evolvisense.report.tables import require_pyarrow

NAMES_SHOWN = 5
FAILED = "failed"


def feature_table(out: str | Path) -> Any:  # noqa: ANN401 - pandas comes without types
    """One row for each analysed file of the data set in `out`, as a DataFrame with index `file`.

    `table.select_dtypes("number")` is what a model takes; NaN where a measure is missing, and the
    columns `..._missing` say why. `table.attrs["failed"]` lists the files that have no row because
    they could not be analysed. Raises InvalidOptionError where `out` has no data set, and
    FormatUnavailableError without pandas or pyarrow.
    """
    pd = require_pandas()
    require_pyarrow()
    folder = Path(out) / "summary"
    if not folder.is_dir():
        if (Path(out) / "failures").is_dir():
            raise InvalidOptionError(f"no file of {out} could be analysed: see its failures")
        raise InvalidOptionError(f"{out} holds no finished batch")
    table = pd.concat(_parts(folder), ignore_index=True).set_index("file")
    failures = _parts(folder.parent / "failures")
    table.attrs[FAILED] = [name for part in failures for name in part.file]
    return table


def person_table(out: str | Path) -> Any:  # noqa: ANN401 - pandas comes without types
    """One row for each person of each file of the data set in `out`, indexed by file and person_id.

    The columns are those of `Report.to_pandas("person")`. Raises as `feature_table`.
    """
    pd = require_pandas()
    require_pyarrow()
    folder = Path(out) / "people"
    if not folder.is_dir():
        raise InvalidOptionError(f"{out} has no table of people: run the batch again")
    return pd.concat(_parts(folder), ignore_index=True).set_index(["file", "person_id"])


def join_by_file(
    table: Any,  # noqa: ANN401 - pandas comes without types
    own: Any,  # noqa: ANN401
    column: str = "file",
    *,
    unmatched: Literal["error", "keep"] = "error",
) -> Any:  # noqa: ANN401
    """The rows of your own table, each with the features of its file; rows keep their order.

    `table` as `feature_table` gives it; `column` of `own` holds names of files: as in the batch, or
    without folders, or without the suffix too, where that names one file only, the files that
    failed included. Several rows may be about one file. A name without features is an error, or
    with `unmatched="keep"` a row without them. Files that `own` does not name are left out. Raises
    InvalidOptionError.
    """
    if column not in own.columns:
        columns = ", ".join(map(str, own.columns))
        raise InvalidOptionError(f"the table has no column {column}; it has {columns}")
    twice = sorted(set(table.columns) & (set(own.columns) - {column}))
    if twice:
        raise InvalidOptionError(f"both tables have the columns {_some(twice)}: rename yours")
    failed = set(table.attrs.get(FAILED, ()))
    names = _Names([*table.index, *failed])
    found = [names.of(str(name)) for name in own[column]]
    lost = [
        f"{name} (could not be analysed)" if match in failed else str(name)
        for name, match in zip(own[column], found, strict=True)
        if match is None or match in failed
    ]
    if lost and unmatched == "error":
        raise InvalidOptionError(
            f"{len(lost)} of {len(found)} names have no features: {_some(lost)}. The batch has "
            f'{_some(table.index)}. With unmatched="keep" such rows stay, without features'
        )
    # By position: labels of `own` may stand there twice.
    features = table.reindex(found).set_axis(range(len(own)))
    return own.set_axis(range(len(own))).join(features).set_axis(own.index)


class _Names:
    """Files of a batch by their name, and by what is left of it without folders and suffix."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {alike(name): name for name in names}
        self._short: defaultdict[str, set[str]] = defaultdict(set)
        for plain, name in self._names.items():
            path = PurePosixPath(plain)
            for short in (path.name, path.stem, str(path.with_suffix(""))):
                self._short[short].add(name)

    def of(self, name: str) -> str | None:
        """Raises InvalidOptionError where several files go by that name."""
        plain = alike(name)
        if plain in self._names:
            return self._names[plain]
        matches = self._short.get(plain, set[str]())
        if len(matches) > 1:
            raise InvalidOptionError(f"{name} may be {_some(sorted(matches))}: name its folder too")
        return next(iter(matches), None)


def _parts(folder: Path) -> list[Any]:
    """A table of a data set, as DataFrames."""
    parquet = importlib.import_module("pyarrow.parquet")
    return [parquet.read_table(path).to_pandas() for path in sorted(folder.glob("*.parquet"))]


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - NAMES_SHOWN
    return ", ".join(listed[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
