"""Landmarks of a face, packed: 73 points of a frame take 292 bytes, and 390 characters of JSON."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, WithJsonSchema
from pydantic import field_validator as check_field

from evolvisense.report.columns import Part
from evolvisense.types.arrays import F32, U16
from evolvisense.types.landmarks import LARGEST, OFFSET, SPAN, UNKNOWN, corner_and_side


def _as_packed(value: Any) -> NDArray[Any]:  # noqa: ANN401 - an array, or its text
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value, validate=True), "<u2")
    return np.asarray(value, np.uint16)


def _as_text(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<u2").tobytes()).decode("ascii")


PackedColumn = Annotated[
    NDArray[Any],
    BeforeValidator(_as_packed),
    PlainSerializer(_as_text, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]


class Landmarks(Part):
    """Points of the face in the frames of the timeline, as the network saw them: not smoothed."""

    points: list[int] = Field(description="Number in MediaPipe's face mesh of each point.")
    values: PackedColumn = Field(
        description="Base64 of whole numbers v of 16 bits, low byte first: x and y of each of "
        "`points`, frame after frame. v / 65535 * 3 - 1 is a share of the face box: x from "
        "`left_px` (0) to `right_px` (1), y from `top_px` to `bottom_px`. A frame in which all v "
        "are 65535 has no landmarks, because the network did not see the face that the detector "
        "found."
    )

    @check_field("values")
    @classmethod
    def _shaped(cls, values: NDArray[Any], info: ValidationInfo) -> NDArray[Any]:
        points = len(info.data.get("points", ()))
        if not points or values.size % (2 * points):
            raise ValueError(f"expected x and y of {points} points, got {values.size} values")
        return values.reshape(-1, points, 2)


class BoxedLandmarks(Protocol):
    """A timeline with landmarks and the face boxes (N,) that they lie in."""

    @property
    def landmarks(self) -> Landmarks | None:
        """Packed landmarks; None where none were kept."""
        ...

    @property
    def left_px(self) -> NDArray[Any]:
        """Left edges."""
        ...

    @property
    def top_px(self) -> NDArray[Any]:
        """Top edges."""
        ...

    @property
    def right_px(self) -> NDArray[Any]:
        """Right edges."""
        ...

    @property
    def bottom_px(self) -> NDArray[Any]:
        """Bottom edges."""
        ...


def decode(timeline: BoxedLandmarks) -> F32 | None:
    """Points (N, P, 2) in source pixels, NaN where unknown; None where none were kept."""
    if timeline.landmarks is None:
        return None
    packed: U16 = timeline.landmarks.values
    boxes = [timeline.left_px, timeline.top_px, timeline.right_px, timeline.bottom_px]
    corner, side = corner_and_side(np.stack(boxes, axis=1).astype(np.float32))
    share = packed.astype(np.float32) / LARGEST * SPAN - OFFSET
    points_px = (corner + share * side).astype(np.float32)
    points_px[(packed == UNKNOWN).all(axis=(1, 2))] = np.nan
    return points_px
