"""Whether eyes and mouth of a face can be seen, or are covered by glasses, a mask or a hand.

An open or closed eye and a pair of lips have edges; dark glasses, a mask and fingers are smooth in
the same place. All levels are shares of the skin's lightness (CIE L*), so that exposure and skin
colour cancel. The network does not show it: its `presence` stays 1.00 with glasses and most masks.

Measured on single crops, covers drawn at the landmarks (57 frames of nine clips; 500 CFEE and 500
scene faces, a third of them covered):

| | clips | CFEE | scene |
|---|---|---|---|
| dark glasses found (black; brown 88 %; grey 80 %) | 0.91-0.96 | 0.99-1.00 | 0.96-0.99 |
| mask found (blue, white, black) | 0.95-1.00 | 0.99-1.00 | 0.88-0.98 |
| hand found | 1.00 | 0.98 | 0.92 |
| false: eyes / mouth of plain faces | 0.000 / 0.000 | 0.000 / 0.008 | 0.004 / 0.022 |
"""

from __future__ import annotations

import cv2
import numpy as np

from evolvisense.types.arrays import F32, U8, Bools
from evolvisense.types.face import FaceLayout

MAX_COVERED_EYE_CONTRAST = 0.115
"""Standard deviation of the lightness around an eye; plain eyes: 0.14-0.33."""
MAX_COVERED_EYE_LIGHTNESS = 0.70
"""Its 90th percentile: the skin around an open or closed eye is as light as the skin elsewhere."""
MAX_COVERED_MOUTH_CONTRAST = 0.085
"""Standard deviation around the lips; plain mouths 0.11-0.46."""
MAX_COVERED_MOUTH_RANGE = 0.30
"""From the 5th to the 95th percentile; plain mouths 0.38-1.25."""
MAX_MASKED_MOUTH_CONTRAST = 0.12
MAX_MASKED_MOUTH_RANGE = 0.40
MIN_MASK_HUE = 12.0
"""Distance of the chin's a*b* from the forehead's, up to 7.6 in plain faces. From here on the two
limits above count, those of a folded mask."""

MIN_SKIN_LIGHTNESS = 25.0
"""Of 255: nothing is called covered beside darker skin patches."""

EYE_CORNERS = ((33, 133), (263, 362))
MOUTH_CORNERS = (61, 291)
LIPS = (13, 14)
FOREHEAD = (10, 168)
CHIN = (17, 152)

# Half widths and heights of patches, in distances between the eyes.
EYE_PATCH = (0.26, 0.15)
CHEEK_PATCH = (0.12, 0.12)
FOREHEAD_PATCH = (0.25, 0.12)
MOUTH_PATCH = (0.30, 0.14)
CHIN_PATCH = (0.20, 0.10)


def covered(crops: U8, points: F32, layout: FaceLayout) -> tuple[Bools, Bools]:
    """Whether the eyes, and whether the mouth, of each face are covered.

    Args:
        crops: uint8 (F, S, S, 3), RGB.
        points: float32 (F, P, 2), the landmarks in pixels of the crops.
        layout: Says which landmark is which.

    Returns:
        Eyes (F,) and mouth (F,).
    """
    eyes, mouth = np.zeros(len(crops), np.bool_), np.zeros(len(crops), np.bool_)
    for face, crop in enumerate(crops):
        eyes[face], mouth[face] = _covered(crop, points[face], layout)
    return eyes, mouth


def _covered(crop: U8, points: F32, layout: FaceLayout) -> tuple[bool, bool]:
    lab = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2LAB), np.uint8)
    corners = [points[layout.points(*pair)] for pair in EYE_CORNERS]
    centres = [pair.mean(axis=0) for pair in corners]
    unit = float(np.linalg.norm(centres[0] - centres[1]))
    mouth_ends = points[layout.points(*MOUTH_CORNERS)]
    # Below the outer corner of the eye, above the corner of the mouth.
    cheeks = [0.45 * pair[0] + 0.55 * end for pair, end in zip(corners, mouth_ends, strict=True)]
    above, between = points[layout.points(*FOREHEAD)]
    lip, tip = points[layout.points(*CHIN)]
    cheek = np.concatenate([_patch(lab, at, unit, CHEEK_PATCH) for at in cheeks])
    forehead = _patch(lab, (above + between) / 2, unit, FOREHEAD_PATCH)
    chin = _patch(lab, 0.4 * lip + 0.6 * tip, unit, CHIN_PATCH)
    eyes = [_patch(lab, at, unit, EYE_PATCH)[:, 0] for at in centres]
    mouth = _patch(lab, points[layout.points(*LIPS)].mean(axis=0), unit, MOUTH_PATCH)[:, 0]
    if min(map(len, (cheek, forehead, chin, mouth, *eyes))) == 0:
        return False, False
    brow = np.median(forehead, axis=0)
    # A mask lies on the cheeks, hair on the forehead: the darker one gives no false alarm.
    skin, top = min(float(np.median(cheek[:, 0])), float(brow[0])), float(brow[0])
    return (
        skin >= MIN_SKIN_LIGHTNESS
        and float(np.mean([eye.std() for eye in eyes])) < MAX_COVERED_EYE_CONTRAST * skin
        and float(np.mean([np.percentile(eye, 90) for eye in eyes]))
        < MAX_COVERED_EYE_LIGHTNESS * skin,
        top >= MIN_SKIN_LIGHTNESS
        and _is_smooth_mouth(
            float(mouth.std()) / top,
            float(np.ptp(np.percentile(mouth, (5, 95)))) / top,
            float(np.linalg.norm(np.median(chin, axis=0)[1:] - brow[1:])),
        ),
    )


def _is_smooth_mouth(contrast: float, span: float, hue: float) -> bool:
    if contrast < MAX_COVERED_MOUTH_CONTRAST and span < MAX_COVERED_MOUTH_RANGE:
        return True
    is_flat = contrast < MAX_MASKED_MOUTH_CONTRAST and span < MAX_MASKED_MOUTH_RANGE
    return is_flat and hue > MIN_MASK_HUE


def _patch(lab: U8, centre: F32, unit: float, halves: tuple[float, float]) -> U8:
    """The pixels (N, 3) within the half width and height around a place; none outside the crop."""
    side = len(lab)
    left, right = (centre[0] + sign * unit * halves[0] for sign in (-1, 1))
    top, bottom = (centre[1] + sign * unit * halves[1] for sign in (-1, 1))
    rows = slice(max(0, int(top)), max(0, min(side, int(bottom + 1))))
    columns = slice(max(0, int(left)), max(0, min(side, int(right + 1))))
    return lab[rows, columns].reshape(-1, 3)
