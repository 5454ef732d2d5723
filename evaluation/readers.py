"""Engines by name, all asked in the same way: pictures in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from evaluation.peers.mini_xception import MiniXception
from evaluation.pictures import input_crop
from evolvisense.errors import UnknownEngineError
from evolvisense.models.engines import create_engine
from evolvisense.types.arrays import F32, U8, Bools
from evolvisense.types.engines import ExpressionClassifier, ExpressionEngine, WholeFrameReader
from evolvisense.types.scores import EMOTIONS

PEER_ENLARGES = cv2.INTER_LINEAR
"""As `fer` itself does; with cubic interpolation mini-Xception is a point worse."""
PEERS: Mapping[str, Callable[[], ExpressionClassifier]] = {"mini-xception": MiniXception}


@dataclass(frozen=True)
class Reader:
    """An engine and the name it was asked for by."""

    name: str
    engine: ExpressionEngine
    enlarge: int = cv2.INTER_CUBIC
    """How small pictures are enlarged for it, OpenCV's number."""

    def read(self, pictures: Sequence[U8]) -> tuple[F32, Bools]:
        """Probabilities float32 (M, 7) of rgb pictures (H, W, 3), and whether there was a face.

        A classifier is given `input_crop` of each picture and always answers. A whole-frame reader
        is given the picture itself and its largest face counts; where it finds none, the row is
        uniform and the second array False.
        """
        if isinstance(self.engine, WholeFrameReader):
            return _read_whole(self.engine, pictures)
        crops = np.stack([input_crop(rgb, self.engine.input_px, self.enlarge) for rgb in pictures])
        return self.engine.probabilities(crops), np.ones(len(crops), np.bool_)


def open_reader(name: str) -> Reader:
    """A peer of this package or a registered engine.

    Raises UnknownEngineError naming all that are known, or EngineUnavailableError, or
    ModelMissingError.
    """
    if name in PEERS:
        return Reader(name, PEERS[name](), PEER_ENLARGES)
    try:
        return Reader(name, create_engine("expression", name))
    except UnknownEngineError as error:
        raise UnknownEngineError(f"{error}; to compare with: {', '.join(PEERS)}") from error


def _read_whole(engine: WholeFrameReader, pictures: Sequence[U8]) -> tuple[F32, Bools]:
    probs = np.full((len(pictures), len(EMOTIONS)), 1 / len(EMOTIONS), np.float32)
    answered = np.zeros(len(pictures), np.bool_)
    for row, rgb in enumerate(pictures):
        faces, face_probs = engine.read(rgb)
        if len(faces):
            sides = faces.xyxy[:, 2:] - faces.xyxy[:, :2]
            probs[row] = face_probs[int(sides.prod(axis=1).argmax())]
            answered[row] = True
    return probs, answered
