"""Train one network for each fold and one on everything: `python -m training.voice.crossvalidate`.

A fold's network reads the speakers of its fold: these out-of-fold answers of whole clips are kept
in `runs/SET/out_of_fold.npz` for calibration. `--only` trains a part, so that several processes
can share the work; the answers are written once all folds are there.
"""

from __future__ import annotations

import argparse
from dataclasses import fields, replace

import numpy as np
import torch

from evolvisense.types.scores import EMOTIONS
from training.voice import measure
from training.voice.copies import load_copy
from training.voice.dataset import FOLDS, Clips, load_clips
from training.voice.folders import runs_dir
from training.voice.network import OverPitch
from training.voice.train import Plan, trained

PARTS = (*(f"fold{number}" for number in range(FOLDS)), "all")


def run_name(set_name: str, part: str, member: int) -> str:
    return f"{set_name}/{part}-{member}"


def part_plan(plan: Plan, part: str, member: int) -> Plan:
    held_out = "none" if part == "all" else part
    return replace(plan, held_out=held_out, seed=plan.seed + 10 * member + PARTS.index(part))


def is_trained(set_name: str, part: str, member: int, plan: Plan) -> bool:
    path = runs_dir() / run_name(set_name, part, member) / "checkpoint.pt"
    return path.is_file() and torch.load(path, weights_only=False)["seen"] >= plan.samples


def answer(plan: Plan, set_name: str, members: int, clips: Clips) -> None:
    """Out-of-fold logits (N, 7), (N,), (N,), mean of the members, as the shipped file reads."""
    copy = load_copy(0)
    emotion = np.zeros((len(clips), len(EMOTIONS)), np.float32)
    arousal, valence = np.zeros(len(clips), np.float32), np.zeros(len(clips), np.float32)
    for number in range(FOLDS):
        rows = np.flatnonzero(clips.fold == number)
        for member in range(members):
            part = f"fold{number}"
            name = run_name(set_name, part, member)
            network = OverPitch(trained(part_plan(plan, part, member), name, clips))
            read = measure.logits(network, copy, rows)
            for total, values in zip((emotion, arousal, valence), read, strict=True):
                total[rows] += values / members
    path = runs_dir() / set_name / "out_of_fold.npz"
    np.savez(path, emotion=emotion, arousal=arousal, valence=valence, members=members)
    print(measure.of_logits(clips, np.arange(len(clips)), emotion, arousal, valence))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="main", dest="set_name")
    parser.add_argument("--members", type=int, default=2, help="networks that are averaged")
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--threads", type=int, default=1)
    for field in fields(Plan):
        if field.name != "held_out":
            option = f"--{field.name.replace('_', '-')}"
            parser.add_argument(option, type=type(field.default), default=field.default)
    args = vars(parser.parse_args())
    set_name, members, only = (args.pop(name) for name in ("set_name", "members", "only"))
    torch.set_num_threads(args.pop("threads"))
    torch.set_flush_denormal(True)
    plan = Plan(**args)
    clips = load_clips()
    for member in range(members):
        for part in only:
            trained(part_plan(plan, part, member), run_name(set_name, part, member), clips)
    folds = [part for part in PARTS if part != "all"]
    if all(is_trained(set_name, p, m, plan) for p in folds for m in range(members)):
        answer(plan, set_name, members, clips)


if __name__ == "__main__":
    main()
