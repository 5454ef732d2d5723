"""Train the face network: `python -m training.face.train --run NAME`.

A checkpoint is written every few minutes to `training/face/runs/NAME` (ignored by git); the same
command goes on from it. The plan of a run is part of its checkpoint and log.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from training.face import measure
from training.face.batches import TrainingData
from training.face.dataset import (
    Faces,
    action_names,
    concatenate,
    training_packs,
    validation_packs,
    with_lessons,
)
from training.face.folders import cache_dir, runs_dir
from training.face.losses import MIN_ACTION_SD, Weights, task_losses, total_loss
from training.face.network import FaceNet, Widths
from training.face.soften import softened

T = TypeVar("T")
CHECKPOINT_S = 240.0
GRADIENT_LIMIT = 5.0


@dataclass(frozen=True)
class Plan:
    """Everything that decides a run besides the data and the code."""

    packs: str = "fer2013,colour,scene"
    tasks: str = "emotion,action,landmark,pose,presence"
    samples: int = 1_000_000
    """Crops seen in all."""
    sizes: str = "48:0.4,64:0.7,96:1"
    """Side in pixels until a share of the samples."""
    batch: int = 128
    peak_lr: float = 2e-3
    weight_decay: float = 0.05
    ema_decay: float = 0.998
    stem: int = 16
    channels: str = "32,96,224"
    blocks: str = "1,2,2"
    anneal: float = 0.6
    """How much of the augmentation's strength is gone at the end."""
    soften: int = 1
    """1 mixes what the geometry says into the labels (training.face.soften), 0 does not."""
    seed: int = 0

    def side_px(self, share: float) -> int:
        """Side of the crops when this share of the samples has been seen."""
        steps = [part.split(":") for part in self.sizes.split(",")]
        return next(int(px) for px, until in steps if share < float(until) or until == "1")

    def learning_rate(self, share: float) -> float:
        """Linear warm-up over 3 %, then a cosine to nothing."""
        if share < 0.03:
            return self.peak_lr * (0.02 + share / 0.03)
        return self.peak_lr * 0.5 * (1 + math.cos(math.pi * (share - 0.03) / 0.97))

    def weights(self) -> Weights:
        chosen = self.tasks.split(",")
        off = {f.name: 0.0 for f in fields(Weights) if f.name not in chosen}
        return replace(Weights(), **off)

    def network(self) -> FaceNet:
        def three(text: str) -> tuple[int, int, int]:
            a, b, c = (int(v) for v in text.split(","))
            return a, b, c

        return FaceNet(Widths(self.stem, three(self.channels), three(self.blocks)))


def load_faces(names: str) -> tuple[Faces, list[tuple[str, Faces]]]:
    """Training faces of the named packs and named validation faces; both are cached."""
    train = [_cached(name, partial(_training_faces, name)) for name in names.split(",")]
    return concatenate(train), _cached("validation", _validation_faces)


def _training_faces(name: str) -> Faces:
    (pack,) = training_packs((name,))
    return with_lessons(pack)


def _validation_faces() -> list[tuple[str, Faces]]:
    return [(pack.name, with_lessons(pack)) for pack in validation_packs()]


def _cached(key: str, make: Callable[[], T]) -> T:
    path = cache_dir() / f"faces_{key}.pt"
    if not path.is_file():
        torch.save(make(), path, pickle_protocol=4)
    return torch.load(path, weights_only=False)


def validate(
    network: FaceNet,
    validation: list[tuple[str, Faces]],
    names: tuple[str, ...],
    side_px: int,
) -> dict[str, float]:
    """Figures at the size that is trained at the moment: another one would be strange to it."""
    figures: dict[str, float] = {}
    for name, faces in validation:
        readings = measure.read(network, faces, side_px)
        if name != "scene-tenth":
            figures[name] = measure.accuracy(readings, faces)
        if name != "ferplus-publictest":
            agreed = measure.agreement(readings, faces, names)
            figures[f"{name} mean_r"] = agreed.mean_r
            figures[f"{name} landmark"] = agreed.landmark
            figures[f"{name} pose_deg"] = agreed.pose_deg
            figures[f"{name} presence"] = float((readings.presence > 0.5).mean())
    return {name: round(value, 4) for name, value in figures.items()}


