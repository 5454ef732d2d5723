"""Linear heads on clip statistics beside the networks of version 1.1: version 1.2.

`python -m training.voice.heads` fits one-vs-rest ridge heads on the statistics of `functionals.py`
over all seven corpora, measures networks and heads together on the four corpora that the networks
never heard (each left out of the heads in turn), calibrates arousal there, and writes
`models/specs/voice.onnx` and `voice.json`. `--measure` prints the matrix and writes nothing.
The networks are taken from the shipped file, version 1.1 or 1.2.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import compose, utils
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from evolvisense.types.scores import EMOTIONS
from evolvisense.voice import mel
from training.voice import measure
from training.voice.batches import sampling_weights
from training.voice.copies import load_copy
from training.voice.dataset import AROUSED, CORPORA, LABELS, NO_TARGET, PLEASANT, Clips, load_clips
from training.voice.export import SPECS, WINDOW_S
from training.voice.folders import cache_dir
from training.voice.functionals import COUNT, Functionals

VERSION = "1.2"
COPIES = (0, 1)
"""The clips as they are, and through other speeds, rooms and codecs."""
PENALTY = 0.05
"""Of the ridge; statistics are standardised and a corpus weighs 1."""
LIMIT = 5.0
"""Standard deviations at which a statistic is cut off."""
UNHEARD = ("casia", "emovo", "savee", "turev")
"""Corpora that the networks of 1.1 were not trained on."""
HEADS = (*EMOTIONS, "aroused", "pleasant")
SHARPNESS = 0.7
"""Factor on the joint logits: neutral speech keeps its mean p(fear) and p(angry) + p(fear), on
which the norms of the indicators stand (REPORT.md)."""
HEAD_WEIGHT = 0.75
"""Of the heads, +-1 for yes and no, beside the log-probabilities of the networks."""
AROUSED_WEIGHT, PLEASANT_WEIGHT = 1.5, 0.25
"""Of these two heads in the logit of an emotion, relative to its own head."""
AROUSAL_WEIGHT = 4.0
"""Of the head `aroused` beside the networks' logit of arousal."""
SMALLEST = 1e-5
"""Probability at which logarithms are cut off."""
LARGEST_DIFFERENCE = 1e-3
PREFIX = "heads_"

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rows = NDArray[np.intp]


def quadrants() -> F64:
    """(7, 2) how an emotion depends on the heads `aroused` and `pleasant`."""
    found = np.zeros((len(EMOTIONS), 2))
    for source, emotion in LABELS.items():
        row = EMOTIONS.index(emotion)
        found[row, 0] = AROUSED_WEIGHT * (2 * AROUSED[source] - 1 if source in AROUSED else 0)
        # One emotion is pleasant, four are not.
        sign = 2 * PLEASANT[source] - 1 if source in PLEASANT else 0
        found[row, 1] = PLEASANT_WEIGHT * (sign if sign > 0 else sign / 2)
    return found


@dataclass(frozen=True)
class Heads:
    """weight . clip((statistics - mean) / scale, LIMIT) + intercept"""

    mean: F64
    """(COUNT,)"""
    scale: F64
    """(COUNT,)"""
    weight: F64
    """(9, COUNT), rows as in HEADS."""
    intercept: F64
    """(9,)"""

    def read(self, statistics: F32) -> F64:
        """Statistics (N, COUNT) -> (N, 9), about -1 for no and 1 for yes."""
        standard = ((statistics - self.mean) / self.scale).clip(-LIMIT, LIMIT)
        return standard @ self.weight.T + self.intercept


