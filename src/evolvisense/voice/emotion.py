"""Voice emotion (engine `evolvisense`): windows of speech, log-mel features, network `voice`.

    samples at 16 kHz  |-------------------------------|----- not yet known -----
    active? (32 ms)     0 0 1 1 1 1 1 0 1 1 1 1 0 0 0 0
    windows            [----- 1 -----]                      as long as the network was trained on,
                              [----- 2 -----]               each half a window after the last;
                                     [----- 3 -----]        read where half of it is speech
    kept               |<- from the next window on -->|    and enough for one that ends at the end

Without such a window the one with most speech is read if that is at least 0.5 s. Block sizes change
nothing: tests/voice/test_windows.py, `test_pieces_never_change_the_windows`. The network comes from
`training/voice`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolvisense.models.registry import spec
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.arrays import F32, F64, Bools, require_shape
from evolvisense.types.engines import VoiceEmotionClassifier
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import VoiceEmotion
from evolvisense.voice.mel import RATE_HZ, features

MIN_SPEECH_SHARE = 0.5
MIN_SPEECH_S = 0.5
"""The single best window is read where it holds this much speech; shorter streams are not read."""


@dataclass(frozen=True)
class _Window:
    first: int
    """Number of its first sample."""
    mono: F32
    share: float


class EmotionWindows:
    """Cuts a stream at 16 kHz into windows, half overlapping, and has those with speech read."""

    def __init__(self, classifier: VoiceEmotionClassifier, rate_hz: int, step: int) -> None:
        self._classifier = classifier
        self._rate_hz, self._step = rate_hz, step
        self._length = round(classifier.window_s * rate_hz)
        self._hop = self._length // 2
        self._mono = np.zeros(0, np.float32)
        self._active = np.zeros(0, np.bool_)
        """Of the samples from `_first` on, step by step."""
        self._first = self._first_step = 0
        self._next = 0
        """First sample of the next window of the grid."""
        self._best: _Window | None = None
        self._read: list[tuple[F64, F64, F32, F32, F32]] = []

    def push(self, mono: F32, active: Bools) -> None:
        """Take the next samples (N,) and the steps (K,) whose activity became known."""
        self._take(mono, active)
        windows: list[_Window] = []
        known = min(self._end, (self._first_step + len(self._active)) * self._step)
        while self._next + self._length <= known:
            windows.append(self._window(self._next, self._length))
            self._next += self._hop
        self._consider(windows)
        self._forget()

    def finish(self, mono: F32, active: Bools, start_s: float) -> VoiceEmotion | None:
        """All windows, times on the file's clock, after the last samples and steps."""
        self.push(mono, active)
        length = min(self._length, self._end)
        is_covered = self._end == self._next - self._hop + self._length
        if length >= MIN_SPEECH_S * self._rate_hz and not is_covered:
            self._consider([self._window(self._end - length, length)])
        best = self._best
        if best is not None and best.share * len(best.mono) >= MIN_SPEECH_S * self._rate_hz:
            self._have_read([best])
        if not self._read:
            return None
        begin, end, probs, arousal, share = (
            np.concatenate(part) for part in zip(*self._read, strict=True)
        )
        return VoiceEmotion(start_s + begin, start_s + end, probs, arousal, share)

    @property
    def _end(self) -> int:
        return self._first + len(self._mono)

    def _take(self, mono: F32, active: Bools) -> None:
        self._mono = np.concatenate([self._mono, mono])
        self._active = np.concatenate([self._active, active])

    def _window(self, first: int, length: int) -> _Window:
        mono = self._mono[first - self._first : first - self._first + length]
        edges = (self._first_step + np.arange(len(self._active) + 1)) * self._step
        inside = np.diff(np.clip(edges, first, first + length))
        return _Window(first, mono, float((inside * self._active).sum() / length))

    def _consider(self, windows: list[_Window]) -> None:
        spoken = [w for w in windows if w.share >= MIN_SPEECH_SHARE]
        if spoken:
            self._have_read(spoken)
        for window in windows:
            if not self._read and (self._best is None or window.share > self._best.share):
                self._best = _Window(window.first, window.mono.copy(), window.share)

    def _have_read(self, windows: list[_Window]) -> None:
        probs, arousal = self._classifier.read_windows(np.stack([w.mono for w in windows]))
        begin = np.array([w.first for w in windows], np.float64) / self._rate_hz
        end = begin + len(windows[0].mono) / self._rate_hz
        share = np.array([w.share for w in windows], np.float32)
        self._read.append((begin, end, probs, arousal, share))
        self._best = None

    def _forget(self) -> None:
        """Keep what the next window and the one at the very end may need."""
        keep = min(self._next, max(0, self._end - self._length))
        step = keep // self._step
        self._mono = self._mono[keep - self._first :].copy()
        self._active = self._active[step - self._first_step :]
        self._first, self._first_step = keep, step


MODEL_ID = "voice"
MIN_WINDOW_S = 0.5
"""Less is a syllable or two: the network has not seen so little."""


class VoiceEmotionReader:
    """Seven emotions and arousal of windows of speech; gain changes nothing."""

    def __init__(self, session: OnnxSession | None = None) -> None:
        """With another session of the same contract, such as a network of one fold, that is run."""
        model_spec = spec(MODEL_ID)
        if model_spec.labels != EMOTIONS:
            raise ValueError(f"model labels {model_spec.labels}, expected {EMOTIONS}")
        self.model = model_spec.identity
        self.window_s = float(model_spec.parameters["window_s"])
        self._session = session or OnnxSession.of(model_spec)

    def read_windows(self, mono_16k: F32) -> tuple[F32, F32]:
        """float32 (W, N) -> probabilities (W, 7) in the order of EMOTIONS, arousal (W,) 0-1.

        Raises ValueError for windows shorter than MIN_WINDOW_S.
        """
        require_shape("mono_16k", mono_16k, (None, None))
        if not len(mono_16k):
            return np.zeros((0, len(EMOTIONS)), np.float32), np.zeros(0, np.float32)
        if mono_16k.shape[1] < MIN_WINDOW_S * RATE_HZ:
            raise ValueError(
                f"windows of {mono_16k.shape[1] / RATE_HZ:.3f} s, expected {MIN_WINDOW_S} s or more"
            )
        probs, arousal = self._session.run_batched("features", features(mono_16k))
        return probs, arousal
