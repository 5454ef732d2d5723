"""What the moved photograph says, and what its face does meanwhile."""

from __future__ import annotations

import io
import itertools
import subprocess
import wave
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from docs.sample.photo import F32, Look, Pose

RATE_HZ = 25
VOICE = ("espeak-ng", "-v", "en-us+f3", "-s", "150", "-p", "48", "--stdout")
OPENING_S = 1.4
PAUSE_S = 0.9
CLOSING_S = 1.6
SENTENCES = (
    "Hello! I am a photograph that a computer moves, and my voice is made by a computer, too.",
    "Nobody was filmed for this example, so you can try everything with it.",
    "Look at the lines beside me while I speak: they follow my voice and my face.",
    "Sometimes I turn my head to the side.",
    "When I am silent, you may see me smile.",
    "The numbers describe what can be seen and heard, and nothing else.",
    "They do not say what anybody feels. Thank you for listening, and goodbye.",
)
SMILES_AFTER = (0, 2, 5, 7)
"""Pauses, counted from the one before the first sentence, in which the face smiles."""
BLINK = (0.45, 1.0, 1.0, 0.55, 0.2)
"""How far the lids are closed in the frames of a blink."""
BLINKS_S = (2.1, 4.6, 7.2, 11.0, 13.3, 17.1, 20.4, 22.2, 26.3, 29.0, 32.4)
LOUD_DB, SOFT_DB = -14.0, -46.0
"""Levels of an open and of a closed mouth."""


def spoken() -> tuple[F32, int, list[tuple[float, float]]]:
    """The sound float32 (N,), its rate, and begin and end of each sentence in seconds."""
    parts: list[F32] = []
    spans: list[tuple[float, float]] = []
    at_s, rate_hz = OPENING_S, 0
    for sentence in SENTENCES:
        mono, rate_hz = _said(sentence)
        spans.append((at_s, at_s + len(mono) / rate_hz))
        parts.append(mono)
        at_s = spans[-1][1] + PAUSE_S
    sound = np.zeros(round((spans[-1][1] + CLOSING_S) * rate_hz), np.float32)
    for (start_s, _), mono in zip(spans, parts, strict=True):
        first = round(start_s * rate_hz)
        sound[first : first + len(mono)] = mono
    return sound * np.float32(0.5 / np.abs(sound).max()), rate_hz, spans


def _said(text: str) -> tuple[F32, int]:
    """One sentence without the silence around it."""
    output = subprocess.run([*VOICE, text], check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(output)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        rate_hz = file.getframerate()
    mono = pcm.astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(mono) > 0.01)
    return mono[loud[0] : loud[-1]], rate_hz


def acted(
    sound: F32, rate_hz: int, spans: list[tuple[float, float]]
) -> Iterator[tuple[Look, Pose, float]]:
    """Look, pose and light of each frame."""
    count = int(len(sound) / rate_hz * RATE_HZ)
    opening = _mouth(sound, rate_hz, count)
    smile = _smile(spans, count)
    closure = np.zeros(count)
    for time_s in BLINKS_S:
        first = round(time_s * RATE_HZ)
        closure[first : first + len(BLINK)] = BLINK[: max(0, count - first)]
    for i in range(count):
        t = i / RATE_HZ
        turn = 15 * _moment(t, 17.5, 1.6) - 14 * _moment(t, 9.0, 1.4)
        yaw = turn + 3 * np.sin(0.9 * t) + 1.6 * np.sin(2.3 * t + 1)
        nod = 2.5 * np.sin(1.3 * t) + 3 * opening[i] * np.sin(5 * t)
        yield (
            Look(float(opening[i]), float(smile[i]), float(closure[i])),
            Pose(float(nod), float(yaw), float(2.2 * np.sin(0.6 * t))),
            float(np.sin(0.35 * t)),
        )


def _moment(t: float, middle_s: float, width_s: float) -> float:
    return float(np.exp(-(((t - middle_s) / width_s) ** 2)))


def _mouth(sound: F32, rate_hz: int, count: int) -> F32:
    """Opening by the loudness of the sound around each frame, 0-1."""
    reach = rate_hz // RATE_HZ
    level = np.full(count, SOFT_DB)
    bright = np.full(count, 0.5)
    for i in range(count):
        piece = sound[max(0, i * reach - reach // 2) : i * reach + reach]
        rms = float(np.sqrt(np.mean(piece**2)))
        level[i] = 20 * np.log10(max(rms, 1e-4))
        spectrum = np.abs(np.fft.rfft(piece)) ** 2
        if rms > 0.004:
            pitch_hz = np.fft.rfftfreq(len(piece), 1 / rate_hz)
            voiced = (pitch_hz > 200) & (pitch_hz < 4000)
            bright[i] = (spectrum * (pitch_hz > 1200))[voiced].sum() / spectrum[voiced].sum()
    opening = np.clip((level - SOFT_DB) / (LOUD_DB - SOFT_DB), 0, 1) ** 1.5
    # Hissing is loud at a closed mouth.
    opening *= 1 - 0.6 * np.clip(bright - 0.5, 0, 0.5) * 2
    return _smooth(opening, 0.6)


def _smile(spans: list[tuple[float, float]], count: int) -> F32:
    edges = [(0.0, spans[0][0])]
    edges += [(a[1], b[0]) for a, b in itertools.pairwise(spans)]
    edges += [(spans[-1][1], count / RATE_HZ)]
    smile = np.full(count, 0.0)
    for pause in SMILES_AFTER:
        first, last = (round(t * RATE_HZ) for t in edges[pause])
        smile[max(0, first - 6) : last + 6] = 1.0
    return _smooth(smile, 4.0)


def _smooth(values: NDArray[np.float64], frames: float) -> F32:
    reach = np.arange(-round(3 * frames), round(3 * frames) + 1)
    weights = np.exp(-0.5 * (reach / frames) ** 2)
    padded = np.pad(values, len(reach) // 2, mode="edge")
    return np.convolve(padded, weights / weights.sum(), "valid").astype(np.float32)
