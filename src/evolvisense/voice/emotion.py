"""Voice-emotion engine `evolvisense`: network `voice` on log-mel, from `training/voice`."""

from __future__ import annotations

import numpy as np

from evolvisense.models.sessions import OnnxSession
from evolvisense.models.spec import spec
from evolvisense.types.arrays import F32, require_shape
from evolvisense.types.scores import EMOTIONS
from evolvisense.voice.mel import RATE_HZ, features

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
