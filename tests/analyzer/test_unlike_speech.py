"""Sounds that are no usual speech are marked in the report, speech is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from evolvisense import Analyzer
from evolvisense.media import decode_audio
from evolvisense.report import Report
from tests.factory.media import RATE_HZ, sound_file

CODE = "unlike_known_speech"


def codes(report: Report) -> list[str]:
    return [notice.code for notice in report.warnings]


@pytest.mark.parametrize("name", ["talk_1.mp4", "talk_hd_1.mp4"])
def test_people_who_talk_are_not_marked(
    analyzer: Analyzer, clip: Callable[[str], Path], name: str
) -> None:
    report = analyzer.analyze(clip(name))
    assert report.voice is not None
    assert report.voice.quality.novelty is not None
    assert CODE not in codes(report)


def test_music_over_a_voice_is_marked(
    analyzer: Analyzer, clip: Callable[[str], Path], tmp_path: Path
) -> None:
    blocks = list(decode_audio(clip("talk_1.mp4")))
    voice = np.concatenate([block.mono for block in blocks])
    music = melody(len(voice), blocks[0].rate_hz)
    mixed = voice / np.abs(voice).max() + 0.3 * music / np.abs(music).max()
    mono = soxr.resample(0.4 * mixed, blocks[0].rate_hz, RATE_HZ).astype(np.float32)
    report = analyzer.analyze(sound_file(tmp_path / "music.flac", samples=mono))
    assert CODE in codes(report)


def melody(samples: int, rate_hz: int) -> NDArray[np.float64]:
    """Four plucked notes a second, of an octave above 220 Hz, float64 (N,)."""
    t = np.arange(rate_hz // 4) / rate_hz
    steps = np.random.default_rng(0).integers(0, 13, 4 * samples // rate_hz + 1)
    notes = [
        np.exp(-3 * t)
        * sum(
            np.sin(2 * np.pi * 220 * 2 ** (step / 12) * order * t) / order for order in range(1, 5)
        )
        for step in steps
    ]
    return np.concatenate(notes)[:samples]
