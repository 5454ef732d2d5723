"""Export a trained run into the package: `python -m training.face.export --run NAME`.

Fits one temperature for all images on validation faces (Guo et al. 2017, arXiv:1706.04599), chooses
the action units that are reported, writes the ONNX file with weights in half precision and its spec
with the landmark layout, keeps the weights in `checkpoints/`, and checks ONNX Runtime against
PyTorch.
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
from training.face.action_units import ACTION_UNITS, MAX_INTENSITY
from training.face.augment import plain
from training.face.dataset import action_names, load_validation
from training.face.folders import runs_dir
from training.face.landmarks import MESH_POINTS
from training.face.network import INPUT_PX, FaceNet
from training.face.train import CHECKPOINTS, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SPECS = Path(__file__).resolve().parents[2] / "src" / "evolvisense" / "models" / "specs"
VERSION = "2.3"
LABELLED = ("ferplus-publictest", "colour-tenth", "cfee-fifth")
"""The sets that the temperature is fitted on; each counts the same."""
SHARES = {
    "angry": 0.072,
    "disgust": 0.027,
    "fear": 0.142,
    "happy": 0.263,
    "sad": 0.113,
    "surprise": 0.097,
    "neutral": 0.286,
}
"""Class shares of FER2013 with the FER+ votes."""
LEAST_SHARE = 0.15
"""The prior that the output assumes: SHARES, but none below this. Chosen on LABELLED: of FER+ it
reads six points more than no prior does and costs balanced accuracy .003 (REPORT.md)."""
MIN_AU_AUC = 0.85
"""Action units that are recognised worse on people set aside are not reported."""
MIN_STORED = 256
"""Weights of fewer numbers stay in single precision."""


class ShippedModel(nn.Module):
    """The network with calibrated outputs, as the package runs it."""

    def __init__(self, network: FaceNet, temperature: float, units: list[int]) -> None:
        """
        Args:
            network: trained network.
            temperature: that its expression logits are divided by.
            units: positions in ACTION_UNITS of the action units to report.
        """
        super().__init__()
        self.network, self.temperature = network, temperature
        self.register_buffer("units", torch.tensor(units))
        self.register_buffer("offset", torch.from_numpy(prior_offset()))

    def forward(self, rgb: Tensor) -> tuple[Tensor, ...]:
        heads = self.network(rgb)
        return (
            torch.softmax((heads.emotion_logit + self.offset) / self.temperature, dim=1),
            torch.sigmoid(heads.action_logit),
            heads.landmark_xy,
            heads.pose_deg,
            torch.sigmoid(heads.presence_logit),
            MAX_INTENSITY * torch.sigmoid(heads.au_logit[:, self.units]),
        )


def prior_offset() -> NDArray[np.float32]:
    """What is added to the expression logits (7,): the log of the assumed prior."""
    shares = np.array([max(SHARES[emotion], LEAST_SHARE) for emotion in EMOTIONS])
    return np.log(shares / shares.mean()).astype(np.float32)


def fitted_temperature(
    logits: Sequence[NDArray[np.float32]], expected: Sequence[NDArray[np.intp]]
) -> float:
    """The temperature of least cross entropy over several sets, each of which counts the same."""
    candidates = np.exp(np.linspace(np.log(0.4), np.log(3.0), 200))
    losses = [
        sum(
            float(F.cross_entropy(torch.from_numpy(scores) / float(t), torch.from_numpy(labels)))
            for scores, labels in zip(logits, expected, strict=True)
        )
        for t in candidates
    ]
    return float(candidates[int(np.argmin(losses))])


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
        output_names=["probs", "actions", "landmarks", "pose", "presence", "action_units"],
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
    """Largest difference of the first three outputs between the file and PyTorch."""
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
    parser.add_argument(
        "--mix",
        metavar="RUN",
        help="export the mean of the weights of both runs, one of which went on from the other "
        "(Wortsman et al. 2022, arXiv:2109.01903)",
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    state = torch.load(runs_dir() / args.run / "checkpoint.pt")
    if args.mix:
        other = torch.load(runs_dir() / args.mix / "checkpoint.pt")["average"]
        state["average"] = {
            name: (value + other[name]) / 2 if value.is_floating_point() else value
            for name, value in state["average"].items()
        }
    plan = Plan(**state["plan"])
    network = plan.network()
    network.load_state_dict(state["average"])
    network.eval()
    validation = dict(load_validation())
    read = {name: measure.read(network, validation[name]) for name in LABELLED}
    single = {name: validation[name].emotion.max(axis=1) > 0.99 for name in LABELLED}
    temperature = fitted_temperature(
        [read[name].emotion_logit[single[name]] + prior_offset() for name in LABELLED],
        [validation[name].emotion[single[name]].argmax(axis=1) for name in LABELLED],
    )
    auc = measure.au_auc(read["cfee-fifth"], validation["cfee-fifth"])
    units = np.flatnonzero(auc >= MIN_AU_AUC).tolist()
    names = [f"AU{number:02d}" for number in ACTION_UNITS]
    print("area under the ROC curve:", dict(zip(names, auc.round(3).tolist(), strict=True)))
    model = ShippedModel(network, temperature, units).eval()
    halves = {k: v.half() if v.is_floating_point() else v for k, v in state["average"].items()}
    kept = {"plan": state["plan"], "seen": state["seen"], "average": halves}
    torch.save(kept, CHECKPOINTS / f"face-{VERSION}.pt")
    path = SPECS / "face.onnx"
    to_onnx(model, path)
    sample = validation["colour-tenth"]
    crops = plain(torch.from_numpy(sample.rgb[:32]), torch.from_numpy(sample.margin[:32]), INPUT_PX)
    difference = largest_difference(path, model, crops)
    if difference > 0.01:
        raise SystemExit(f"ONNX Runtime differs from PyTorch by {difference}")
    spec = {
        "id": "face",
        "version": VERSION,
        "task": "seven expressions, 52 blendshapes, FACS action units, landmarks and head pose of "
        "a face crop",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input": f"rgb float32 (N, 3, {INPUT_PX}, {INPUT_PX}), 0-255, square crop of a face",
        "output": "probs (N, 7) rows sum to 1; actions (N, 52) 0-1; landmarks (N, 73, 2) shares of "
        "the crop; pose (N, 3) pitch, yaw, roll in degrees; presence (N,) 0-1; "
        f"action_units (N, {len(units)}) intensity 0-5; float32",
        "labels": list(EMOTIONS),
        "licence": "MIT (see the card for the training data)",
        "training_data": "FER2013 Training with FER+ votes; AffectNet-style colour pack; "
        "muxspace/facial_expressions; CFEE; labels of MediaPipe FaceLandmarker",
        "url": None,
        "parameters": {
            "input_px": INPUT_PX,
            "actions": list(action_names()),
            "mesh_points": list(MESH_POINTS),
            "mean_shape_xy": json.loads((SPECS / "face.json").read_text())["parameters"][
                "mean_shape_xy"
            ],
            "action_units": [names[i] for i in units],
            "action_unit_auc": {names[i]: round(float(auc[i]), 3) for i in units},
            "temperature": round(temperature, 4),
            "offset": prior_offset().round(4).tolist(),
        },
    }
    spec_text = json.dumps(spec, separators=(",", ": "))
    (SPECS / "face.json").write_text(spec_text + "\n")
    print(
        f"{path}: {path.stat().st_size / 1e6:.2f} MB, temperature {temperature:.3f}, "
        f"largest difference to PyTorch {difference:.1e}, seen {state['seen']}"
    )


if __name__ == "__main__":
    main()
