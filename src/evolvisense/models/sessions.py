"""ONNX Runtime sessions and their execution provider: a GPU where one can be used, else the CPU.

`EVOLVISENSE_PROVIDER` forces one of `cpu` and `cuda`. It is decided once in a process, so that all
its networks run on the same. No other module imports ONNX Runtime.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, cast

import numpy as np
import onnxruntime as _onnxruntime
from numpy.typing import NDArray

from evolvisense.errors import EngineUnavailableError
from evolvisense.models.registry import ModelSpec, load_bytes

# ONNX Runtime ships no types.
onnxruntime = cast("Any", _onnxruntime)

Provider = Literal["CPUExecutionProvider", "CUDAExecutionProvider"]

VARIABLE = "EVOLVISENSE_PROVIDER"
CPU: Provider = "CPUExecutionProvider"
CUDA: Provider = "CUDAExecutionProvider"
NAMES: Mapping[str, Provider] = {"cpu": CPU, "cuda": CUDA}

CUDA_OPTIONS: Mapping[str, str] = {
    # The default search takes what was fastest just now: another algorithm each time.
    "cudnn_conv_algo_search": "DEFAULT",
    "use_tf32": "0",
    # Several processes share one GPU: none takes more memory than it asks for.
    "arena_extend_strategy": "kSameAsRequested",
}

PROBE = (
    b'\x08\x08:7\n\x10\n\x01x\x12\x01y"\x08Identity\x12\x01gZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04'
    b"\n\x02\x08\x01b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\x11"
)
"""A model that gives its input of one float back, in the format of ONNX."""

log = logging.getLogger(__name__)


def chosen_provider() -> Provider:
    """What the networks of this process run on.

    Raises EngineUnavailableError where the environment asks for what cannot be had here.
    """
    return _decide(os.environ.get(VARIABLE, ""))


def wished_provider() -> Provider:
    """What would be used if the hardware were there; makes no session, so it may be called for a
    machine that only sends others to work. Raises EngineUnavailableError for an unknown wish.
    """
    requested = os.environ.get(VARIABLE, "")
    if requested:
        return _named(requested)
    return CUDA if CUDA in onnxruntime.get_available_providers() else CPU


def session_providers(chosen: Provider) -> list[Any]:
    """The argument `providers` of an ONNX Runtime session."""
    return [CPU] if chosen == CPU else [(CUDA, dict(CUDA_OPTIONS)), CPU]


@cache
def _decide(requested: str) -> Provider:
    if requested and _named(requested) == CPU:
        return CPU
    missing = _why_no_cuda()
    if missing is None:
        return CUDA
    if requested:
        raise EngineUnavailableError(
            f"{VARIABLE} is cuda, but {missing}; it needs a GPU of NVIDIA with its driver, and the "
            "package onnxruntime-gpu in place of onnxruntime"
        )
    return CPU


def _named(name: str) -> Provider:
    if name not in NAMES:
        raise EngineUnavailableError(f"{VARIABLE} must be one of {', '.join(NAMES)}, got {name}")
    return NAMES[name]


def _why_no_cuda() -> str | None:
    if CUDA not in onnxruntime.get_available_providers():
        return "this ONNX Runtime was built without CUDA"
    try:
        session = onnxruntime.InferenceSession(PROBE, providers=session_providers(CUDA))
    except Exception as error:  # noqa: BLE001 - what a broken driver raises is of no one kind
        reason = str(error)
    else:
        if CUDA in session.get_providers():
            return None
        reason = "ONNX Runtime fell back to the CPU"
    log.warning("the GPU is not used: %s", reason)
    return f"no session can be made on it: {reason}"


MAX_BATCH = 32
"""Larger batches gain nothing on a CPU and only hold memory."""


class OnnxSession:
    """A model ready to run; safe to call from several threads.

    `on`: what it runs on; None is what this process uses, a GPU where there is one.
    Raises EngineUnavailableError where that cannot be had.
    """

    def __init__(self, model: bytes, threads: int = 1, on: Provider | None = None) -> None:
        self.provider = on or chosen_provider()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads would take the cores that decoding needs meanwhile.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if self.provider != CPU:
            options.use_deterministic_compute = True
        self._session: Any = onnxruntime.InferenceSession(
            model, options, providers=session_providers(self.provider)
        )
        if self.provider not in self._session.get_providers():
            # ONNX Runtime goes on without a GPU that fails; what we name must be what computed.
            raise EngineUnavailableError(
                f"a network cannot be loaded on {self.provider}: the GPU is out of memory or in "
                f"trouble; {VARIABLE}=cpu does without it"
            )

    @classmethod
    def of(cls, spec: ModelSpec, threads: int = 1) -> OnnxSession:
        """The session of a spec's verified file. Raises ModelMissingError, ModelCorruptError."""
        return cls(load_bytes(spec), threads)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """All outputs for named inputs."""
        return cast("list[NDArray[np.float32]]", self._session.run(None, dict(inputs)))

    def run_batched(self, name: str, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """All outputs for `batch` (M, ...) with M >= 1, computed in parts of MAX_BATCH."""
        parts = [
            self.run({name: batch[start : start + MAX_BATCH]})
            for start in range(0, len(batch), MAX_BATCH)
        ]
        return [np.concatenate(output) for output in zip(*parts, strict=True)]
