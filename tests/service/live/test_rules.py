"""The small rules beneath the protocol: headers, pacing, weight of the import, documentation."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.service.live import LiveSettings
from evolvisense.service.live import protocol as spoken
from evolvisense.service.live.connection import Allowance
from evolvisense.service.live.protocol import PassingError, parse_binary

PAGE = Path(__file__).resolve().parents[3] / "docs" / "live.md"


@given(
    st.sampled_from([1, 2]), st.floats(allow_nan=False, allow_infinity=False), st.binary(min_size=1)
)
def test_a_binary_message_is_read_as_it_was_written(kind: int, time_s: float, data: bytes) -> None:
    binary = parse_binary(struct.pack(">Bd", kind, time_s) + data)
    assert binary.kind == ("picture" if kind == 1 else "sound")
    assert binary.time_s == time_s
    assert binary.payload == data


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    try:
        binary = parse_binary(message)
    except PassingError:
        return
    assert math.isfinite(binary.time_s)
    assert struct.pack(">Bd", message[0], binary.time_s) + binary.payload == message


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_an_allowance_lets_the_rate_pass_and_no_more() -> None:
    clock = Clock()
    allowance = Allowance(10.0, 2.0, clock)
    passed = 0
    for _ in range(1000):
        clock.now_s += 0.01
        passed += allowance.take()
    assert passed == pytest.approx(101, abs=1)


def test_an_allowance_lets_a_burst_pass_after_a_rest() -> None:
    clock = Clock()
    allowance = Allowance(10.0, 2.0, clock)
    assert [allowance.take() for _ in range(4)] == [True, True, False, False]
    clock.now_s += 60
    assert [allowance.take() for _ in range(4)] == [True, True, False, False]


def test_one_who_waits_as_told_keeps_the_rate() -> None:
    clock = Clock()
    allowance = Allowance(10.0, 2.0, clock)
    for _ in range(102):
        clock.now_s += allowance.take_later()
    assert clock.now_s == pytest.approx(110.0)


def test_the_server_side_loads_neither_decoders_nor_models() -> None:
    script = (
        "import sys, evolvisense.service.live as live\n"
        "live.live_routes(live.LiveSettings(), live.LivePool(live.LiveSettings()), None)\n"
        "print(sorted({'av', 'cv2', 'onnxruntime', 'soxr', 'swift_f0'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "message",
    [
        "Configure",
        "Configured",
        "FrameMessage",
        "FaceNow",
        "VoiceWindow",
        "VoiceMessage",
        "Dropped",
        "Problem",
    ],
)
def test_every_field_that_is_spoken_is_on_the_page(message: str) -> None:
    page = PAGE.read_text("utf-8")
    for name in getattr(spoken, message).model_fields:
        assert f"`{name}`" in page or f'"{name}"' in page, f"{message}.{name} is not described"


def test_every_setting_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    for setting in fields(LiveSettings):
        assert f"`{setting.name}`" in page
