"""Short runs with one thing changed, judged on corpora that were not trained on.

`python -m training.voice.ablations` trains each variant on two corpora and reads the third, for
RAVDESS and nEMO as the third: a new language, other microphones and rooms, which is what the
network meets in use. Prints a table; runs that are there already are not made again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import torch

from training.voice.dataset import Clips, load_clips
from training.voice.folders import runs_dir
from training.voice.train import Plan, trained

BASE = Plan(samples=12_800)
VARIANTS: dict[str, dict[str, object]] = {
    "base": {},
    "shape alone": {"views": "shape"},
    "level alone": {"views": "level"},
    "absent emotions masked": {"mask_weight": 1.0},
    "without periodicity": {"pitch": ""},
    "mixup": {"mixup": 0.2},
    "full augmentation": {"strength": 1.0},
    "dropout 0.3": {"dropout": 0.3},
    "batches of 64": {"batch": 64},
    "wider": {"mel": "16,24,48,96", "pitch": "8,16,32", "time": 128},
}
HELD_OUT = ("ravdess", "nemo")
FIGURES = ("uar", "auc_arousal", "auc_probs")


def figures_of(name: str, variant: str, held_out: str, clips: Clips) -> dict[str, float]:
    """Last line of the run's log."""
    plan = replace(BASE, held_out=held_out, **VARIANTS[variant])
    trained(plan, name, clips)
    lines = (runs_dir() / name / "log.jsonl").read_text("utf-8").splitlines()
    return json.loads(lines[-1])["all"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS))
    parser.add_argument("--held-out", nargs="+", default=list(HELD_OUT))
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    clips = load_clips()
    heads = [f"{corpus} {figure}" for corpus in options.held_out for figure in FIGURES]
    rows = ["| variant | " + " | ".join(heads) + " |", "|" + "---|" * (len(heads) + 1)]
    for variant in options.variants:
        cells: list[str] = []
        for held_out in options.held_out:
            name = f"ablation-{variant.replace(' ', '-')}-{held_out}"
            found = figures_of(name, variant, held_out, clips)
            cells += [f"{found[figure]:.3f}" for figure in FIGURES]
        rows.append(f"| {variant} | " + " | ".join(cells) + " |")
        print("\n".join(rows), flush=True)


if __name__ == "__main__":
    main()
