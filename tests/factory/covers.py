"""Dark glasses, masks and hands, drawn over faces at their landmarks."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from evolvisense.types.arrays import F32, U8
from evolvisense.types.face import FaceLayout

Cover = Literal["glasses", "mask", "hand"]
BLACK, BLUE = (14, 14, 16), (120, 165, 200)
GLASSES_OPACITY = 0.9


def drawn(cover: Cover, rgb: U8, points: F32, layout: FaceLayout) -> U8:
    """The frame with the cover over the face whose landmarks are `points` (P, 2), in pixels."""

    def at(*mesh: int) -> F32:
        return points[layout.points(*mesh)]

    eyes = [at(33, 133).mean(axis=0), at(263, 362).mean(axis=0)]
    unit = float(np.linalg.norm(eyes[0] - eyes[1]))
    picture = rgb.copy()
    if cover == "glasses":
        for eye in eyes:
            size = (int(0.44 * unit), int(0.34 * unit))
            cv2.ellipse(picture, _xy(eye), size, 0, 0, 360, BLACK, -1, cv2.LINE_AA)
        cv2.line(picture, _xy(eyes[0]), _xy(eyes[1]), BLACK, max(1, int(0.06 * unit)))
        mixed = cv2.addWeighted(picture, GLASSES_OPACITY, rgb, 1 - GLASSES_OPACITY, 0)
        return np.asarray(mixed, np.uint8)
    if cover == "mask":
        outline = at(132, 195, 361, 397, 379, 400, 152, 176, 150, 172)
        cv2.fillPoly(picture, [outline.astype(np.int32)], BLUE, cv2.LINE_AA)
        return picture
    place = _xy(0.45 * at(33)[0] + 0.55 * at(61)[0])
    skin = tuple(float(value) for value in rgb[place[1], place[0]])
    middle = at(13, 14).mean(axis=0)
    for finger in range(4):
        centre = _xy(middle + np.array((-0.1 * unit, (finger - 1.5) * 0.22 * unit), np.float32))
        size = (int(0.75 * unit), int(0.12 * unit))
        shade = [0.97 - 0.05 * finger, 0.72]
        fill, edge = (tuple(share * value for value in skin) for share in shade)
        cv2.ellipse(picture, centre, size, 6, 0, 360, fill, -1, cv2.LINE_AA)
        cv2.ellipse(picture, centre, size, 6, 0, 360, edge, max(1, int(0.025 * unit)), cv2.LINE_AA)
    return picture


def _xy(point: F32) -> tuple[int, int]:
    return int(point[0]), int(point[1])
