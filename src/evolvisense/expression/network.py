"""Expression engine `evolvisense`: our network, trained by `training/expression`."""

from __future__ import annotations

import numpy as np

from evolvisense.models.sessions import OnnxSession
from evolvisense.models.spec import spec
from evolvisense.types.arrays import F32, U8
from evolvisense.types.scores import EMOTIONS

MODEL_ID = "expression"


class ExpressionNetwork:
    """Seven emotions of 64 px face crops."""

    def __init__(self) -> None:
        model_spec = spec(MODEL_ID)
        if model_spec.labels != EMOTIONS:
            raise ValueError(f"model labels {model_spec.labels}, expected {EMOTIONS}")
        self.model = model_spec.identity
        self.input_px = 64
        self._session = OnnxSession.of(model_spec)

    def probabilities(self, crops_rgb: U8) -> F32:
        """uint8 (M, 64, 64, 3) -> float32 (M, 7) in the order of EMOTIONS, rows sum to 1."""
        if not len(crops_rgb):
            return np.zeros((0, len(EMOTIONS)), np.float32)
        nchw = np.ascontiguousarray(crops_rgb.transpose(0, 3, 1, 2), np.float32)
        return self._session.run_batched("rgb", nchw)
