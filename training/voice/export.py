"""Export trained networks: `python -m training.voice.export --set main`.

Fits the temperature of the emotions and slope and offset of arousal (Guo et al. 2017,
arXiv:1706.04599; Platt 1999) on out-of-fold answers, puts them into the graph, and writes
`models/specs/voice.onnx` with its spec, and the networks of the folds, for whoever needs answers
on the pack that are not in-sample, to `runs/folds`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from evolvisense.types.scores import EMOTIONS
from evolvisense.voice import mel
from training.voice.crossvalidate import PARTS, run_name
from training.voice.dataset import CORPORA, NO_TARGET, Clips, load_clips
from training.voice.folders import runs_dir
from training.voice.network import PITCH_STEPS, OverPitch
from training.voice.train import Plan

SPECS = Path(__file__).resolve().parents[2] / "src" / "evolvisense" / "models" / "specs"
VERSION = "1.1"
WINDOW_S = 3.0
MIN_STORED = 256
"""Weights of fewer numbers stay in single precision."""
LARGEST_DIFFERENCE = 0.01


@dataclass(frozen=True)
class Calibration:
    """Emotion logits are divided by `temperature`; arousal's become slope x + offset."""

    temperature: float
    slope: float
    offset: float


class ShippedModel(nn.Module):
    """Networks of one plan and other seeds, averaged over pitch and before calibration."""

    def __init__(self, networks: list[nn.Module], calibration: Calibration) -> None:
        super().__init__()
        self.networks, self.calibration = nn.ModuleList(networks), calibration

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        answers = [network(features) for network in self.networks]
        # Valence is trained and not shipped: no reader asks for it yet.
        emotion = torch.stack([one for one, _, _ in answers]).mean(dim=0)
        arousal = torch.stack([one for _, one, _ in answers]).mean(dim=0)
        fit = self.calibration
        return (
            torch.softmax(emotion / fit.temperature, dim=1),
            torch.sigmoid(fit.slope * arousal + fit.offset),
        )


def corpus_weights(corpus: NDArray[np.str_]) -> NDArray[np.float32]:
    """(N,) so that each corpus counts alike."""
    weights = np.zeros(len(corpus), np.float32)
    for name in CORPORA:
        weights[corpus == name] = 1 / max(int((corpus == name).sum()), 1)
    return weights / weights.sum()


def calibrated(
    clips: Clips, emotion: NDArray[np.float32], arousal: NDArray[np.float32]
) -> Calibration:
    """Of least cross entropy on answers of whole clips, corpora alike."""
    weight = torch.from_numpy(corpus_weights(clips.corpus))
    scores, labels = torch.from_numpy(emotion), torch.from_numpy(clips.emotion)
    candidates = np.exp(np.linspace(np.log(0.2), np.log(3.0), 200))
    costs = [
        float((weight * F.cross_entropy(scores / float(t), labels, reduction="none")).sum())
        for t in candidates
    ]
    asked = clips.aroused != NO_TARGET
    logit = torch.from_numpy(arousal[asked])
    target = torch.from_numpy(clips.aroused[asked].astype(np.float32))
    weight = torch.from_numpy(corpus_weights(clips.corpus[asked]))
    line = torch.tensor([1.0, 0.0], requires_grad=True)
    optimizer = torch.optim.LBFGS([line], max_iter=100)

    def cost() -> Tensor:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(
            line[0] * logit + line[1], target, weight, reduction="sum"
        )
        loss.backward()
        return loss

    optimizer.step(cost)
    slope, offset = line.tolist()
    return Calibration(float(candidates[int(np.argmin(costs))]), slope, offset)


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
        (torch.zeros(2, mel.frame_count(int(WINDOW_S * mel.RATE_HZ)), mel.WIDTH),),
        path,
        input_names=["features"],
        output_names=["probs", "arousal"],
        dynamic_shapes={
            "features": {0: torch.export.Dim("windows"), 1: torch.export.Dim("frames", min=20)}
        },
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


def largest_difference(path: Path, model: nn.Module, features: Tensor) -> float:
    """Largest difference of probabilities and arousal between the file and PyTorch."""
    found = onnxruntime.InferenceSession(path).run(None, {"features": features.numpy()})
    with torch.inference_mode():
        expected = model(features)
    return max(
        float(np.abs(ours - theirs.numpy()).max())
        for ours, theirs in zip(found, expected, strict=True)
    )


def model_of(set_name: str, part: str, members: int, calibration: Calibration) -> ShippedModel:
    networks: list[nn.Module] = []
    for member in range(members):
        path = runs_dir() / run_name(set_name, part, member) / "checkpoint.pt"
        state = torch.load(path, weights_only=False)
        network = Plan(**state["plan"]).network()
        network.load_state_dict(state["average"])
        networks.append(OverPitch(network))
    return ShippedModel(networks, calibration).eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="main", dest="set_name")
    options = parser.parse_args()
    clips = load_clips()
    with np.load(runs_dir() / options.set_name / "out_of_fold.npz") as stored:
        emotion, arousal, members = stored["emotion"], stored["arousal"], int(stored["members"])
    calibration = calibrated(clips, emotion, arousal)
    folds = runs_dir() / "folds"
    folds.mkdir(exist_ok=True)
    for part in PARTS:
        model = model_of(options.set_name, part, members, calibration)
        path = SPECS / "voice.onnx" if part == "all" else folds / f"{part}.onnx"
        to_onnx(model, path)
        for seconds in (0.5, 1.3, WINDOW_S):
            count = int(seconds * mel.RATE_HZ)
            rows = (10, 3000, 7500)
            cut = np.stack([np.resize(clips.mono(row), count) for row in rows])
            sample = torch.from_numpy(mel.features(cut))
            difference = largest_difference(path, model, sample)
            if difference > LARGEST_DIFFERENCE:
                raise SystemExit(f"{path}: ONNX Runtime differs from PyTorch by {difference}")
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, differs by {difference:.1e}")
    by_speaker = dict(zip(clips.speaker.tolist(), clips.fold.tolist(), strict=True))
    (folds / "folds.json").write_text(json.dumps(by_speaker, indent=1) + "\n")
    write_spec(calibration, members)
    print(calibration)


def write_spec(calibration: Calibration, members: int) -> None:
    path = SPECS / "voice.onnx"
    spec = {
        "id": "voice",
        "version": VERSION,
        "task": "seven emotions and arousal of a window of speech, free of gain",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input": f"features float32 (W, T, {mel.WIDTH}) of evolvisense.voice.mel: "
        f"{mel.MELS} mel bands in dB over the speech level, {mel.LAGS} autocorrelations; a frame "
        f"every {1000 * mel.HOP_S:.0f} ms",
        "output": "probs (W, 7) rows sum to 1; arousal (W,) 0-1; float32",
        "labels": list(EMOTIONS),
        "licence": "MIT (see the card for the training data)",
        "training_data": "RAVDESS actors 1-18; nEMO; ASED v1",
        "url": None,
        "parameters": {
            "window_s": WINDOW_S,
            "networks": members,
            "pitch_steps": PITCH_STEPS,
            "temperature": round(calibration.temperature, 4),
            "arousal_slope": round(calibration.slope, 4),
            "arousal_offset": round(calibration.offset, 4),
        },
    }
    text = json.dumps(spec, separators=(",", ": "))
    (SPECS / "voice.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
