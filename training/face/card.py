"""Write the figures of the model card: `python -m training.face.card`.

Reads the shipped file, not a checkpoint. Tables go between the markers of
src/evolvisense/models/specs/face.md, figures to docs/figures/face.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks import face_network
from evaluation import metrics
from evaluation.readers import open_reader
from evaluation.reliability import confusion_to_svg, to_svg
from evaluation.scoring import HEADLINE, Answers, Estimate, Scores, score
from evolvisense.errors import EvolviSenseError
from evolvisense.face.network import FaceReader
from evolvisense.models.registry import spec
from evolvisense.types.arrays import F32, I64
from evolvisense.types.face import CropReadings
from evolvisense.types.scores import EMOTIONS
from training.face import clips, conditions, validation
from training.face.agreement import TARGET_ACTIONS, Geometry
from training.face.agreement import agreement as agreement_of
from training.face.validation import ValidationSet

ROOT = Path(__file__).resolve().parents[2]
CARD = ROOT / "src" / "evolvisense" / "models" / "specs" / "face.md"
FIGURES = ROOT / "docs" / "figures" / "face"
BEGIN, END = "<!-- figures: python -m training.face.card -->", "<!-- end of figures -->"
RESAMPLES = 1000


def answers_of(probs: F32, label: I64) -> Answers:
    """Top labels and their probabilities as the evaluation wants them."""
    top = probs.argmax(axis=1).astype(np.int64)
    return Answers(label, top, np.minimum(probs.max(axis=1), 1).astype(np.float64))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"


def expressions(sets: Sequence[ValidationSet]) -> tuple[str, dict[str, Scores]]:
    """Accuracy and calibration beside peers on the same pictures."""
    rows: list[list[str]] = []
    ours: dict[str, Scores] = {}
    for name in ("evolvisense", "mini-xception"):
        try:
            reader = open_reader(name)
        except EvolviSenseError as error:
            if name == "evolvisense":
                raise
            print(f"{name} left out: {error}")
            continue
        for faces in sets:
            probs, _ = reader.read(faces.picture)
            scores = score(answers_of(probs, faces.label), RESAMPLES)
            if name == "evolvisense":
                ours[faces.name] = scores
            figures = [_interval(scores.headline[figure]) for figure in HEADLINE]
            rows.append([faces.name, name, str(scores.n), *figures])
    head = ["set", "engine", "faces", "accuracy (95 %)", "balanced", "macro F1", "ECE"]
    return table(head, sorted(rows, key=lambda row: row[0])), ours


def recalls(scores: Mapping[str, Scores]) -> str:
    """Recall and precision of each emotion."""
    rows: list[list[str]] = []
    for name, figures in scores.items():
        recall, precision = (f(figures.confusion) for f in (metrics.recall, metrics.precision))
        cells = [f"{r:.2f} / {p:.2f}" for r, p in zip(recall, precision, strict=True)]
        rows.append([name, *cells])
    return table(["recall / precision", *EMOTIONS], rows)


def agreement(sets: Sequence[tuple[ValidationSet, CropReadings]], reader: FaceReader) -> str:
    """Pearson r of actions, landmark error and pose error against the teacher."""
    rows: list[list[str]] = []
    for faces, said in sets:
        ok = faces.taught
        found = agreement_of(
            Geometry(said.action[ok], said.landmark_xy[ok], said.pose_deg[ok]),
            Geometry(faces.action[ok], faces.landmark_xy[ok], faces.pose_deg[ok]),
            reader.layout.actions,
        )
        rows.append(
            [
                faces.name,
                str(int(ok.sum())),
                *(f"{value:.2f}" for value in found.r.values()),
                f"{found.mean_r:.3f}",
                f"{100 * found.landmark:.2f} %",
                " / ".join(f"{turn:.1f}" for turn in found.turn_deg),
                f"{found.pose_deg:.2f}",
            ]
        )
    pose = ["pitch / yaw / roll, deg", "mean, deg"]
    return table(["set", "faces", *TARGET_ACTIONS, "mean r", "landmarks", *pose], rows)


MOVING_SD = 0.02
"""A blendshape whose teacher values vary less in a clip does not move in it."""


def every_blendshape(faces: ValidationSet, said: CropReadings, reader: FaceReader) -> str:
    """Pearson r within each held-out clip of every blendshape that moves, and their median."""
    lengths = [len(clips.load_clip(name).pts_s) for name in clips.HELD_OUT]
    found: dict[str, list[float]] = {}
    for rows in np.split(np.arange(len(faces.label)), np.cumsum(lengths)[:-1]):
        for i, name in enumerate(reader.layout.actions):
            ours = said.action[rows, i].astype(np.float64)
            theirs = faces.action[rows, i].astype(np.float64)
            if theirs.std() > MOVING_SD and not name.startswith("_"):
                found.setdefault(name, []).append(metrics.pearson_r(ours, theirs))
    each = sorted((float(np.mean(values)), name) for name, values in found.items())
    listed = ", ".join(f"{name} {value:.2f}" for value, name in each)
    every = [value for values in found.values() for value in values]
    return (
        f"Median over {len(every)} pairs of clip and blendshape {np.median(every):.2f}. {listed}.\n"
    )


def action_units() -> str:
    """Area under the ROC curve of the reported action units, as the spec has it."""
    known = spec("face").parameters["action_unit_auc"]
    rows = [[name, f"{value:.3f}"] for name, value in known.items()]
    return table(["action unit", "area under the ROC curve"], rows)


def poor_crops(faces: ValidationSet, said: CropReadings, reader: FaceReader) -> str:
    """Accuracy on crops of falling quality, turned heads and falling confidence."""
    right = said.probs.argmax(axis=1) == faces.label
    found = conditions.degraded(faces, reader)
    yaw = np.abs(said.pose_deg[:, 1])
    found += conditions.binned("yaw, deg", yaw, conditions.YAW_EDGES_DEG, right)
    top = said.probs.max(axis=1)
    found += conditions.binned("top probability", top, conditions.CONFIDENCE_EDGES, right)
    rows = [[c.kind, c.level, str(c.n), f"{c.accuracy:.3f}", f"{c.measured:.3g}"] for c in found]
    return table(["what", "level", "faces", "accuracy", "as the product sees it"], rows)


def write_figures(scores: Mapping[str, Scores]) -> str:
    FIGURES.mkdir(parents=True, exist_ok=True)
    links: list[str] = []
    for name, figures in scores.items():
        for kind, text in (
            ("reliability", to_svg(figures.bins, name)),
            ("confusion", confusion_to_svg(figures.confusion, EMOTIONS, name)),
        ):
            (FIGURES / f"{kind}-{name}.svg").write_text(text)
            links.append(f"![{kind} on {name}](../../../../docs/figures/face/{kind}-{name}.svg)")
    return "\n".join(links) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print, leave the card alone")
    options = parser.parse_args()
    reader = FaceReader()
    labelled = [validation.ferplus(), validation.colour_tenth(), validation.cfee_fifth()]
    first, scores = expressions(labelled)
    sets = [*labelled, validation.scene_tenth(), validation.clip_frames()]
    read = [(faces, reader.read_crops(faces.crops(reader.input_px))) for faces in sets]
    taught = [(faces, said) for faces, said in read if faces.taught.any()]
    presence = ", ".join(f"{f.name} {(s.presence > 0.5).mean():.1%}" for f, s in read)
    parts = [
        "### Expressions\n",
        first,
        recalls(scores),
        write_figures(scores),
        "### Agreement with the teacher\n",
        agreement(taught, reader),
        "Within-clip correlation of each blendshape that moves, on clip-frames, lowest first:\n",
        every_blendshape(*read[-1], reader),
        "### Action units\n",
        action_units(),
        f"A face is said to be present (> .5) in: {presence}.\n",
        "### Poor crops (colour-tenth)\n",
        poor_crops(*read[1], reader),
        "### Cost\n",
        face_network.report(),
    ]
    text = "\n".join(parts)
    if options.print:
        print(text)
        return
    card = CARD.read_text("utf-8")
    before, rest = card.split(BEGIN)
    _, after = rest.split(END)
    CARD.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")
    print(f"{CARD} and {FIGURES} written")


if __name__ == "__main__":
    main()
