"""Boxes, names, expressions and landmarks, painted into a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from evolvisense.report.overlay.positions import FacePlacement
from evolvisense.types.arrays import F32, I64, U8

Colour = tuple[int, int, int]

COLOURS: tuple[Colour, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 200, 150),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
)
"""Of persons 1, 2, ... as RGB, after Okabe & Ito: apart for colour-blind people too."""
INK: Colour = (16, 16, 16)
"""Of text and of the edges of lines: at least 5:1 on every colour above."""
FONT = cv2.FONT_HERSHEY_SIMPLEX
TEXT_SHARE, MIN_TEXT_PX = 1 / 38, 11
"""Height of a capital over the shorter side of the picture."""
POINT_SHARE = 1 / 150
"""Radius of a landmark over the shorter side of the face."""
MIN_POINTS_PX = 100
"""The points of smaller faces would hide them: lines are enough."""
CAPITAL_PX = 22
"""Height of a capital of the font at scale 1."""

CONTOURS: tuple[tuple[bool, tuple[int, ...]], ...] = (
    (True, (10, 297, 284, 389, 454, 361, 397, 379, 400, 152, 176, 150, 172, 132, 234, 162, 54, 67)),
    (False, (70, 63, 105, 66, 107)),
    (False, (300, 293, 334, 296, 336)),
    (True, (33, 160, 159, 158, 133, 153, 145, 144)),
    (True, (263, 387, 386, 385, 362, 380, 374, 373)),
    (False, (168, 6, 195, 4)),
    (False, (98, 2, 327)),
    (True, (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)),
    (True, (78, 81, 13, 311, 308, 402, 14, 178)),
)
"""Lines through points of the face mesh, and whether each is closed: oval, brows, eyes, nose, lips.
"""


class Painter:
    """Paints into pictures of one size; `mesh_points` are the numbers of the landmarks."""

    def __init__(self, size_wh: tuple[int, int], mesh_points: Sequence[int]) -> None:
        shorter = min(size_wh)
        self._text_px = max(MIN_TEXT_PX, round(shorter * TEXT_SHARE))
        self._pad_px, self._step_px = self._text_px // 2, round(1.6 * self._text_px)
        self._scale, self._weight = self._text_px / CAPITAL_PX, max(1, round(self._text_px / 9))
        self._line_px = max(2, round(shorter / 320))
        row = {point: i for i, point in enumerate(mesh_points)}
        self._contours = [
            (is_closed, [row[point] for point in line])
            for is_closed, line in CONTOURS
            if all(point in row for point in line)
        ]

    def paint(self, rgb: U8, places: Sequence[FacePlacement]) -> None:
        """Paint faces whose places are in pixels of this picture."""
        for place in places:
            if place.points_px is not None:
                self._landmarks(rgb, place.points_px, place.box, colour_of(place.person_id))
        for place in places:
            self._box(rgb, place.box, colour_of(place.person_id))
        taken = [np.rint(place.box).astype(np.int64) for place in places]
        for place in places:
            taken.append(self._label(rgb, place, taken))

    def _landmarks(self, rgb: U8, points_px: F32, box: F32, colour: Colour) -> None:
        # Four bits of a fraction of a pixel: a still face would tremble otherwise.
        fixed = np.rint(points_px * 16).astype(np.int32)
        for is_closed, rows in self._contours:
            cv2.polylines(rgb, [fixed[rows]], is_closed, colour, 1, cv2.LINE_AA, 4)
        side_px = float((box[2:] - box[:2]).min())
        if side_px < MIN_POINTS_PX and self._contours:
            return
        radius = round(16 * max(1.0, side_px * POINT_SHARE))
        for x, y in fixed.tolist():
            cv2.circle(rgb, (x, y), radius, colour, -1, cv2.LINE_AA, 4)

    def _box(self, rgb: U8, box: F32, colour: Colour) -> None:
        left, top, right, bottom = np.rint(box).astype(int).tolist()
        for edge_px, shade in ((self._line_px + 2, INK), (self._line_px, colour)):
            cv2.rectangle(rgb, (left, top), (right, bottom), shade, edge_px, cv2.LINE_AA)

    def _label(self, rgb: U8, place: FacePlacement, taken: Sequence[I64]) -> I64:
        """Write the longest label that has room beside all faces and labels; the room it takes."""
        picture_wh = (rgb.shape[1], rgb.shape[0])
        name = f"person {place.person_id}"
        full = [(name, text) for text in place.expression]
        labels: list[tuple[str, ...]] = [*full, (name,), (str(place.person_id),)]
        for lines in labels:
            room = self._free_room(place.box, self._size(lines), picture_wh, taken)
            if room is not None:
                break
        else:
            lines, wide_high = labels[-1], self._size(labels[-1])
            room = _rooms(place.box, wide_high, picture_wh, self._line_px + 1)[-1]
        left, top, right, bottom = room.tolist()
        cv2.rectangle(rgb, (left, top), (right, bottom), colour_of(place.person_id), cv2.FILLED)
        for number, line in enumerate(lines):
            at = (left + self._pad_px, top + self._pad_px + number * self._step_px + self._text_px)
            cv2.putText(rgb, line, at, FONT, self._scale, INK, self._weight, cv2.LINE_AA)
        return room

    def _size(self, lines: Sequence[str]) -> tuple[int, int]:
        widths = [cv2.getTextSize(n, FONT, self._scale, self._weight)[0][0] for n in lines]
        high = (len(lines) - 1) * self._step_px + self._text_px
        return max(widths) + 2 * self._pad_px, high + 2 * self._pad_px

    def _free_room(
        self,
        box: F32,
        size_wh: tuple[int, int],
        picture_wh: tuple[int, int],
        taken: Sequence[I64],
    ) -> I64 | None:
        for room in _rooms(box, size_wh, picture_wh, self._line_px + 1)[:-1]:
            is_inside = (room[:2] >= 0).all() and (room[2:] <= picture_wh).all()
            if is_inside and not any(_overlap(room, other) for other in taken):
                return room
        return None


def _rooms(box: F32, size_wh: tuple[int, int], picture_wh: tuple[int, int], gap: int) -> list[I64]:
    """Where a label may stand, best first: above the box, below it, beside it, and last over it."""
    wide, high = size_wh
    left, top, right, bottom = np.rint(box).astype(int).tolist()
    # Above and below it may move sideways, to stay in the picture.
    along = max(0, min(left, picture_wh[0] - wide))
    corners = [
        (along, top - high - gap),
        (along, bottom + gap),
        (right + gap, top),
        (left - wide - gap, top),
        (along, max(0, min(top, picture_wh[1] - high))),
    ]
    return [np.array((x, y, x + wide, y + high), np.int64) for x, y in corners]


def colour_of(person_id: int) -> Colour:
    """The colour of a person, 1-based."""
    return COLOURS[(person_id - 1) % len(COLOURS)]


def _overlap(one: I64, other: I64) -> bool:
    return bool((one[:2] < other[2:]).all() and (other[:2] < one[2:]).all())
