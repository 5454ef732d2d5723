"""Train on all corpora but one and read that one: `python -m training.voice.leave_one_out`.

What a network does in a language, a room and an acting style that it never heard. The logits of
every corpus by the network that was not trained on it are kept in `runs/SET/left_out.npz`; the
table that is printed is the matrix of REPORT.md.
"""

from __future__ import annotations

import argparse
from dataclasses import fields, replace

import numpy as np
import torch
from numpy.typing import NDArray

from training.voice import measure
from training.voice.copies import load_copy
from training.voice.dataset import CORPORA, Clips, load_clips
from training.voice.folders import runs_dir
from training.voice.network import OverPitch
from training.voice.train import Plan, trained

COLUMNS = ("uar", "uar_own", "auc_arousal", "auc_probs", "auc_valence")


def read_left_out(
    plan: Plan, set_name: str, corpora: list[str], members: int, clips: Clips
) -> dict[str, NDArray[np.float32]]:
    """Logits (N, 7), (N,) and (N,) of each member, NaN in the corpora that were not asked for."""
    copy = load_copy(0)
    found = {
        "emotion": np.full((members, len(clips), 7), np.nan, np.float32),
        "arousal": np.full((members, len(clips)), np.nan, np.float32),
        "valence": np.full((members, len(clips)), np.nan, np.float32),
    }
    for corpus in corpora:
        rows = np.flatnonzero(clips.corpus == corpus)
        for member in range(members):
            seed = plan.seed + 10 * member + CORPORA.index(corpus)
            mine = replace(plan, held_out=corpus, seed=seed)
            network = OverPitch(trained(mine, f"{set_name}/{corpus}-{member}", clips))
            read = measure.logits(network, copy, rows)
            for name, values in zip(found, read, strict=True):
                found[name][member, rows] = values
            of_one = (found[name][member, rows] for name in found)
            print(corpus, member, measure.of_logits(clips, rows, *of_one)[corpus], flush=True)
    return found


def matrix(clips: Clips, found: dict[str, NDArray[np.float32]]) -> str:
    """Markdown: a line for each corpus, and the mean."""
    lines = ["| left out | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    cells: list[list[float]] = []
    for corpus in CORPORA:
        rows = np.flatnonzero(clips.corpus == corpus)
        if np.isnan(found["arousal"][0, rows]).any():
            continue
        means = (found[name][:, rows].mean(axis=0) for name in ("emotion", "arousal", "valence"))
        figures = measure.of_logits(clips, rows, *means)[corpus]
        cells.append([figures[name] for name in COLUMNS])
        lines.append(f"| {corpus} | " + " | ".join(f"{x:.3f}" for x in cells[-1]) + " |")
    mean = np.mean(cells, axis=0)
    lines.append("| mean | " + " | ".join(f"{x:.3f}" for x in mean) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="left-out", dest="set_name")
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), choices=CORPORA)
    parser.add_argument("--threads", type=int, default=1)
    for field in fields(Plan):
        if field.name != "held_out":
            option = f"--{field.name.replace('_', '-')}"
            parser.add_argument(option, type=type(field.default), default=field.default)
    args = vars(parser.parse_args())
    names = ("set_name", "members", "corpora")
    set_name, members, corpora = (args.pop(name) for name in names)
    torch.set_num_threads(args.pop("threads"))
    torch.set_flush_denormal(True)
    clips = load_clips()
    found = read_left_out(Plan(**args), set_name, corpora, members, clips)
    np.savez(runs_dir() / set_name / "left_out.npz", **found)
    print(matrix(clips, found))


if __name__ == "__main__":
    main()