class Sums:
    """Second moments of each corpus and emotion: every balanced ridge is a sum of some of them."""

    def __init__(self, clips: Clips, copies: list[F32]) -> None:
        weight = sampling_weights(clips, np.arange(len(clips)))
        self.mean: F64 = (copies[0] * weight[:, None]).sum(axis=0)
        self.scale: F64 = np.sqrt((np.square(copies[0] - self.mean) * weight[:, None]).sum(axis=0))
        self.scale += 1e-6
        self.product: dict[tuple[str, str], F64] = {}
        self.first: dict[tuple[str, str], F64] = {}
        for corpus in CORPORA:
            for number, emotion in enumerate(EMOTIONS):
                rows = np.flatnonzero((clips.corpus == corpus) & (clips.emotion == number))
                if len(rows):
                    self._add((corpus, emotion), weight[rows] / weight[rows].sum(), copies, rows)

    def _add(self, key: tuple[str, str], weight: F64, copies: list[F32], rows: Rows) -> None:
        self.product[key], self.first[key] = np.zeros((COUNT + 1,) * 2), np.zeros(COUNT + 1)
        for copy in copies:
            standard = ((copy[rows] - self.mean) / self.scale).clip(-LIMIT, LIMIT)
            values = np.concatenate([standard, np.ones((len(rows), 1))], axis=1)
            weighted = values * (weight / len(copies))[:, None]
            self.product[key] += values.T @ weighted
            self.first[key] += weighted.sum(axis=0)

    def ridge(self, corpora: Collection[str], yes: Collection[str], no: Collection[str]) -> F64:
        """(COUNT + 1,) for targets 1 and -1, both sides and all corpora that have both alike."""
        product, first, used = np.zeros((COUNT + 1,) * 2), np.zeros(COUNT + 1), 0
        for corpus in corpora:
            sides = [[(corpus, e) for e in s if (corpus, e) in self.first] for s in (yes, no)]
            if not all(sides):
                continue
            used += 1
            for side, target in zip(sides, (1, -1), strict=True):
                for key in side:
                    product += self.product[key] / (2 * len(side))
                    first += target * self.first[key] / (2 * len(side))
        if not used:
            raise ValueError(f"none of {sorted(corpora)} has both {yes} and {no}")
        return np.linalg.solve(product / used + PENALTY * np.eye(COUNT + 1), first / used)

    def heads(self, corpora: Collection[str]) -> Heads:
        """The heads of some corpora; an emotion is told from what its own corpus has besides."""
        found = [self.ridge(corpora, [e], [x for x in EMOTIONS if x != e]) for e in EMOTIONS]
        for halves in (AROUSED, PLEASANT):
            sides = ({LABELS[s] for s, half in halves.items() if half == side} for side in (1, 0))
            found.append(self.ridge(corpora, *sides))
        table = np.array(found)
        return Heads(self.mean, self.scale, table[:, :-1], table[:, -1])


def statistics(number: int, clips: Clips) -> F32:
    """Functionals (N, COUNT) of whole clips of one copy; computed once."""
    path = cache_dir() / f"functionals{number}.npy"
    if path.is_file():
        return np.load(path)
    copy, functionals = load_copy(number), Functionals()
    found = np.zeros((len(clips), COUNT), np.float32)
    with torch.inference_mode():
        for row in range(len(clips)):
            features = measure.clip_features(copy, row, int(copy.count[row]))
            found[row] = functionals(torch.from_numpy(features)[None])[0].numpy()
    np.save(path, found)
    return found


def networks_of(path: Path) -> onnx.ModelProto:
    """The networks of 1.1 with outputs `network_probs` and `network_arousal`.

    Args:
        path: The shipped file, version 1.1 or 1.2.
    """
    model = onnx.load(path)
    known = {name for node in model.graph.node for name in node.output}
    if "network_probs" in known:
        return utils.Extractor(model).extract_model(
            ["features"], ["network_probs", "network_arousal"]
        )
    for node in model.graph.node:
        for index, name in enumerate(node.output):
            if name in ("probs", "arousal"):
                node.output[index] = f"network_{name}"
    for output in model.graph.output:
        output.name = f"network_{output.name}"
    return model


