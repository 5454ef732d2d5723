"""Expression engine `evolvisense`: our face network, trained by `training/face`."""

from __future__ import annotations

import numpy as np

from evolvisense.models.registry import spec
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.arrays import F32, U8
from evolvisense.types.face import CropReadings, FaceLayout
from evolvisense.types.scores import EMOTIONS

MODEL_ID = "face"


class FaceReader:
    """Expressions, actions, landmarks and pose of face crops in one pass."""

    def __init__(self) -> None:
        model_spec = spec(MODEL_ID)
        if model_spec.labels != EMOTIONS:
            raise ValueError(f"model labels {model_spec.labels}, expected {EMOTIONS}")
        self.model = model_spec.identity
        known = model_spec.parameters
        self.input_px = int(known["input_px"])
        self.layout = FaceLayout(
            actions=tuple(known["actions"]),
            mesh_points=tuple(known["mesh_points"]),
            mean_shape_xy=np.array(known["mean_shape_xy"], np.float32),
            action_units=tuple(known.get("action_units", ())),
        )
        self._session = OnnxSession.of(model_spec)

    def probabilities(self, crops_rgb: U8) -> F32:
        """uint8 (M, S, S, 3) -> float32 (M, 7) in the order of EMOTIONS, rows sum to 1."""
        return self.read_crops(crops_rgb).probs

    def read_crops(self, crops_rgb: U8) -> CropReadings:
        """uint8 (M, S, S, 3) with S = input_px -> everything the network says."""
        points = len(self.layout.mesh_points)
        units = len(self.layout.action_units)
        if not len(crops_rgb):
            return CropReadings(
                np.zeros((0, len(EMOTIONS)), np.float32),
                np.zeros((0, len(self.layout.actions)), np.float32),
                np.zeros((0, points, 2), np.float32),
                np.zeros((0, 3), np.float32),
                np.zeros(0, np.float32),
                np.zeros((0, units), np.float32) if units else None,
            )
        nchw = np.ascontiguousarray(crops_rgb.transpose(0, 3, 1, 2), np.float32)
        return CropReadings(*self._session.run_batched("rgb", nchw))
