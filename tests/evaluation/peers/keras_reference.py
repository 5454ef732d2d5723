"""Keras 2 layers in NumPy, channels last, written from Keras's documentation: slow and plain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


def forward(layers: list[dict[str, Any]], weights: dict[str, Arrays], x: np.ndarray) -> np.ndarray:
    """Output of the last layer for x (M, H, W, C)."""
    outputs: dict[str, np.ndarray] = {}
    for layer in layers:
        config, name = layer["config"], layer["config"]["name"]
        sources = layer["inbound_nodes"][0] if layer["inbound_nodes"] else []
        inputs = [outputs[source[0]] for source in sources] or [x]
        outputs[name] = _layer(layer["class_name"], config, weights[name], inputs)
    return outputs[layers[-1]["config"]["name"]]


def _layer(
    kind: str, config: dict[str, Any], weights: Arrays, inputs: list[np.ndarray]
) -> np.ndarray:
    x = result = inputs[0]
    match kind:
        case "InputLayer":
            pass
        case "Conv2D":
            result = _convolve(x, weights["kernel"], config) + weights.get("bias", 0)
        case "SeparableConv2D":
            depthwise = weights["depthwise_kernel"][:, :, :, 0]
            mixed = _slide(x, depthwise.shape[:2], config, 0.0)
            deep = (mixed * depthwise).sum(axis=(3, 4))
            result = deep @ weights["pointwise_kernel"][0, 0] + weights.get("bias", 0)
        case "BatchNormalization":
            scale = weights["gamma"] / np.sqrt(weights["moving_variance"] + config["epsilon"])
            result = (x - weights["moving_mean"]) * scale + weights["beta"]
        case "MaxPooling2D":
            result = _slide(x, config["pool_size"], config, -np.inf).max(axis=(3, 4))
        case "GlobalAveragePooling2D":
            result = x.mean(axis=(1, 2))
        case "Add":
            result = inputs[0] + inputs[1]
        case "Activation" if config["activation"] == "relu":
            result = np.maximum(x, 0)
        case "Activation" if config["activation"] == "softmax":
            powers = np.exp(x - x.max(axis=-1, keepdims=True))
            result = powers / powers.sum(axis=-1, keepdims=True)
        case _:
            raise AssertionError(kind)
    return result


def _convolve(x: np.ndarray, kernel: np.ndarray, config: dict[str, Any]) -> np.ndarray:
    windows = _slide(x, kernel.shape[:2], config, 0.0)
    return np.einsum("mhwijc,ijcf->mhwf", windows, kernel)


def _slide(x: np.ndarray, window: Any, config: dict[str, Any], fill: float) -> np.ndarray:
    """Windows (M, OH, OW, KH, KW, C). `same`: ceil(size / stride) outputs, the odd pixel last."""
    strides = config["strides"]
    if config["padding"] == "same":
        pads = []
        for size, side, stride in zip(x.shape[1:3], window, strides, strict=True):
            total = max((math.ceil(size / stride) - 1) * stride + side - size, 0)
            pads.append((total // 2, total - total // 2))
        x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
    views = np.lib.stride_tricks.sliding_window_view(x, tuple(window), axis=(1, 2))
    return views[:, :: strides[0], :: strides[1]].transpose(0, 1, 2, 4, 5, 3)
