"""Generated clips, and engines that need no weights."""

from __future__ import annotations

import csv
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from evaluation.voices import engines
from evolvisense.types.arrays import F32
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import PitchContour

RATE_HZ = 16_000
STEP = 512
SPACING_HZ = 200
CODECS = {".flac": "flac", ".ogg": "libopus", ".mp3": "libmp3lame"}


def tone(emotion: str, duration_s: float = 1.2, gain: float = 0.1) -> F32:
    """A sine that Tones answers with that emotion: 200 Hz is angry, 1400 Hz neutral."""
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    f_hz = SPACING_HZ * (1 + EMOTIONS.index(emotion))
    return (gain * np.sin(2 * np.pi * f_hz * t)).astype(np.float32)


def write(path: Path, mono: F32) -> Path:
    """Encode in the format of the file's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".wav":
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            out.writeframes(np.rint(mono * 32_767).astype("<i2").tobytes())
        return path
    with av.open(str(path), "w") as out:
        codec = CODECS[path.suffix]
        rate_hz = 48_000 if codec == "libopus" else RATE_HZ
        stream: Any = out.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        resampler = av.AudioResampler(stream.codec_context.format, "mono", rate_hz)
        for start in range(0, len(mono), 1024):
            part = np.ascontiguousarray(mono[None, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE_HZ, start
            for ready in resampler.resample(frame):
                out.mux(stream.encode(ready))
        for ready in resampler.resample(None):
            out.mux(stream.encode(ready))
        out.mux(stream.encode(None))
    return path


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A CSV file of these rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


class AllSpeech:
    """Everything is speech."""

    model = ModelIdentity("all-speech", "1", "MIT")

    def __init__(self) -> None:
        self._held = 0

    def start(self) -> AllSpeech:
        return AllSpeech()

    def push(self, mono_16k: F32) -> F32:
        steps, self._held = divmod(self._held + len(mono_16k), STEP)
        return np.ones(steps, np.float32)

    def flush(self) -> F32:
        return np.ones(1 if self._held else 0, np.float32)


class NoPitch:
    """Nothing is voiced."""

    model = ModelIdentity("no-pitch", "1", "MIT")

    def start(self) -> NoPitch:
        return self

    def push(self, mono_16k: F32) -> PitchContour:
        del mono_16k
        return PitchContour(np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.float32))

    def flush(self) -> PitchContour:
        return self.push(np.zeros(0, np.float32))


class Tones:
    """Reads the emotion of a `tone`, whatever its gain."""

    window_s = 3.0
    SURE = 0.82

    def __init__(self, shift: int = 0) -> None:
        self.model = ModelIdentity("tones", str(shift), "MIT", "0" * 64)
        self._shift = shift
        """Answers this many classes further: a network that is wrong."""

    def read_windows(self, mono_16k: F32) -> tuple[F32, F32]:
        spectrum = np.abs(np.fft.rfft(mono_16k, axis=1))
        f_hz = spectrum.argmax(axis=1) * RATE_HZ / mono_16k.shape[1]
        emotion = (np.rint(f_hz / SPACING_HZ).astype(int) - 1 + self._shift) % len(EMOTIONS)
        probs = np.full((len(emotion), len(EMOTIONS)), (1 - self.SURE) / 6, np.float32)
        probs[np.arange(len(emotion)), emotion] = self.SURE
        return probs, np.where(emotion == 6, 0.2, 0.7).astype(np.float32)


FAKES = {"activity": AllSpeech, "pitch": NoPitch, "voice_emotion": Tones}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines above in place of the shipped ones."""
    monkeypatch.setattr(engines, "create_engine", lambda kind, name: FAKES[kind]())


@pytest.fixture
def table(tmp_path: Path, fakes: None) -> Path:
    """Three speakers with a clip of each class; speaker 3's sad clip sounds neutral."""
    rows: list[dict[str, object]] = []
    for speaker in (1, 2, 3):
        for emotion in EMOTIONS:
            heard = "neutral" if (speaker, emotion) == (3, "sad") else emotion
            name = f"clips/{speaker}_{emotion}.wav"
            write(tmp_path / name, tone(heard))
            sex = "female" if speaker == 2 else "male"
            rows.append({"path": name, "label": emotion, "speaker": speaker, "sex": sex})
    return write_table(tmp_path / "voices.csv", rows)
