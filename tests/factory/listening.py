"""Indicators of a sound alone, by the shipped engines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import av
import numpy as np
from numpy.typing import NDArray

from evolvisense.indicators import GATES, Gates, load_reference, score_v2
from evolvisense.indicators.features import sound_evidence
from evolvisense.types.indicators import IndicatorName
from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import VoiceReading
from evolvisense.voice import VoiceReader
from evolvisense.voice.emotion import VoiceEmotionReader
from evolvisense.voice.pitch import SwiftF0Pitch
from evolvisense.voice.vad import SileroActivity


@cache
def reader() -> VoiceReader:
    """The shipped engines, loaded once."""
    return VoiceReader(SileroActivity(), SwiftF0Pitch(), VoiceEmotionReader())


def heard(mono: NDArray[np.float32], rate_hz: int, start_s: float = 0.0) -> VoiceReading:
    """The reading of float32 (N,)."""
    reading = reader().read([AudioBlock(start_s, rate_hz, mono)])
    assert reading is not None
    return reading


def scores(
    mono: NDArray[np.float32], rate_hz: int, start_s: float = 0.0, gates: Gates = GATES
) -> Mapping[IndicatorName, float]:
    """Scores against all languages of the indicators that have one."""
    evidence = sound_evidence(heard(mono, rate_hz, start_s))
    found = score_v2(evidence, load_reference(), gates=gates).indicators
    return {one.name: one.score for one in found if one.score is not None}


def coded(
    mono: NDArray[np.float32], rate_hz: int, codec: str, bit_rate: int, coded_hz: int
) -> tuple[NDArray[np.float32], int]:
    """The sound through an encoder and back, and its rate."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.bit_rate = coded_hz, "mono", bit_rate
    encoder.format = "fltp" if codec == "aac" else "flt"
    encoder.open()
    decoder = av.CodecContext.create("aac" if codec == "aac" else "opus", "r")
    decoder.extradata = encoder.extradata
    resampler = av.AudioResampler(encoder.format, "mono", coded_hz, encoder.frame_size)
    frame = av.AudioFrame.from_ndarray(mono[None], "fltp", "mono")
    frame.sample_rate = rate_hz
    packets = [
        p
        for f in [*resampler.resample(frame), *resampler.resample(None)]
        for p in encoder.encode(f)
    ]
    packets += encoder.encode(None)
    decoded = [f for packet in packets for f in decoder.decode(packet)]
    return np.concatenate(list(_mono(decoded))), decoded[0].sample_rate


def _mono(frames: Iterable[av.AudioFrame]) -> Iterable[NDArray[np.float32]]:
    for frame in frames:
        samples = frame.to_ndarray().astype(np.float32)
        yield samples.reshape(-1) if not frame.format.is_planar else samples[0]
