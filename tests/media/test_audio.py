"""Sound: any rate, any layout, holes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evolvisense.media import MediaLimits, decode_audio, probe
from tests.factory.media import Film, Sound, plain, vowel


def film_with(tmp_path: Path, sound: Sound, name: str = "sound.mkv") -> Path:
    return Film([plain((64, 48))] * 25, codec="mpeg4", sound=sound).write(tmp_path / name)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_rates_are_kept(tmp_path: Path, rate_hz: int) -> None:
    sound = Sound(vowel(1.0, rate_hz=rate_hz), rate_hz=rate_hz, codec="pcm_s16le")
    path = film_with(tmp_path, sound)
    blocks = list(decode_audio(path))
    assert {block.rate_hz for block in blocks} == {rate_hz}
    mono = np.concatenate([block.mono for block in blocks])
    assert len(mono) == rate_hz
    assert np.abs(mono - sound.samples).max() < 2e-4


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("stereo", 2), ("5.1", 6)])
def test_channels_are_averaged(tmp_path: Path, layout: str, channels: int) -> None:
    one = vowel(0.5)
    samples = np.stack([one * (0.5 + 0.1 * c) for c in range(channels)])
    path = film_with(tmp_path, Sound(samples, codec="pcm_s16le", layout=layout))
    info = probe(path).audio
    assert info is not None
    assert info.channels == channels
    mono = np.concatenate([block.mono for block in decode_audio(path)])
    assert np.abs(mono - samples.mean(axis=0)).max() < 2e-4


def test_float_samples_are_not_scaled(tmp_path: Path) -> None:
    path = film_with(tmp_path, Sound(vowel(0.5), codec="pcm_f32le"))
    mono = np.concatenate([block.mono for block in decode_audio(path)])
    assert np.array_equal(mono, vowel(0.5))


def test_no_audio_gives_no_block(silent_video: Path) -> None:
    assert list(decode_audio(silent_video)) == []


def test_a_hole_in_the_timestamps_becomes_marked_silence(tmp_path: Path) -> None:
    import av

    path = tmp_path / "hole.mkv"
    part = vowel(0.5, rate_hz=16_000)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000)
        stream.layout = "mono"
        for start in (0, 40_000):  # half a second of sound, two of nothing, half a second
            pcm = (part[None] * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    blocks = list(decode_audio(path))
    silence = [block for block in blocks if block.is_gap]
    assert sum(len(block.mono) for block in silence) == pytest.approx(32_000, abs=40)
    assert blocks[-1].pts_s == pytest.approx(2.5, abs=0.01)
    assert not any(block.mono.any() for block in silence)


def test_duration_limit_bounds_the_sound(tmp_path: Path) -> None:
    path = film_with(tmp_path, Sound(vowel(5.0), codec="pcm_s16le"))
    blocks = list(decode_audio(path, MediaLimits(max_duration_s=2.0)))
    assert sum(len(block.mono) for block in blocks) <= 3.1 * 48_000
