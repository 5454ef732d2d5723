"""The options of an upload: how each is read, and how /openapi.json describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import Field, TypeAdapter, ValidationError

from evolvisense.api.options import LARGEST_COUNT
from evolvisense.api.scalars import TruthText, WholeText, shown
from evolvisense.errors import InvalidOptionError
from evolvisense.types.indicators import Language
from evolvisense.types.options import Smoothing

T = TypeVar("T")

_COUNT: TypeAdapter[int] = TypeAdapter(Annotated[WholeText, Field(ge=1, le=LARGEST_COUNT)])
_SMOOTHING: TypeAdapter[Smoothing] = TypeAdapter(Smoothing)
_LANGUAGE: TypeAdapter[Language] = TypeAdapter(Language)


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One option, given as text."""

    name: str
    kind: TypeAdapter[T]
    wanted: str
    """What a right value is, for the one who gave a wrong one."""
    default: T
    meaning: str

    def read(self, given: Mapping[str, str]) -> T:
        """The value among `given`, or the default. Raises InvalidOptionError."""
        if self.name not in given:
            return self.default
        try:
            return self.kind.validate_python(given[self.name])
        except ValidationError as error:
            raise InvalidOptionError(
                f"{self.name} must be {self.wanted}, got {shown(given[self.name])}"
            ) from error

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value."""
        return {**self.kind.json_schema(), "default": self.default}

    def as_field(self) -> dict[str, Any]:
        """The form field."""
        return {**self.schema(), "description": self.meaning}

    def as_query(self, note: str = "") -> dict[str, Any]:
        """The query parameter."""
        return {
            "name": self.name,
            "in": "query",
            "required": False,
            "schema": self.schema(),
            "description": f"{self.meaning}{note}",
        }


FRAME_SKIP = Parameter(
    "frame_skip",
    _COUNT,
    "a whole number in digits, 1 or more",
    10,
    "Frames whose 1-based number is a multiple of this are analysed.",
)
MAX_FRAMES = Parameter(
    "max_frames",
    _COUNT,
    "a whole number in digits, 1 or more",
    50,
    "Faces are read in so many of them at most.",
)
SMOOTHING = Parameter(
    "smoothing",
    _SMOOTHING,
    " or ".join(get_args(Smoothing)),
    "one-euro",
    "Filter of the report's timelines; `off` gives every frame as it was read. The v1 keys are "
    "always computed from the frames as they were read.",
)
LANGUAGE = Parameter(
    "language",
    _LANGUAGE,
    " or ".join(get_args(Language)),
    "any",
    "Language spoken: the report's indicators are relative to its reference set.",
)
WITH_REPORT = Parameter(
    "report",
    TypeAdapter(TruthText),
    "true or false",
    True,
    "`false` leaves the key `report` out of the answer.",
)

OF_THE_ANALYSIS: tuple[Parameter[Any], ...] = (FRAME_SKIP, MAX_FRAMES, SMOOTHING, LANGUAGE)
"""Accepted as form fields and as query parameters; the others as query parameters alone."""
