"""Would 8-bit integers do? `python -m training.face.quantise`: the shipped file against its int8.

Static quantisation of weights by channel and activations by tensor (ONNX Runtime, QDQ), ranges from
training faces. The int8 files are thrown away.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.face.agreement import Geometry, agreement
from training.face.augment import plain
from training.face.dataset import Faces, action_names, load_validation, training_faces
from training.face.export import SPECS
from training.face.measure import crop_landmarks
from training.face.network import INPUT_PX

CALIBRATION_FACES = 512
TIMED_RUNS = 200
VARIANTS = {
    "int8 convolutions": ["Conv"],
    "int8 trunk": ["Conv", "Add", "AveragePool"],
    "int8 everything": None,
}
"""Operators that are quantised; None is all of them."""


class Crops(CalibrationDataReader):
    """Training crops, one batch at a time."""

    def __init__(self, crops: NDArray[np.float32]) -> None:
        self._batches: Iterator[NDArray[np.float32]] = iter(np.array_split(crops, 32))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"rgb": batch}


def crops_of(faces: Faces, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    rgb, margin = torch.from_numpy(faces.rgb[rows]), torch.from_numpy(faces.margin[rows])
    return plain(rgb, margin, INPUT_PX).contiguous().numpy()


def single_precision(path: Path) -> onnx.ModelProto:
    """The shipped file without its half precision, which the quantiser cannot read."""
    model = onnx.load(path)
    graph = model.graph
    halves = {t.name: t for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT16}
    for node in [n for n in graph.node if n.op_type == "Cast" and n.input[0] in halves]:
        values = numpy_helper.to_array(halves[node.input[0]]).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        graph.node.remove(node)
    for tensor in halves.values():
        graph.initializer.remove(tensor)
    return model


def outside_the_trunk(path: Path) -> list[str]:
    """Names of the nodes before the first and behind the last convolution."""
    nodes = onnx.load(path).graph.node
    convolutions = [i for i, node in enumerate(nodes) if node.op_type == "Conv"]
    return [
        *(n.name for n in nodes[: convolutions[0]]),
        *(n.name for n in nodes[convolutions[-1] + 1 :]),
    ]


def describe(name: str, path: Path, validation: list[tuple[str, Faces]]) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    figures = [f"{path.stat().st_size / 1e6:.2f} MB"]
    for set_name, faces in validation:
        parts = [
            session.run(None, {"rgb": crops_of(faces, rows)})
            for rows in np.array_split(np.arange(len(faces)), max(len(faces) // 128, 1))
        ]
        probs, action, points, pose, _, _ = (np.concatenate(p) for p in zip(*parts, strict=True))
        if set_name != "scene-tenth":
            single = faces.emotion.max(axis=1) > 0.99
            right = (probs.argmax(1) == faces.emotion.argmax(1))[single].mean()
            figures.append(f"{set_name} {right:.4f}")
        if set_name == "cfee-fifth":
            rows = faces.taught
            teacher = Geometry(faces.action, crop_landmarks(faces), faces.pose_deg)
            found = agreement(
                Geometry(action[rows], points[rows], pose[rows]),
                Geometry(teacher.action[rows], teacher.landmark_xy[rows], teacher.pose_deg[rows]),
                action_names(),
            )
            figures.append(f"r {found.mean_r:.3f} landmarks {found.landmark:.4f}")
    one = crops_of(validation[0][1], np.arange(1))
    took_s: list[float] = []
    for _ in range(TIMED_RUNS):
        began = time.perf_counter()
        session.run(None, {"rgb": one})
        took_s.append(time.perf_counter() - began)
    print(f"{name}: {', '.join(figures)}, one face {1000 * float(np.median(took_s)):.2f} ms")


def main() -> None:
    train_faces, validation = (
        training_faces(("fer2013", "colour", "scene", "cfee")),
        load_validation(),
    )
    rng = np.random.default_rng(0)
    chosen = crops_of(train_faces, rng.choice(len(train_faces), CALIBRATION_FACES, replace=False))
    shipped = SPECS / "face.onnx"
    describe("shipped", shipped, validation)
    with tempfile.TemporaryDirectory() as folder:
        single, prepared = Path(folder) / "single.onnx", Path(folder) / "prepared.onnx"
        onnx.save(single_precision(shipped), single)
        quant_pre_process(single, prepared)
        for name, operators in VARIANTS.items():
            made = Path(folder) / "int8.onnx"
            quantize_static(
                prepared,
                made,
                Crops(chosen),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=operators,
                nodes_to_exclude=outside_the_trunk(prepared) if operators else None,
                per_channel=True,
                reduce_range=True,  # without VNNI, 8-bit products overflow 16-bit sums
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.Percentile,
            )
            describe(name, made, validation)


if __name__ == "__main__":
    main()
