"""A Keras 2 network in HDF5 (`model.save`) as an ONNX graph, without Keras or TensorFlow.

Knows the layers of the mini-Xception family; anything else is refused by name. Needs h5py and onnx.
"""

from __future__ import annotations

import io
import json
from typing import Any, cast

import h5py as _h5py
import numpy as np
import onnx as _onnx
from numpy.typing import NDArray

# h5py ships no types, those of onnx are partial.
h5py, onnx = cast("Any", _h5py), cast("Any", _onnx)

OPSET, IR_VERSION = 17, 8
"""Old enough for every ONNX Runtime that the project supports."""
INPUT, OUTPUT = "input", "output"
PADDING = {"same": "SAME_UPPER", "valid": "VALID"}
"""With stride 2 Keras puts the odd pixel of `same` at the bottom right, as SAME_UPPER does."""

Weights = dict[str, NDArray[np.float32]]


def onnx_of_keras(hdf5: bytes) -> bytes:
    """The ONNX model of a saved Keras model with one input and one output.

    Keras takes (M, H, W, C), the graph takes `input` float32 (M, C, H, W); `output` has the order
    of the last layer. Raises ValueError for a file or layer that is not understood.
    """
    with h5py.File(io.BytesIO(hdf5), "r") as file:
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
        weights = {layer["config"]["name"]: _weights(file, layer) for layer in layers}
    graph = _Graph()
    for layer in layers:
        graph.add(layer, weights[layer["config"]["name"]])
    return graph.model(last=layers[-1]["config"]["name"])


def _weights(file: Any, layer: dict[str, Any]) -> Weights:
    """Arrays of a layer by their short names, `kernel` for `conv2d_1_1/kernel:0`."""
    group = file["model_weights"][layer["config"]["name"]]
    names = [name.decode() for name in group.attrs["weight_names"]]
    return {name.split("/")[-1].split(":")[0]: group[name][()] for name in names}


class _Graph:
    """Nodes and weights collected layer by layer; a layer's output has the layer's name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.input_shape: list[int | str] = []

    def add(self, layer: dict[str, Any], weights: Weights) -> None:
        """Translate one layer of the Keras configuration."""
        config, kind = layer["config"], layer["class_name"]
        inputs = [source[0] for source in layer["inbound_nodes"][0]] if self.nodes else [INPUT]
        name = config["name"]
        if config.get("data_format", "channels_last") != "channels_last":
            raise ValueError(f"layer {name}: expected channels_last, got {config['data_format']}")
        match kind:
            case "InputLayer":
                _, height, width, channels = config["batch_input_shape"]
                self.input_shape = ["M", channels, height, width]
                self._node("Identity", inputs, name)
            case "Conv2D":
                self._convolution(config, inputs, name, weights)
            case "SeparableConv2D":
                self._separable_convolution(config, inputs, name, weights)
            case "BatchNormalization":
                order = ("gamma", "beta", "moving_mean", "moving_variance")
                arrays = [self._array(f"{name}/{part}", weights[part]) for part in order]
                self._node("BatchNormalization", inputs + arrays, name, epsilon=config["epsilon"])
            case "MaxPooling2D":
                window = {"kernel_shape": config["pool_size"], **_placement(config)}
                self._node("MaxPool", inputs, name, **window)
            case "GlobalAveragePooling2D":
                self._node("ReduceMean", inputs, name, axes=[2, 3], keepdims=0)
            case "Add":
                self._node("Add", inputs, name)
            case "Activation":
                self._activation(config["activation"], inputs, name)
            case _:
                raise ValueError(f"layer {name}: {kind} is not understood")

    def model(self, last: str) -> bytes:
        """The finished graph, checked, with the output of layer `last`."""
        self._node("Identity", [last], OUTPUT)
        helper, real = onnx.helper, onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "keras",
            [helper.make_tensor_value_info(INPUT, real, self.input_shape)],
            [helper.make_tensor_value_info(OUTPUT, real, ["M", "labels"])],
            self.initializers,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model.SerializeToString()

    def _convolution(
        self, config: dict[str, Any], inputs: list[str], name: str, weights: Weights
    ) -> None:
        _require_plain(config)
        kernel = self._array(f"{name}/kernel", weights["kernel"].transpose(3, 2, 0, 1))
        arrays = [kernel, *self._bias(name, weights)]
        self._node("Conv", inputs + arrays, name, **_placement(config))

    def _separable_convolution(
        self, config: dict[str, Any], inputs: list[str], name: str, weights: Weights
    ) -> None:
        """Depthwise (KH, KW, C, 1), then pointwise (1, 1, C, filters), the bias after both."""
        _require_plain(config)
        if config["depth_multiplier"] != 1:
            raise ValueError(f"layer {name}: expected depth_multiplier 1")
        depthwise = weights["depthwise_kernel"].transpose(2, 3, 0, 1)
        pointwise = weights["pointwise_kernel"].transpose(3, 2, 0, 1)
        between = f"{name}/depthwise_output"
        kernel = self._array(f"{name}/depthwise", depthwise)
        placement = _placement(config)
        self._node("Conv", [*inputs, kernel], between, group=len(depthwise), **placement)
        arrays = [self._array(f"{name}/pointwise", pointwise), *self._bias(name, weights)]
        self._node("Conv", [between, *arrays], name)

    def _activation(self, activation: str, inputs: list[str], name: str) -> None:
        match activation:
            case "relu":
                self._node("Relu", inputs, name)
            case "softmax":
                self._node("Softmax", inputs, name, axis=1)
            case "linear":
                self._node("Identity", inputs, name)
            case _:
                raise ValueError(f"layer {name}: activation {activation} is not understood")

    def _bias(self, name: str, weights: Weights) -> list[str]:
        return [self._array(f"{name}/bias", weights["bias"])] if "bias" in weights else []

    def _array(self, name: str, array: NDArray[np.float32]) -> str:
        contiguous = np.ascontiguousarray(array, np.float32)
        self.initializers.append(onnx.numpy_helper.from_array(contiguous, name))
        return name

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(onnx.helper.make_node(operator, inputs, [output], **attributes))


def _placement(config: dict[str, Any]) -> dict[str, Any]:
    """Strides and padding of a convolution or a pooling."""
    return {"strides": config["strides"], "auto_pad": PADDING[config["padding"]]}


def _require_plain(config: dict[str, Any]) -> None:
    """Refuse a convolution with more to it than its kernel and bias."""
    if config["dilation_rate"] != [1, 1] or config["activation"] != "linear":
        raise ValueError(f"layer {config['name']}: dilation and activation are not understood")
