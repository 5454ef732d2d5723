"""What the networks run on. No GPU is needed: an ONNX Runtime that claims to have one stands in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from evolvisense.errors import EngineUnavailableError
from evolvisense.models import sessions as providers
from evolvisense.models.sessions import CPU, CUDA, PROBE, VARIABLE, OnnxSession, chosen_provider


class Runtime:
    """As onnxruntime, with a GPU that takes the first `capacity` sessions, or fails otherwise."""

    SessionOptions = onnxruntime.SessionOptions

    def __init__(self, capacity: int, error: Exception | None = None) -> None:
        self.capacity, self.error = capacity, error
        self.asked: list[Any] = []

    def get_available_providers(self) -> list[str]:
        return [CUDA, CPU]

    def InferenceSession(self, model: bytes, options: Any = None, *, providers: list[Any]) -> Any:  # noqa: N802
        self.asked.append((options, providers))
        session = onnxruntime.InferenceSession(model, providers=[CPU])
        if providers == [CPU]:
            return session
        if self.error is not None:
            raise self.error
        self.capacity -= 1
        return session if self.capacity < 0 else _OnGpu(session)


class _OnGpu:
    def __init__(self, session: Any) -> None:
        self.run = session.run

    def get_providers(self) -> list[str]:
        return [CUDA, CPU]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a stand-in the runtime; nothing that was decided before counts."""

    def use(runtime: Any) -> Any:
        monkeypatch.setattr("evolvisense.models.sessions.onnxruntime", runtime)
        monkeypatch.setattr("evolvisense.models.sessions.onnxruntime", runtime)
        return runtime

    monkeypatch.delenv(VARIABLE, raising=False)
    providers._decide.cache_clear()
    yield use
    providers._decide.cache_clear()


Use = Callable[[Runtime], Runtime]


def test_the_probe_is_a_valid_model() -> None:
    onnx.checker.check_model(PROBE)
    [given_back] = OnnxSession(PROBE, on=CPU).run({"x": np.array([3], np.float32)})
    assert given_back.tolist() == [3]


def test_this_machine_computes_on_what_its_runtime_offers(use: Use) -> None:
    offered = onnxruntime.get_available_providers()
    assert chosen_provider() == CPU or CUDA in offered
    assert OnnxSession(PROBE).provider == chosen_provider()


def test_without_cuda_no_session_is_tried(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = use(Runtime(capacity=9))
    monkeypatch.setattr(runtime, "get_available_providers", lambda: ["AzureExecutionProvider", CPU])
    assert chosen_provider() == CPU
    assert runtime.asked == []


def test_a_gpu_is_used_where_there_is_one(use: Use) -> None:
    runtime = use(Runtime(capacity=9))
    session = OnnxSession(PROBE)
    assert session.provider == chosen_provider() == CUDA
    options, asked = runtime.asked[-1]
    assert options.use_deterministic_compute
    assert [asked[0][0], asked[1]] == [CUDA, CPU]
    assert asked[0][1]["cudnn_conv_algo_search"] == "DEFAULT"
    assert OnnxSession(PROBE, on=CPU).provider == CPU
    assert runtime.asked[-1][1] == [CPU]


@pytest.mark.parametrize("runtime", [Runtime(0), Runtime(0, RuntimeError("no driver"))])
def test_a_gpu_that_does_not_work_is_told_and_not_used(
    use: Use, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    use(runtime)
    with caplog.at_level(logging.WARNING):
        assert chosen_provider() == CPU
        assert chosen_provider() == CPU
    assert caplog.text.count("the GPU is not used") == 1


def test_the_environment_forces_the_cpu(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = use(Runtime(capacity=9))
    monkeypatch.setenv(VARIABLE, "cpu")
    assert OnnxSession(PROBE).provider == CPU
    assert [asked for _, asked in runtime.asked] == [[CPU]]


def test_a_gpu_that_was_asked_for_is_not_replaced(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(Runtime(capacity=0, error=RuntimeError("no driver")))
    monkeypatch.setenv(VARIABLE, "cuda")
    with pytest.raises(EngineUnavailableError, match=r"no driver.*onnxruntime-gpu"):
        OnnxSession(PROBE)


def test_a_full_gpu_is_not_replaced_in_silence(use: Use) -> None:
    use(Runtime(capacity=1))
    assert chosen_provider() == CUDA
    with pytest.raises(EngineUnavailableError, match=f"{VARIABLE}=cpu"):
        OnnxSession(PROBE)


def test_an_unknown_choice_is_refused(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "tpu")
    with pytest.raises(EngineUnavailableError, match="cpu, cuda"):
        chosen_provider()
