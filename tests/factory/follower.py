"""A reader of frames with engines that know what was painted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolvisense.face import CropRegion
from evolvisense.face.redetection import FrameFaces, TrackingReader
from evolvisense.types.arrays import U8
from evolvisense.types.face import CropReadings
from evolvisense.types.timing import StageClock
from tests.factory.faces import Painted, PaintedDetector, PaintedNetwork, picture

FPS = 25
ONE = Painted(100, 100)
OTHER = Painted(220, 120, side_px=96)
SMALL = Painted(200, 100, side_px=32)


class Follower:
    """A reader with painted engines."""

    def __init__(
        self, detector: PaintedDetector | None = None, network: PaintedNetwork | None = None
    ) -> None:
        self.detector = detector or PaintedDetector()
        self.network = network or PaintedNetwork()
        self.reader = TrackingReader(self.detector, self.network, StageClock())

    def see(self, pts_s: float, *faces: Painted) -> FrameFaces:
        return self.reader.read(pts_s, picture(*faces))

    def watch(self, scenes: Sequence[Sequence[Painted]], start_s: float = 0.0) -> list[FrameFaces]:
        return [self.see(start_s + i / FPS, *faces) for i, faces in enumerate(scenes)]


def middles(found: FrameFaces) -> np.ndarray:
    """Centres (F, 2) of the boxes around the landmarks, as the painted face means them."""
    shape = PaintedNetwork().layout.mean_shape_xy
    off = (shape.min(axis=0) + shape.max(axis=0)) / 2 - 0.5
    boxes = found.detections.xyxy
    sides = (boxes[:, 2] - boxes[:, 0]) / np.ptp(shape[:, 0])
    return (boxes[:, :2] + boxes[:, 2:]) / 2 - sides[:, None] * off


class Led(PaintedNetwork):
    """Says of each crop in turn a presence, and that the face is so far right and so turned."""

    def __init__(self, *said: tuple[float, float, float]) -> None:
        super().__init__()
        self._said = iter(said)

    def read_crops(self, crops_rgb: U8) -> CropReadings:
        readings = super().read_crops(crops_rgb)
        for row in range(len(crops_rgb)):
            presence, shift, turn_deg = next(self._said)
            share = CropRegion(0.5 + shift, 0.5, 1.0, turn_deg).to_frame(self.layout.mean_shape_xy)
            readings.presence[row], readings.landmark_xy[row] = presence, share
            readings.pose_deg[row] = (0, 0, turn_deg)
        return readings
