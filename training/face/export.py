"""Export a trained run into the package: `python -m training.face.export --run main`.

Fits a temperature for grey and one for colour pictures on validation faces (Guo et al. 2017,
arXiv:1706.04599), writes the ONNX file with weights in half precision, its spec with the landmark
layout, and checks ONNX Runtime against PyTorch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from evolvisense.types.scores import EMOTIONS
from training.face import measure
from training.face.augment import plain
from training.face.dataset import Faces, action_names
from training.face.folders import runs_dir
from training.face.landmarks import MESH_POINTS
from training.face.network import INPUT_PX, FaceNet
from training.face.train import Plan, load_faces

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPECS = Path(__file__).resolve().parents[2] / "src" / "evolvisense" / "models" / "specs"
VERSION = "2.1"
GREY_LIMIT = 2.0
"""Mean difference between colour channels, grey levels, below which a picture counts as grey."""
MIN_STORED = 256
"""Weights of fewer numbers stay in single precision."""
FRONTAL_DEG = 12.0


class ShippedModel(nn.Module):
    """The network with calibrated outputs, as the package runs it."""

    def __init__(self, network: FaceNet, grey: float, colour: float) -> None:
        super().__init__()
        self.network, self.grey, self.colour = network, grey, colour

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        heads = self.network(rgb)
        spread = (rgb - rgb.mean(dim=1, keepdim=True)).abs().mean(dim=(1, 2, 3))
        is_grey = (spread < GREY_LIMIT).float()[:, None]
        temperature = is_grey * self.grey + (1 - is_grey) * self.colour
        return (
            torch.softmax(heads.emotion_logit / temperature, dim=1),
            torch.sigmoid(heads.action_logit),
            heads.landmark_xy,
            heads.pose_deg,
            torch.sigmoid(heads.presence_logit),
        )


def fitted_temperature(logits: NDArray[np.float32], expected: NDArray[np.intp]) -> float:
    """The temperature of least cross entropy."""
    candidates = np.exp(np.linspace(np.log(0.4), np.log(3.0), 200))
    labels, scores = torch.from_numpy(expected), torch.from_numpy(logits)
    losses = [float(F.cross_entropy(scores / float(t), labels)) for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def mean_shape(faces: Faces) -> NDArray[np.float32]:
    """Mean place (73, 2) of the landmarks in plain crops of frontal faces, symmetric."""
    frontal = faces.taught & (np.abs(faces.pose_deg[:, 1:]).max(axis=1) < FRONTAL_DEG)
    frontal &= faces.margin == 1
    return faces.landmark_xy[frontal].mean(axis=0)


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights in half precision with a cast behind each: the runtime folds the cast on loading."""
    graph = model.graph
    casts: list[onnx.NodeProto] = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < MIN_STORED:
            continue
        half = numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half")
        graph.initializer.remove(tensor)
        graph.initializer.append(half)
        casts.append(
            onnx.helper.make_node("Cast", [half.name], [tensor.name], to=onnx.TensorProto.FLOAT)
        )
    for cast in reversed(casts):
        graph.node.insert(0, cast)
    onnx.checker.check_model(model)
    return model


def to_onnx(model: nn.Module, path: Path) -> None:
    torch.onnx.export(
        model,
        (torch.zeros(2, 3, INPUT_PX, INPUT_PX),),
        path,
        input_names=["rgb"],
        output_names=["probs", "actions", "landmarks", "pose", "presence"],
        dynamic_shapes={"rgb": {0: torch.export.Dim("faces")}},
        external_data=False,
        dynamo=True,
        verbose=False,
    )
    exported = onnx.load(path)
    # Names of the author's folders and source lines have no place in a shipped file.
    for node in exported.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    onnx.save(halve(exported), path)


def largest_difference(path: Path, model: nn.Module, crops: Tensor) -> float:
    """Largest difference of probabilities, actions and landmarks between the file and PyTorch."""
    found = onnxruntime.InferenceSession(path).run(None, {"rgb": crops.numpy()})
    with torch.inference_mode():
        expected = model(crops)
    return max(
        float(np.abs(ours - theirs.numpy()).max())
        for ours, theirs in zip(found[:3], expected[:3], strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="main")
    args = parser.parse_args()
    state = torch.load(runs_dir() / args.run / "checkpoint.pt")
    plan = Plan(**state["plan"])
    network = plan.network()
    network.load_state_dict(state["average"])
    network.eval()
    train_faces, validation = load_faces(plan.packs)
    by_name = dict(validation)
    temperatures = [
        fitted_temperature(
            measure.read(network, by_name[name]).emotion_logit, by_name[name].emotion.argmax(1)
        )
        for name in ("ferplus-publictest", "colour-tenth")
    ]
    model = ShippedModel(network, *temperatures).eval()
    path = SPECS / "face.onnx"
    to_onnx(model, path)
    sample = by_name["colour-tenth"]
    crops = plain(torch.from_numpy(sample.rgb[:32]), torch.from_numpy(sample.margin[:32]), INPUT_PX)
    difference = largest_difference(path, model, crops)
    if difference > 0.01:
        raise SystemExit(f"ONNX Runtime differs from PyTorch by {difference}")
    spec = {
        "id": "face",
        "version": VERSION,
        "task": "seven expressions, 52 facial actions, landmarks and head pose of a face crop",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input": f"rgb float32 (N, 3, {INPUT_PX}, {INPUT_PX}), 0-255, square crop of a face",
        "output": "probs (N, 7) rows sum to 1; actions (N, 52) 0-1; landmarks (N, 73, 2) shares of "
        "the crop; pose (N, 3) pitch, yaw, roll in degrees; presence (N,) 0-1; float32",
        "labels": list(EMOTIONS),
        "licence": "MIT (see the card for the training data)",
        "training_data": "FER2013 Training with FER+ votes; AffectNet-style colour pack; "
        "muxspace/facial_expressions; labels of MediaPipe FaceLandmarker",
        "url": None,
        "parameters": {
            "input_px": INPUT_PX,
            "actions": list(action_names()),
            "mesh_points": list(MESH_POINTS),
            "mean_shape_xy": np.round(mean_shape(train_faces), 4).tolist(),
            "temperature": {
                "grey": round(temperatures[0], 4),
                "colour": round(temperatures[1], 4),
            },
        },
    }
    spec_text = json.dumps(spec, separators=(",", ": "))
    (SPECS / "face.json").write_text(spec_text + "\n")
    print(
        f"{path}: {path.stat().st_size / 1e6:.2f} MB, temperatures {temperatures}, "
        f"largest difference to PyTorch {difference:.1e}, seen {state['seen']}"
    )


if __name__ == "__main__":
    main()
