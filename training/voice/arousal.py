"""Arousal by the networks of 1.1 and a line: a candidate for 1.2, not shipped (REPORT.md).

`python -m training.voice.arousal` fits a logistic regression of arousal on the statistics of
`functionals.py`, judges the sum of both logits on the corpora that neither has heard, calibrates
it there, and writes `models/specs/voice.onnx`. The probabilities of the emotions stay those of 1.1,
so the reference set of the indicators, which stands on them, holds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from evolvisense.voice import mel
from training.voice import measure
from training.voice.batches import sampling_weights
from training.voice.copies import Copy, load_copy
from training.voice.dataset import NO_TARGET, Clips, load_clips
from training.voice.export import SPECS, WINDOW_S, largest_difference, to_onnx
from training.voice.folders import cache_dir
from training.voice.functionals import COUNT, Functionals
from training.voice.network import OverPitch, VoiceNet
from training.voice.shipped import load_shipped

VERSION = "1.2"
COPIES = (0, 1)
"""The clips as they are, and through other speeds, rooms and codecs."""
PENALTY = 0.003
"""C of the logistic regression; of .0003 and .003 the better on the four corpora."""
LIMIT = 5.0
"""Standard deviations at which a statistic is cut off."""
UNHEARD = ("casia", "emovo", "savee", "turev")
"""Corpora that the networks of 1.1 were not trained on."""
SAME = 1e-3
"""Probabilities may differ by so much from those of 1.1: half precision read back and written."""

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """logit = coef . clip((statistics - mean) / scale, LIMIT) + intercept"""

    mean: F64
    scale: F64
    coef: F64
    intercept: float

    def read(self, statistics: NDArray[np.float32]) -> F64:
        """Logits (N,) of statistics (N, COUNT)."""
        standard = ((statistics - self.mean) / self.scale).clip(-LIMIT, LIMIT)
        return standard @ self.coef + self.intercept


class WithLine(nn.Module):
    """The networks of 1.1, and arousal read by the line too."""

    def __init__(self, networks: list[nn.Module], line: Line, numbers: dict[str, float]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.functionals = Functionals()
        for name in ("mean", "scale", "coef"):
            value = torch.tensor(getattr(line, name), dtype=torch.float32)
            self.register_buffer(name, value)
        self.intercept, self.numbers = line.intercept, numbers

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        answers = [network(features) for network in self.networks]
        emotion = torch.stack([one for one, _, _ in answers]).mean(dim=0)
        heard = torch.stack([one for _, one, _ in answers]).mean(dim=0)
        fit = self.numbers
        heard = fit["network_slope"] * heard + fit["network_offset"]
        standard = ((self.functionals(features) - self.mean) / self.scale).clamp(-LIMIT, LIMIT)
        # A product with a column is a matrix product: the number of windows changes no bit of it.
        line = (standard * self.coef).sum(dim=1) + self.intercept
        together = heard + fit["line_weight"] * line
        return (
            torch.softmax(emotion / fit["temperature"], dim=1),
            torch.sigmoid(fit["arousal_slope"] * together + fit["arousal_offset"]),
        )


def statistics(number: int, clips: Clips) -> NDArray[np.float32]:
    """Functionals (N, COUNT) of whole clips of one copy; computed once."""
    path = cache_dir() / f"functionals{number}.npy"
    if path.is_file():
        return np.load(path)
    copy, functionals = load_copy(number), Functionals()
    found = np.zeros((len(clips), COUNT), np.float32)
    with torch.inference_mode():
        for row in range(len(clips)):
            found[row] = functionals(_clip(copy, row))[0].numpy()
    np.save(path, found)
    return found


def _clip(copy: Copy, row: int) -> Tensor:
    return torch.from_numpy(measure.clip_features(copy, row, int(copy.count[row])))[None]


def fitted(clips: Clips, copies: list[NDArray[np.float32]], rows: NDArray[np.intp]) -> Line:
    """The line of those rows, corpora, emotions and speakers balanced."""
    values = np.concatenate([copy[rows] for copy in copies]).astype(np.float64)
    target = np.tile(clips.aroused[rows], len(copies))
    weight = np.tile(sampling_weights(clips, rows), len(copies)) / len(copies)
    mean = (values * weight[:, None]).sum(axis=0)
    scale = np.sqrt((np.square(values - mean) * weight[:, None]).sum(axis=0)) + 1e-6
    asked = target != NO_TARGET
    standard = ((values[asked] - mean) / scale).clip(-LIMIT, LIMIT)
    model = LogisticRegression(C=PENALTY, max_iter=200)
    model.fit(standard, target[asked], sample_weight=weight[asked] * len(rows))
    return Line(mean, scale, model.coef_[0], float(model.intercept_[0]))


def networks_logits(clips: Clips, path: Path, rows: NDArray[np.intp]) -> F64:
    """Calibrated logits (R,) of arousal by the file of version 1.1; read once."""
    kept = cache_dir() / "arousal_1_1.npy"
    if kept.is_file():
        return np.load(kept)
    session = onnxruntime.InferenceSession(path)
    copy = load_copy(0)
    read = [session.run(["arousal"], {"features": _clip(copy, int(row)).numpy()}) for row in rows]
    probability = np.array([values[0][0] for values in read], np.float64).clip(1e-5, 1 - 1e-5)
    logit = np.log(probability / (1 - probability))
    np.save(kept, logit)
    return logit


def platt(logit: F64, target: NDArray[np.intp], weight: F64) -> tuple[float, float]:
    """Slope and offset of least cross entropy (Platt 1999)."""
    model = LogisticRegression(C=1e6).fit(logit[:, None], target, sample_weight=weight)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weight", type=float, default=1.0, help="of the line's logit")
    weight = parser.parse_args().weight
    torch.set_num_threads(1)
    clips = load_clips()
    path = SPECS / "voice.onnx"
    spec = json.loads((SPECS / "voice.json").read_text("utf-8"))
    if spec["version"] != "1.1":
        raise SystemExit(f"{path} is version {spec['version']}: begin with 1.1 from the history")
    before = path.read_bytes()
    copies = [statistics(number, clips) for number in COPIES]
    rows = np.flatnonzero(np.isin(clips.corpus, UNHEARD))
    heard, line = networks_logits(clips, path, rows), np.zeros(len(rows))
    for corpus in UNHEARD:
        mine = clips.corpus[rows] == corpus
        others = np.flatnonzero(clips.corpus != corpus)
        line[mine] = fitted(clips, copies, others).read(copies[0][rows[mine]])
        source = clips.source_label[rows[mine]]
        tried = {f"networks + {k} line": heard + k * line for k in (0, 0.25, 0.5, 1, 2)}
        tried["line"] = line
        cells = ", ".join(
            f"{name} {measure.tension_auc(source, values[mine]):.3f}"
            for name, values in tried.items()
        )
        print(f"{corpus}: AUC of {cells}", flush=True)
    asked = clips.aroused[rows] != NO_TARGET
    balance = np.zeros(len(rows))
    for corpus in UNHEARD:
        mine = asked & (clips.corpus[rows] == corpus)
        balance[mine] = 1 / mine.sum()
    together = heard + weight * line
    slope, offset = platt(together[asked], clips.aroused[rows][asked], balance[asked] * asked.sum())
    old = spec["parameters"]
    numbers = {
        "temperature": old["temperature"],
        "network_slope": old["arousal_slope"],
        "network_offset": old["arousal_offset"],
        "line_weight": weight,
        "arousal_slope": round(slope, 4),
        "arousal_offset": round(offset, 4),
    }
    networks: list[nn.Module] = []
    for member in range(old["networks"]):
        network = VoiceNet()
        load_shipped(network, f"shipped:{member}")
        networks.append(OverPitch(network))
    model = WithLine(networks, fitted(clips, copies, np.arange(len(clips))), numbers).eval()
    to_onnx(model, path)
    check(before, path, model, clips)
    spec |= {
        "version": VERSION,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "training_data": "RAVDESS actors 1-18; nEMO; ASED v1; arousal also CASIA, EMOVO, SAVEE, "
        "TurEV",
        "parameters": {name: old[name] for name in ("window_s", "networks", "pitch_steps")}
        | numbers,
    }
    (SPECS / "voice.json").write_text(json.dumps(spec, separators=(",", ": ")) + "\n", "utf-8")
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {numbers}")


def check(before: bytes, path: Path, model: nn.Module, clips: Clips) -> None:
    """The file answers as PyTorch does, and its probabilities are those of 1.1."""
    old = onnxruntime.InferenceSession(before)
    new = onnxruntime.InferenceSession(path)
    for seconds in (0.5, 1.3, WINDOW_S):
        count = int(seconds * mel.RATE_HZ)
        sounds = [np.resize(clips.mono(row), count) for row in (10, 3000, 7500, 9000, 11000)]
        features = mel.features(np.stack(sounds))
        apart = largest_difference(path, model, torch.from_numpy(features))
        was, now = (run.run(["probs"], {"features": features})[0] for run in (old, new))
        moved = float(np.abs(was - now).max())
        print(f"{seconds} s: ONNX Runtime {apart:.1e} from PyTorch, emotions moved {moved:.1e}")
        if apart > 0.01 or moved > SAME:
            raise SystemExit("the file does not answer as it should")


if __name__ == "__main__":
    main()
