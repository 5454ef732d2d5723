"""The network as an ONNX graph, node by node: batch norms folded, weights in half precision.

torch's own exporter takes minutes for this network on the machine it is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from training.detector.network import VALUES, DetectorNet, Residual

OPSET = 17
Array = NDArray[np.float32]


@dataclass
class Graph:
    """Nodes and weights, in order."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    count: int = 0

    def node(self, kind: str, *inputs: str, **attributes: object) -> str:
        self.count += 1
        name = f"{kind.lower()}{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def constant(self, values: Array | NDArray[np.int64]) -> str:
        self.count += 1
        name = f"constant{self.count}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def weight(self, values: Array) -> str:
        """Stored in half precision with a cast, which the runtime folds on loading."""
        half = numpy_helper.from_array(values.astype(np.float16), f"weight{self.count}")
        self.weights.append(half)
        return self.node("Cast", half.name, to=TensorProto.FLOAT)

    def convolution(self, x: str, conv: nn.Conv2d, norm: nn.BatchNorm2d | None) -> str:
        kernel = conv.weight.detach().numpy().astype(np.float64)
        bias = np.zeros(len(kernel)) if conv.bias is None else conv.bias.detach().double().numpy()
        if norm is not None:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
            shift = norm.bias.double() - norm.running_mean.double() * gain
            kernel = kernel * gain.detach().numpy()[:, None, None, None]
            bias = bias * gain.detach().numpy() + shift.detach().numpy()
        edge = int(conv.padding[0])
        return self.node(
            "Conv",
            x,
            self.weight(kernel.astype(np.float32)),
            self.constant(bias.astype(np.float32)),
            kernel_shape=list(conv.kernel_size),
            strides=list(conv.stride),
            pads=[edge] * 4,
            group=conv.groups,
        )

    def sequence(self, x: str, layers: nn.Module) -> str:
        """A chain of convolutions, batch norms, ReLUs and residual blocks."""
        if isinstance(layers, Residual):
            return self.node("Add", x, self.sequence(x, layers.conv))
        parts = list(layers.children())
        for index, part in enumerate(parts):
            if isinstance(part, nn.Conv2d):
                after = parts[index + 1] if index + 1 < len(parts) else None
                x = self.convolution(x, part, after if isinstance(after, nn.BatchNorm2d) else None)
            elif isinstance(part, nn.ReLU):
                x = self.node("Relu", x)
            elif not isinstance(part, nn.BatchNorm2d):
                x = self.sequence(x, part)
        return x


def to_model(network: DetectorNet, slope: float, offset: float) -> onnx.ModelProto:
    """The graph of a network with a calibrated score: rgb (1, 3, H, W) -> values (1, cells, 15)."""
    g = Graph()
    x = g.node("Sub", "rgb", g.constant(np.array(127.5, np.float32)))
    x = g.node("Div", x, g.constant(np.array(64.0, np.float32)))
    x8 = g.sequence(g.sequence(x, network.to_4), network.to_8)
    x16 = g.sequence(x8, network.to_16)
    x32 = g.sequence(x16, network.to_32)
    flat: list[str] = []
    above: str | None = None
    scales = g.constant(np.array([1, 1, 2, 2], np.float32))
    shape = g.constant(np.array([1, VALUES, -1], np.int64))
    for x, lateral, head in reversed(
        list(zip((x8, x16, x32), network.lateral, network.heads, strict=True))
    ):
        assert isinstance(lateral, nn.Conv2d)
        own = g.convolution(x, lateral, None)
        if above is not None:
            grown = g.node(
                "Resize",
                above,
                "",
                scales,
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
            own = g.node("Add", own, grown)
        above = own
        values = g.sequence(g.node("Relu", own), head)
        values = g.node("Reshape", values, shape)
        flat.append(g.node("Transpose", values, perm=[0, 2, 1]))
    joined = g.node("Concat", *reversed(flat), axis=1)
    sizes = g.constant(np.array([1, VALUES - 1], np.int64))
    g.count += 1
    logit, rest = f"logit{g.count}", f"rest{g.count}"
    g.nodes.append(helper.make_node("Split", [joined, sizes], [logit, rest], axis=2))
    logit = g.node("Mul", logit, g.constant(np.array(slope, np.float32)))
    logit = g.node("Add", logit, g.constant(np.array(offset, np.float32)))
    g.nodes.append(helper.make_node("Concat", [g.node("Sigmoid", logit), rest], ["values"], axis=2))
    image = helper.make_tensor_value_info("rgb", TensorProto.FLOAT, [1, 3, "height", "width"])
    values_info = helper.make_tensor_value_info("values", TensorProto.FLOAT, [1, "cells", VALUES])
    graph = helper.make_graph(g.nodes, "detector", [image], [values_info], g.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model
