"""ONNX Runtime sessions; `providers` says what they run on. Nothing else knows the runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from evolvisense.errors import EngineUnavailableError
from evolvisense.models.providers import (
    CPU,
    VARIABLE,
    Provider,
    chosen_provider,
    onnxruntime,
    session_providers,
)
from evolvisense.models.spec import ModelSpec
from evolvisense.models.store import load_bytes

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