def networks_answers(clips: Clips, model: onnx.ModelProto) -> tuple[F64, F64]:
    """Probabilities (N, 7) and arousal (N,) of whole clips by the networks alone; computed once.

    Clips of nearly one length are read together, cut to the shortest of them.
    """
    path = cache_dir() / "networks_1_1.npz"
    if path.is_file():
        with np.load(path) as stored:
            return stored["probs"], stored["arousal"]
    session = onnxruntime.InferenceSession(model.SerializeToString())
    copy = load_copy(0)
    probs, arousal = np.zeros((len(clips), len(EMOTIONS))), np.zeros(len(clips))
    places = np.argsort(copy.count, kind="stable")
    for part in np.array_split(places, max(len(clips) // measure.BATCH, 1)):
        count = int(copy.count[part].min())
        features = [measure.clip_features(copy, int(row), count) for row in part]
        probs[part], arousal[part] = session.run(None, {"features": np.stack(features)})
    np.savez(path, probs=probs, arousal=arousal)
    return probs, arousal


def joint(probs: F64, arousal: F64, heads: F64) -> tuple[F64, F64]:
    """Logits of emotions (N, 7) and of arousal, not calibrated (N,), of networks and heads."""
    emotion = heads[:, : len(EMOTIONS)] + heads[:, len(EMOTIONS) :] @ quadrants().T
    heard = arousal.clip(SMALLEST, 1 - SMALLEST)
    return (
        SHARPNESS * (np.log(probs.clip(SMALLEST)) + HEAD_WEIGHT * emotion),
        np.log(heard / (1 - heard)) + AROUSAL_WEIGHT * heads[:, HEADS.index("aroused")],
    )


def figures(clips: Clips, rows: Rows, probs: F64, arousal: F64) -> list[float]:
    """UAR of all seven, of the corpus's own; AUC by p(angry) + p(fear) and by arousal."""
    emotion, source = clips.emotion[rows], clips.source_label[rows]
    own = np.where(np.isin(np.arange(len(EMOTIONS)), emotion), probs, -1)
    tense = probs[:, EMOTIONS.index("angry")] + probs[:, EMOTIONS.index("fear")]
    return [
        measure.mean_recall(emotion, probs.argmax(axis=1)),
        measure.mean_recall(emotion, own.argmax(axis=1)),
        measure.tension_auc(source, tense),
        measure.tension_auc(source, arousal),
    ]


def matrix(clips: Clips, rows: Rows, networks: tuple[F64, F64], left_out: F64) -> str:
    """Markdown: each corpus by heads that were fitted without it; networks where unheard."""
    lines = ["| left out | networks (1.1) | heads alone | both (1.2) |", "|---|---|---|---|"]
    columns: list[list[list[float]]] = []
    for corpus in CORPORA:
        here = np.flatnonzero(clips.corpus == corpus)
        heads = left_out[here]
        even = np.full((len(here), len(EMOTIONS)), 1 / len(EMOTIONS))
        half = np.full(len(here), 0.5)
        cells = [figures(clips, here, softmax(joint(even, half, heads)[0]), heads[:, 7])]
        if corpus in UNHEARD:
            probs, arousal = (values[clips.corpus[rows] == corpus] for values in networks)
            emotion, heard = joint(probs, arousal, heads)
            cells = [
                figures(clips, here, probs, arousal),
                cells[0],
                figures(clips, here, softmax(emotion), heard),
            ]
            columns.append(cells)
        shown = [" / ".join(f"{x:.3f}" for x in cell) for cell in cells]
        shown = shown if len(shown) == 3 else ["heard", shown[0], "heard"]
        lines.append(f"| {corpus} | " + " | ".join(shown) + " |")
    means = [" / ".join(f"{x:.3f}" for x in cell) for cell in np.mean(columns, axis=0)]
    lines.append("| mean of the four unheard | " + " | ".join(means) + " |")
    return "\n".join(lines)


def softmax(logits: F64) -> F64:
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def platt(logit: F64, clips: Clips, rows: Rows) -> tuple[float, float]:
    """Slope and offset of least cross entropy (Platt 1999), corpora alike."""
    target, corpus = clips.aroused[rows], clips.corpus[rows]
    asked = target != NO_TARGET
    weight = np.zeros(len(rows))
    for name in UNHEARD:
        weight[asked & (corpus == name)] = 1 / (asked & (corpus == name)).sum()
    model = LogisticRegression(C=1e6)
    model.fit(logit[asked, None], target[asked], sample_weight=weight[asked] * asked.sum())
    return round(float(model.coef_[0, 0]), 4), round(float(model.intercept_[0]), 4)


class Joint(nn.Module):
    """Features and the networks' answers -> the shipped answers; `joint` in PyTorch."""

    def __init__(self, heads: Heads, slope: float, offset: float) -> None:
        super().__init__()
        self.functionals, self.slope, self.offset = Functionals(), slope, offset
        for name in ("mean", "scale", "weight", "intercept"):
            value = torch.tensor(getattr(heads, name), dtype=torch.float32)
            self.register_buffer(name, value)
        self.register_buffer("quadrants", torch.tensor(quadrants(), dtype=torch.float32))

    def forward(self, features: Tensor, probs: Tensor, arousal: Tensor) -> tuple[Tensor, Tensor]:
        standard = ((self.functionals(features) - self.mean) / self.scale).clamp(-LIMIT, LIMIT)
        # A sum and not a matrix product: the number of windows then changes no bit of it.
        heads = (standard[:, None] * self.weight).sum(dim=2) + self.intercept
        own, halves = heads[:, : len(EMOTIONS)], heads[:, len(EMOTIONS) :]
        emotion = own + (halves[:, None] * self.quadrants).sum(dim=2)
        logits = SHARPNESS * (torch.log(probs.clamp(min=SMALLEST)) + HEAD_WEIGHT * emotion)
        heard = arousal.clamp(SMALLEST, 1 - SMALLEST)
        level = torch.log(heard / (1 - heard)) + AROUSAL_WEIGHT * halves[:, 0]
        return torch.softmax(logits, dim=1), torch.sigmoid(self.slope * level + self.offset)


def joined(networks: onnx.ModelProto, model: Joint) -> onnx.ModelProto:
    """One graph of the networks and what stands on them."""
    frames = mel.frame_count(int(WINDOW_S * mel.RATE_HZ))
    windows = torch.export.Dim("windows")
    inputs = (
        torch.zeros(2, frames, mel.WIDTH),
        torch.full((2, len(EMOTIONS)), 1 / len(EMOTIONS)),
        torch.full((2,), 0.5),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heads.onnx"
        torch.onnx.export(
            model.eval(),
            inputs,
            path,
            input_names=["features", "network_probs", "network_arousal"],
            output_names=["probs", "arousal"],
            dynamic_shapes=(
                {0: windows, 1: torch.export.Dim("frames", min=20)},
                {0: windows},
                {0: windows},
            ),
            external_data=False,
            dynamo=True,
            verbose=False,
        )
        heads = compose.add_prefix(onnx.load(path), PREFIX)
    shared = {PREFIX + value.name.removeprefix(PREFIX) for value in heads.graph.input}
    shared |= {value.name for value in heads.graph.output}
    for node in heads.graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name in shared:
                    names[index] = name.removeprefix(PREFIX)
        # Names of the author's folders and source lines have no place in a shipped file.
        del node.metadata_props[:]
        node.doc_string = ""
    for output in heads.graph.output:
        output.name = output.name.removeprefix(PREFIX)
    made = onnx.ModelProto()
    made.CopyFrom(networks)
    # Their types, without which `networks_of` could not cut the networks out again.
    made.graph.value_info.extend(networks.graph.output)
    made.graph.node.extend(heads.graph.node)
    made.graph.initializer.extend(heads.graph.initializer)
    del made.graph.output[:]
    made.graph.output.extend(heads.graph.output)
    domains = {one.domain for one in made.opset_import}
    made.opset_import.extend(one for one in heads.opset_import if one.domain not in domains)
    made.functions.extend(heads.functions)
    onnx.checker.check_model(made)
    return made


def check(model: onnx.ModelProto, networks: onnx.ModelProto, expected: Joint, clips: Clips) -> None:
    """ONNX Runtime answers as PyTorch does. Raises SystemExit where it does not."""
    whole = onnxruntime.InferenceSession(model.SerializeToString())
    alone = onnxruntime.InferenceSession(networks.SerializeToString())
    for seconds in (0.5, 1.3, WINDOW_S):
        count = int(seconds * mel.RATE_HZ)
        sounds = [np.resize(clips.mono(row), count) for row in (10, 3000, 7500, 9000, 11000)]
        features = mel.features(np.stack(sounds))
        inputs = [features, *alone.run(None, {"features": features})]
        with torch.inference_mode():
            ours = expected(*map(torch.from_numpy, inputs))
        found = whole.run(["probs", "arousal"], {"features": features})
        apart = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(found, ours, strict=True))
        print(f"{seconds} s: ONNX Runtime {apart:.1e} from PyTorch")
        if apart > LARGEST_DIFFERENCE:
            raise SystemExit(f"the file's answers differ from PyTorch's by {apart}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="print the matrix, write nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips, path = load_clips(), SPECS / "voice.onnx"
    copies = [statistics(number, clips) for number in COPIES]
    sums = Sums(clips, copies)
    left_out = np.zeros((len(clips), len(HEADS)))
    for corpus in CORPORA:
        here = clips.corpus == corpus
        others = [name for name in CORPORA if name != corpus]
        left_out[here] = sums.heads(others).read(copies[0][here])
    networks = networks_of(path)
    rows = np.flatnonzero(np.isin(clips.corpus, UNHEARD))
    probs, arousal = networks_answers(clips, networks)
    answers = probs[rows], arousal[rows]
    print(matrix(clips, rows, answers, left_out), flush=True)
    if options.measure:
        return
    slope, offset = platt(joint(*answers, left_out[rows])[1], clips, rows)
    expected = Joint(sums.heads(CORPORA), slope, offset)
    model = joined(networks, expected)
    check(model, networks, expected, clips)
    onnx.save(model, path)
    write_spec(path, slope, offset)


def write_spec(path: Path, slope: float, offset: float) -> None:
    spec = json.loads((SPECS / "voice.json").read_text("utf-8"))
    old = spec["parameters"]
    kept = {name: old[name] for name in ("window_s", "networks", "pitch_steps")}
    spec |= {
        "version": VERSION,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "training_data": "RAVDESS actors 1-18; nEMO; ASED v1; heads also CASIA, EMOVO, SAVEE, "
        "TurEV",
        "parameters": kept
        | {
            "head_weight": HEAD_WEIGHT,
            "sharpness": SHARPNESS,
            "arousal_slope": slope,
            "arousal_offset": offset,
        },
    }
    (SPECS / "voice.json").write_text(json.dumps(spec, separators=(",", ": ")) + "\n", "utf-8")
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {spec['parameters']}")


if __name__ == "__main__":
    main()
