"""Short runs that differ in one thing: `python -m training.face.ablations`.

Every run sees the same number of crops in the same order of learning rates. They are far from
trained: their order counts, not their height. Finished runs are kept; the table is printed.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace

import torch

from training.face.batches import TrainingData
from training.face.dataset import Faces, action_names
from training.face.folders import runs_dir
from training.face.soften import softened
from training.face.train import Plan, Run, load_faces, train

VARIANTS: dict[str, dict[str, object]] = {
    "base": {},
    "expressions alone": {"tasks": "emotion"},
    "FER2013 alone": {"packs": "fer2013"},
    "without scene faces": {"packs": "fer2013,colour"},
    "64 px": {"sizes": "64:1"},
    "wider early, narrower late": {"stem": 24, "channels": "48,96,192"},
    "labels not softened": {"soften": 0},
    "geometry alone": {"tasks": "action,landmark,pose,presence"},
    "colour alone": {"packs": "colour"},
    "narrow": {"channels": "32,64,128", "blocks": "1,1,1"},
    "augmentation not annealed": {"anneal": 0.0},
    "96 px": {"sizes": "96:1"},
}
SHOWN = (
    "ferplus-publictest",
    "colour-tenth",
    "colour-tenth mean_r",
    "colour-tenth landmark",
    "colour-tenth pose_deg",
)


def run_variant(name: str, plan: Plan, names: tuple[str, ...]) -> dict[str, float]:
    """Figures of one variant after its last crop; computed once."""
    folder = runs_dir() / "ablations" / name.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.jsonl"
    if log.is_file():
        last = json.loads(log.read_text().splitlines()[-1])
        if last.get("plan") == asdict(plan):
            return last["figures"]
    faces, validation = load_faces(plan.packs)
    if plan.soften:
        faces = with_softened(faces, validation, plan.packs)
    run = Run(plan, folder)
    train(run, TrainingData(faces, names, plan.seed), names, validation)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    figures = next(line for line in reversed(lines) if "px" in line)
    rates = [line["per_s"] for line in lines if "per_s" in line]
    figures["per_s"] = max(rates, default=0)
    run.log({"plan": asdict(plan), "figures": figures})
    return figures


def with_softened(faces: Faces, validation: list[tuple[str, Faces]], packs: str) -> Faces:
    return replace(faces, emotion=softened(faces, validation, packs.replace(",", "-")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=30_000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    names = action_names()
    print("| variant | " + " | ".join(SHOWN) + " |", flush=True)
    for name, change in VARIANTS.items():
        plan = replace(Plan(samples=options.samples, sizes="48:1"), **change)  # pyright: ignore[reportArgumentType]
        figures = run_variant(name, plan, names)
        cells = [f"{figures[key]:.3f}" if key in figures else "" for key in SHOWN]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
