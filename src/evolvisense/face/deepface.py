"""Expression engine `deepface`: DeepFace itself on the whole frame, as the first service ran it.

For people who must reproduce its numbers. DeepFace (extra `[deepface]`) and TensorFlow are imported
when the engine is built. Whatever DeepFace would download at run time has to be there already.
"""

from __future__ import annotations

import hashlib
import os
import threading
import warnings
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from evolvisense.errors import EngineUnavailableError, ModelMissingError
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.face import FaceDetections
from evolvisense.types.scores import EMOTIONS

WEIGHTS_FILE = "facial_expression_model_weights.h5"
WEIGHTS_URL = f"https://github.com/serengil/deepface_models/releases/download/v1.0/{WEIGHTS_FILE}"
CASCADES = ("haarcascade_frontalface_default.xml", "haarcascade_eye.xml")
INSTALL = 'pip install "evolvisense[deepface]"'

_DEEPFACE_LOCK = threading.Lock()
"""One for all readers: DeepFace keeps its models in module globals."""


class DeepFaceReader:
    """Finds faces with OpenCV's Haar cascades and reads them with DeepFace's emotion network."""

    def __init__(self) -> None:
        try:
            deepface_version = version("deepface")
        except PackageNotFoundError as error:
            raise EngineUnavailableError(f"DeepFace is not installed: {INSTALL}") from error
        weights = _weights_path()
        _require_cascades()
        self._deepface = _import_deepface()
        self.model = ModelIdentity(
            id="deepface-emotion",
            version=deepface_version,
            licence="MIT",
            sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        )
        with _DEEPFACE_LOCK:
            self._deepface.build_model(model_name="Emotion", task="facial_attribute")

    def read(self, rgb: U8) -> tuple[FaceDetections, F32]:
        """Faces of rgb uint8 (H, W, 3) and float32 (F, 7) in the order of EMOTIONS, rows sum to 1.

        Where DeepFace finds no face it reads the whole frame; that is one detection of the whole
        frame with score 0.
        """
        bgr = np.ascontiguousarray(rgb[:, :, ::-1])
        with _DEEPFACE_LOCK:
            faces: list[dict[str, Any]] = self._deepface.analyze(
                bgr,
                actions=["emotion"],
                enforce_detection=False,
                detector_backend="opencv",
                silent=True,
            )
        height, width = rgb.shape[:2]
        boxes = [_xyxy(face, width, height) for face in faces]
        scores = [face["face_confidence"] for face in faces]
        percent = [[face["emotion"][name] for name in EMOTIONS] for face in faces]
        probs = np.asarray(percent, np.float32).reshape(-1, len(EMOTIONS))
        detections = FaceDetections(
            np.asarray(boxes, np.float32).reshape(-1, 4),
            np.clip(np.asarray(scores, np.float32), 0, 1),
        )
        return detections, probs / probs.sum(axis=1, keepdims=True)


def _xyxy(face: dict[str, Any], width: int, height: int) -> tuple[float, float, float, float]:
    """Box in source pixels. The stand-in for "no face" has confidence 0 and lacks a pixel."""
    if not face["face_confidence"]:
        return (0, 0, width, height)
    region = face["region"]
    return (region["x"], region["y"], region["x"] + region["w"], region["y"] + region["h"])


def _weights_folder() -> Path:
    """Where DeepFace looks for weights."""
    return Path(os.environ.get("DEEPFACE_HOME", Path.home())) / ".deepface" / "weights"


def _weights_path() -> Path:
    path = _weights_folder() / WEIGHTS_FILE
    if not path.is_file():
        raise ModelMissingError(
            f"DeepFace's weights are not on this machine and are never downloaded unasked: put "
            f"{WEIGHTS_FILE} ({WEIGHTS_URL}) into {path.parent}, or set DEEPFACE_HOME"
        )
    return path


def _require_cascades() -> None:
    """OpenCV 5 carries no Haar cascades; DeepFace would download them."""
    data = Path(cv2.__file__).parent / "data"
    absent = [
        name
        for name in CASCADES
        if not (data / name).is_file() and not (_weights_folder() / name).is_file()
    ]
    if absent or not hasattr(cv2, "CascadeClassifier"):
        raise EngineUnavailableError(
            f"OpenCV {cv2.__version__} has no Haar cascades, which DeepFace's detector needs "
            f"(OpenCV 4 has them): {INSTALL}"
        )


def _import_deepface() -> Any:  # noqa: ANN401 - DeepFace is not typed
    """Import `deepface.DeepFace` and make sure that it runs on TensorFlow."""
    try:
        # DeepFace silences all warnings of the process when it is imported.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module: Any = import_module("deepface.DeepFace")
            backends: Any = import_module("deepface.commons.backend_utils")
    except (ImportError, ValueError) as error:  # ValueError: no tf-keras, or no backend
        raise EngineUnavailableError(f"DeepFace cannot be imported ({error}): {INSTALL}") from error
    if (backend := backends.get_backend_engine()) != "tensorflow":
        raise EngineUnavailableError(
            f"DeepFace is set to run on {backend}, whose weights are others; this engine needs "
            f"TensorFlow: unset DEEPFACE_BACKEND_ENGINE, {INSTALL}"
        )
    return module