def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Exponential moving average of weights; counters are copied."""
    with torch.no_grad():
        for ours, theirs in zip(
            average.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if ours.dtype.is_floating_point:
                ours.lerp_(theirs, 1 - decay)
            else:
                ours.copy_(theirs)


class Run:
    """Network, average, optimiser and random state of one run; knows how to stop and go on."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        torch.manual_seed(plan.seed)
        self.rng = torch.Generator().manual_seed(plan.seed)
        self.network = plan.network().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.average = copy.deepcopy(self.network)
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": plan.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ],
            lr=plan.peak_lr,
        )
        self.seen = 0

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def save(self) -> None:
        state = {
            "plan": asdict(self.plan),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": self.rng.get_state(),
            "seen": self.seen,
        }
        torch.save(state, self.checkpoint.with_suffix(".part"))
        self.checkpoint.with_suffix(".part").replace(self.checkpoint)

    def resume(self) -> None:
        state = torch.load(self.checkpoint)
        if state["plan"] != asdict(self.plan):
            raise SystemExit(f"{self.folder} holds a run with another plan: {state['plan']}")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.set_state(state["rng"])
        self.seen = state["seen"]

    def start_from(self, other: str) -> None:
        """The averaged weights of another run, with a fresh optimiser and schedule."""
        weights = torch.load(runs_dir() / other / "checkpoint.pt")["average"]
        self.network.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def log(self, line: dict[str, object]) -> None:
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def train(
    run: Run, data: TrainingData, names: tuple[str, ...], validation: list[tuple[str, Faces]]
) -> None:
    plan, weights = run.plan, run.plan.weights()
    action_sd = data.action_sd.clamp(min=MIN_ACTION_SD)
    saved = logged = time.monotonic()
    sums: dict[str, float] = {}
    since = run.seen
    while run.seen < plan.samples:
        run.network.train()
        for rows in data.epoch(plan.batch, run.rng):
            share = run.seen / plan.samples
            for group in run.optimizer.param_groups:
                group["lr"] = plan.learning_rate(share)
            strength = 1 - plan.anneal * share
            batch = data.batch(rows, plan.side_px(share), run.rng, strength)
            losses = task_losses(run.network(batch.crops), batch.targets, action_sd)
            run.optimizer.zero_grad()
            total_loss(losses, weights).backward()
            nn.utils.clip_grad_norm_(run.network.parameters(), GRADIENT_LIMIT)
            run.optimizer.step()
            run.seen += len(rows)
            step = run.seen // plan.batch
            update_average(run.average, run.network, min(plan.ema_decay, (1 + step) / (10 + step)))
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + float(loss.detach()) * len(rows)
            now = time.monotonic()
            if now - logged > 60:
                count = run.seen - since
                mean = {name: round(total / count, 3) for name, total in sums.items()}
                run.log({"seen": run.seen, "per_s": round(count / (now - logged)), **mean})
                sums, since, logged = {}, run.seen, now
            if now - saved > CHECKPOINT_S:
                run.save()
                saved = now
            if run.seen >= plan.samples:
                break
        took = time.monotonic()
        side_px = plan.side_px(run.seen / plan.samples)
        run.log(
            {"seen": run.seen, "px": side_px, **validate(run.average, validation, names, side_px)}
        )
        logged += time.monotonic() - took
    run.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start-from", metavar="RUN", help="begin with the weights of this run")
    for field in fields(Plan):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default
        )
    args = vars(parser.parse_args())
    folder = runs_dir() / args.pop("run")
    folder.mkdir(exist_ok=True)
    torch.set_num_threads(args.pop("threads"))
    torch.set_flush_denormal(True)
    start_from = args.pop("start_from")
    run = Run(Plan(**args), folder)
    if run.checkpoint.is_file():
        run.resume()
    elif start_from:
        run.start_from(start_from)
    names = action_names()
    train_faces, validation = load_faces(run.plan.packs)
    if run.plan.soften:
        key = run.plan.packs.replace(",", "-")
        train_faces = replace(train_faces, emotion=softened(train_faces, validation, key))
    run.log({"faces": len(train_faces), "plan": asdict(run.plan), "start_from": start_from})
    train(run, TrainingData(train_faces, names, run.plan.seed), names, validation)


if __name__ == "__main__":
    main()
