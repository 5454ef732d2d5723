"""Conformance suites: does an engine keep the contract of its protocol?

Each suite is a tuple of functions that take an engine and raise AssertionError with what was
expected and what came. With pytest:

    import pytest
    from evolvisense.testing import DETECTOR_CHECKS

    @pytest.mark.parametrize("check", DETECTOR_CHECKS, ids=lambda check: check.__name__)
    def test_my_detector(check):
        check(MyDetector())

Without pytest `check_engine("detector", MyDetector())` runs them all. The suites check shapes,
types, ranges, that block and batch sizes change nothing and that threads do not disturb each
other. Whether an engine is accurate they do not know: `python -m evaluation` measures that.
The built-in engines are tested with the same functions (`tests/test_engines.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evolvisense.models.engines import resolve_engine
from evolvisense.testing.faces import (
    CLASSIFIER_CHECKS,
    DETECTOR_CHECKS,
    FACE_NETWORK_CHECKS,
    TRACKER_CHECKS,
    WHOLE_FRAME_CHECKS,
    check_finds_face,
)
from evolvisense.testing.voices import ACTIVITY_CHECKS, PITCH_CHECKS, VOICE_EMOTION_CHECKS
from evolvisense.types.engines import EngineKind, FaceNetwork, WholeFrameReader

__all__ = [
    "ACTIVITY_CHECKS",
    "CLASSIFIER_CHECKS",
    "DETECTOR_CHECKS",
    "FACE_NETWORK_CHECKS",
    "PITCH_CHECKS",
    "TRACKER_CHECKS",
    "VOICE_EMOTION_CHECKS",
    "WHOLE_FRAME_CHECKS",
    "check_engine",
    "check_finds_face",
    "checks_of",
]

Check = Callable[[Any], None]

_CHECKS: Mapping[EngineKind, tuple[Check, ...]] = {
    "detector": DETECTOR_CHECKS,
    "tracker": TRACKER_CHECKS,
    "activity": ACTIVITY_CHECKS,
    "pitch": PITCH_CHECKS,
    "voice_emotion": VOICE_EMOTION_CHECKS,
}


def checks_of(kind: EngineKind, engine: object) -> tuple[Check, ...]:
    """The checks that apply to an engine of a kind.

    Args:
        kind: `detector`, `tracker`, `expression`, `activity`, `pitch` or `voice_emotion`.
        engine: Decides which of the three protocols of `expression` is meant.
    """
    if kind != "expression":
        return _CHECKS[kind]
    if isinstance(engine, WholeFrameReader):
        return WHOLE_FRAME_CHECKS
    return FACE_NETWORK_CHECKS if isinstance(engine, FaceNetwork) else CLASSIFIER_CHECKS


def check_engine(kind: EngineKind, engine: object) -> None:
    """Run every check that applies; the first that fails raises AssertionError.

    Args:
        kind: What the engine does.
        engine: An object, or the name of an installed engine.

    Raises:
        TypeError: the object lacks attributes of the protocol.
        AssertionError: it does not keep the contract.

    Example:
        >>> from evolvisense.face.tracking import NearestTracker
        >>> check_engine("tracker", NearestTracker())
    """
    found = resolve_engine(kind, engine)
    for check in checks_of(kind, found):
        check(found)
