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
from training.face.dataset import action_names, load_validation, training_faces
from training.face.folders import runs_dir
from training.face.soften import softened
from training.face.train import Plan, Run, train

VARIANTS: dict[str, dict[str, object]] = {
    "base": {},
    "expressions alone": {"tasks": "emotion"},
    "FER2013 alone": {"packs": "fer2013:1"},
    "without CFEE": {"packs": "fer2013:.5,colour:.4,scene:.1"},
    "without colour": {"packs": "fer2013:.65,scene:.1,cfee:.25"},
    "without FER2013": {"packs": "colour:.65,scene:.1,cfee:.25"},
    "not balanced": {"balanced": 0},
    "64 px": {"sizes": "64:1"},
    "wider early, narrower late": {"stem": 24, "channels": "48,96,192"},
    "labels not softened": {"soften": 0},
    "geometry alone": {"tasks": "action,landmark,pose,presence"},
    "colour alone": {"packs": "colour:1"},
    "narrow": {"channels": "32,64,128", "blocks": "1,1,1"},
    "augmentation not annealed": {"anneal": 0.0},
    "96 px": {"sizes": "96:1"},
}
SHOWN = (
    "ferplus-publictest",
    "ferplus-publictest balanced",
    "colour-tenth balanced",
    "cfee-fifth balanced",
    "cfee-fifth mean_r",
    "cfee-fifth landmark",
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
    shares = plan.shares()
    faces, validation = training_faces(tuple(shares)), load_validation()
    if plan.soften:
        faces = replace(faces, emotion=softened(faces, validation))
    run = Run(plan, folder)
    train(run, TrainingData(faces, names, plan.seed, shares), names, validation)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    figures = next(line for line in reversed(lines) if "px" in line)
    rates = [line["per_s"] for line in lines if "per_s" in line]
    figures["per_s"] = max(rates, default=0)
    run.log({"plan": asdict(plan), "figures": figures})
    return figures


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
