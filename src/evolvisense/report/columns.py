"""Columns of a report: numpy arrays in Python, lists in JSON, NaN as null.

`Part` is the base of every model of the report.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema


class Part(BaseModel):
    """Frozen, with known fields only."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def _as_floats(value: Any) -> NDArray[np.float64]:  # noqa: ANN401 - any sequence of numbers
    if isinstance(value, np.ndarray):
        return cast("NDArray[Any]", value)
    return np.array([np.nan if v is None else v for v in value], np.float64)


def _as_integers(value: Any) -> NDArray[np.int64]:  # noqa: ANN401 - any sequence of numbers
    return np.asarray(value, np.int64)


def _as_booleans(value: Any) -> NDArray[np.bool_]:  # noqa: ANN401 - any sequence of booleans
    return np.asarray(value, np.bool_)


def _float_lister(decimals: int) -> Callable[[NDArray[Any]], list[float | None]]:
    def to_list(column: NDArray[Any]) -> list[float | None]:
        rounded: list[float] = np.round(column.astype(np.float64), decimals).tolist()
        return [v if v == v else None for v in rounded]  # noqa: PLR0124 - NaN differs from itself

    return to_list


def _integer_list(column: NDArray[Any]) -> list[int]:
    return column.tolist()


def _boolean_list(column: NDArray[Any]) -> list[bool]:
    return column.tolist()


def _schema(kind: str | list[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "array", "items": {"type": kind}})


_PIXELS = PlainSerializer(_float_lister(1), when_used="json")
_FRACTIONS = PlainSerializer(_float_lister(4), when_used="json")
_INTENSITIES = PlainSerializer(_float_lister(2), when_used="json")
_TIMES = PlainSerializer(_float_lister(6), when_used="json")
_READ = BeforeValidator(_as_floats)

PixelColumn = Annotated[NDArray[Any], _READ, _PIXELS, _schema("number")]
FractionColumn = Annotated[NDArray[Any], _READ, _FRACTIONS, _schema("number")]
IntensityColumn = Annotated[NDArray[Any], _READ, _INTENSITIES, _schema("number")]
MeasureColumn = Annotated[NDArray[Any], _READ, _PIXELS, _schema(["number", "null"])]
TimeColumn = Annotated[NDArray[Any], _READ, _TIMES, _schema("number")]
IntegerColumn = Annotated[
    NDArray[Any],
    BeforeValidator(_as_integers),
    PlainSerializer(_integer_list, when_used="json"),
    _schema("integer"),
]
BooleanColumn = Annotated[
    NDArray[Any],
    BeforeValidator(_as_booleans),
    PlainSerializer(_boolean_list, when_used="json"),
    _schema("boolean"),
]
