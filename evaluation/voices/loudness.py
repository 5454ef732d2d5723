"""Every clip at one speech level, so that no score can rank recordings by microphone gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evolvisense.types.arrays import F32
from evolvisense.types.media import AudioBlock

TARGET_DBFS = -23.0
"""Mean power of the active frames; the level that EBU R 128 gives to programmes."""
FRAME_S = 0.032
GATE_DB = 10.0
"""Frames this far below the mean power of all are not active: the relative gate of ITU-R BS.1770.
There is no absolute gate, so the level moves exactly with the gain."""


def speech_level_dbfs(mono: F32, rate_hz: int) -> float | None:
    """Level of the active frames of mono (N,), dB re full scale; None for digital silence."""
    frame = round(FRAME_S * rate_hz)
    if not len(mono):
        return None
    frames = max(1, len(mono) // frame)
    power = np.square(mono[: frames * frame], dtype=np.float64).reshape(frames, -1).mean(axis=1)
    if not power.any():
        return None
    active = power >= power.mean() * 10 ** (-GATE_DB / 10)
    return float(10 * np.log10(power[active].mean()))


def normalised(blocks: Sequence[AudioBlock]) -> list[AudioBlock]:
    """The same blocks with one gain for all: active frames at TARGET_DBFS. Floats do not clip."""
    heard = [block.mono for block in blocks if not block.is_gap]
    level = speech_level_dbfs(np.concatenate(heard), blocks[0].rate_hz) if heard else None
    if level is None:
        return list(blocks)
    gain = np.float32(10 ** ((TARGET_DBFS - level) / 20))
    return [replace(block, mono=block.mono * gain) for block in blocks]
