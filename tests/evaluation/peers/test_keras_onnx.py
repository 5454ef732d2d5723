"""Keras layers as ONNX, against NumPy."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra [evaluation])")
pytest.importorskip("onnx", reason="onnx is not installed (extra [evaluation])")

import onnxruntime  # noqa: E402

from evaluation.peers.keras_onnx import onnx_of_keras  # noqa: E402
from tests.evaluation.peers.keras_reference import Arrays, forward  # noqa: E402

CONVOLUTION = {"dilation_rate": [1, 1], "activation": "linear", "data_format": "channels_last"}


def layer(kind: str, name: str, *sources: str, **config: Any) -> dict[str, Any]:
    inbound = [[[source, 0, 0, {}] for source in sources]] if sources else []
    return {"class_name": kind, "config": {"name": name, **config}, "inbound_nodes": inbound}


def convolution(kind: str, name: str, source: str, stride: int, padding: str) -> dict[str, Any]:
    more = {"depth_multiplier": 1} if kind == "SeparableConv2D" else {}
    placement = {"strides": [stride, stride], "padding": padding}
    return layer(kind, name, source, **CONVOLUTION, **placement, **more)


def saved(layers: list[dict[str, Any]], weights: dict[str, Arrays]) -> bytes:
    """The file that `model.save` of Keras 2 writes."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.attrs["model_config"] = json.dumps({"config": {"layers": layers}})
        for each in layers:
            name = each["config"]["name"]
            arrays = weights.get(name, {})
            group = file.create_group(f"model_weights/{name}")
            names = [f"{name}_1/{part}:0" for part in arrays]
            group.attrs["weight_names"] = np.array([n.encode() for n in names], dtype="S")
            for full, array in zip(names, arrays.values(), strict=True):
                group[full] = array
    return content.getvalue()


def small_network(
    size: int, rng: np.random.Generator
) -> tuple[list[dict[str, Any]], dict[str, Arrays]]:
    """Every layer that is understood; sides of which `same` pads one and two pixels."""

    def real(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    layers = [
        layer("InputLayer", "in", batch_input_shape=[None, size, size, 2]),
        convolution("Conv2D", "conv", "in", 1, "valid"),
        layer("BatchNormalization", "norm", "conv", epsilon=0.001),
        layer("Activation", "relu", "norm", activation="relu"),
        convolution("SeparableConv2D", "separable", "relu", 1, "same"),
        layer(
            "MaxPooling2D", "pool", "separable", pool_size=[3, 3], strides=[2, 2], padding="same"
        ),
        convolution("Conv2D", "short", "relu", 2, "same"),
        layer("Add", "add", "pool", "short"),
        convolution("Conv2D", "last", "add", 2, "same"),
        layer("GlobalAveragePooling2D", "mean", "last"),
        layer("Activation", "out", "mean", activation="softmax"),
    ]
    weights: dict[str, Arrays] = {each["config"]["name"]: {} for each in layers}
    weights["conv"] = {"kernel": real(3, 3, 2, 4), "bias": real(4)}
    weights["norm"] = {
        "gamma": real(4),
        "beta": real(4),
        "moving_mean": real(4),
        "moving_variance": np.abs(real(4)),
    }
    weights["separable"] = {
        "depthwise_kernel": real(3, 3, 4, 1),
        "pointwise_kernel": real(1, 1, 4, 5),
        "bias": real(5),
    }
    weights["short"] = {"kernel": real(1, 1, 4, 5)}
    weights["last"] = {"kernel": real(3, 3, 5, 7), "bias": real(7)}
    return layers, weights


@pytest.mark.parametrize("size", [11, 12, 13, 14])
def test_every_layer_is_that_of_keras(size: int, rng: np.random.Generator) -> None:
    layers, weights = small_network(size, rng)
    pictures = rng.normal(size=(3, size, size, 2)).astype(np.float32)
    model = onnx_of_keras(saved(layers, weights))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"input": pictures.transpose(0, 3, 1, 2)})
    np.testing.assert_allclose(found, forward(layers, weights, pictures), atol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (layer("LSTM", "memory", "in"), "LSTM is not understood"),
        (layer("Activation", "odd", "in", activation="selu"), "selu is not understood"),
        (layer("Add", "first", "in", data_format="channels_first"), "expected channels_last"),
        (
            {
                **convolution("Conv2D", "wide", "in", 1, "same"),
                "config": {"name": "wide", **CONVOLUTION, "dilation_rate": [2, 2]},
            },
            "dilation",
        ),
    ],
)
def test_what_is_not_understood_is_refused(wrong: dict[str, Any], message: str) -> None:
    layers = [layer("InputLayer", "in", batch_input_shape=[None, 8, 8, 1]), wrong]
    with pytest.raises(ValueError, match=message):
        onnx_of_keras(saved(layers, {}))
