"""Reasons not to read a face."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.face.uncertainty import uncertain
from evolvisense.thresholds import UncertaintyOptions
from evolvisense.types.behaviour import UNCERTAINTIES
from tests.factory.findings import geometry, quality

LIMITS = UncertaintyOptions()
CLEAR = np.array([[0.02] * 6 + [0.88]], np.float32)
FLAT = np.full((1, 7), 1 / 7, np.float32)
SURE = np.array([0.95], np.float32)
UNSURE = np.array([LIMITS.min_presence - 0.01], np.float32)


def test_a_clear_face_may_be_read() -> None:
    assert uncertain(CLEAR, SURE, quality(1), geometry(1)) == ("",)


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("small", {"size_px": LIMITS.min_size_px - 0.1}),
        ("dark", {"brightness": LIMITS.min_brightness - 0.01}),
        ("blurred", {"sharpness": LIMITS.min_sharpness - 0.1}),
    ],
)
def test_a_poor_picture_is_named(reason: str, values: dict[str, float]) -> None:
    for reads in (geometry(1), None):
        assert uncertain(CLEAR, SURE, quality(1, **values), reads) == (reason,)
        good = {name: value * 1.5 for name, value in values.items()}
        assert uncertain(CLEAR, SURE, quality(1, **good), reads) == ("",)


@pytest.mark.parametrize(
    ("pose_deg", "reason"),
    [
        ((0, LIMITS.max_yaw_deg + 1, 0), "turned"),
        ((0, -LIMITS.max_yaw_deg - 1, 0), "turned"),
        ((LIMITS.max_pitch_deg + 1, 0, 0), "turned"),
        ((-LIMITS.max_pitch_deg - 1, 0, 0), "turned"),
        ((LIMITS.max_pitch_deg - 1, LIMITS.max_yaw_deg - 1, 0), ""),
        ((0, 0, 90), ""),
    ],
)
def test_a_face_turned_away_is_named_and_a_tilted_one_is_not(
    pose_deg: tuple[float, ...], reason: str
) -> None:
    assert uncertain(CLEAR, SURE, quality(1), geometry(1, pose_deg=pose_deg)) == (reason,)


def test_covered_is_said_by_the_network_alone() -> None:
    assert uncertain(CLEAR, UNSURE, quality(1), geometry(1)) == ("covered",)
    # A detector's score is no measure of that.
    assert uncertain(CLEAR, UNSURE, quality(1), None) == ("",)


def test_an_expression_that_does_not_stand_out_is_flat() -> None:
    assert uncertain(FLAT, SURE, quality(1), geometry(1)) == ("flat",)
    edge = np.array(
        [[LIMITS.min_top_probability] + [(1 - LIMITS.min_top_probability) / 6] * 6], np.float32
    )
    assert uncertain(edge + 0.001, SURE, quality(1), None) == ("",)
    assert uncertain(edge - 0.001, SURE, quality(1), None) == ("flat",)


def test_the_first_reason_is_the_one_that_explains_the_others() -> None:
    turned = geometry(1, pose_deg=(0, 60, 0))
    small = quality(1, size_px=10, brightness=0, sharpness=0)
    assert uncertain(FLAT, UNSURE, small, turned) == ("small",)
    assert uncertain(FLAT, UNSURE, quality(1, brightness=0, sharpness=0), turned) == ("dark",)
    assert uncertain(FLAT, UNSURE, quality(1, sharpness=0), turned) == ("blurred",)
    assert uncertain(FLAT, UNSURE, quality(1), turned) == ("covered",)
    assert uncertain(FLAT, SURE, quality(1), turned) == ("turned",)


def test_each_face_has_its_own_reason() -> None:
    probs = np.concatenate([CLEAR, FLAT, CLEAR])
    sizes = quality(3, size_px=[100, 100, 5])
    reasons = uncertain(probs, np.full(3, 0.9, np.float32), sizes, geometry(3))
    assert reasons == ("", "flat", "small")
    assert set(reasons) <= set(UNCERTAINTIES)


def test_nobody_has_no_reason() -> None:
    nothing = np.zeros((0, 7), np.float32)
    assert uncertain(nothing, np.zeros(0, np.float32), quality(0), geometry(0)) == ()
