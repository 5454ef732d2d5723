"""Train the voice network: `python -m training.voice.train --run NAME --held-out fold0`.

A checkpoint is written to `training/voice/runs/NAME` (ignored by git) every two minutes; the same
command goes on from it. The plan of a run is part of its checkpoint and log.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from training.voice import measure
from training.voice.batches import Batch, TrainingData
from training.voice.copies import COPIES, load_copy
from training.voice.dataset import CORPORA, Clips, load_clips
from training.voice.folders import runs_dir
from training.voice.network import VoiceNet, Widths
from training.voice.shipped import PREFIX, load_shipped

CHECKPOINT_S = 120.0
GRADIENT_LIMIT = 5.0


@dataclass(frozen=True)
class Plan:
    """Everything that decides a run besides the data and the code."""

    held_out: str = "none"
    """foldN, a corpus, or none."""
    samples: int = 60_000
    """Crops seen in all."""
    batch: int = 32
    peak_lr: float = 4e-3
    weight_decay: float = 0.05
    ema_decay: float = 0.997
    views: str = "both"
    time: int = 96
    mel: str = "8,16,32,64"
    pitch: str = "8,16,24"
    """Empty: without periodicity."""
    dropout: float = 0.15
    smoothing: float = 0.1
    mixup: float = 0.0
    mask_weight: float = 1.0
    """1 leaves the emotions that a corpus does not have out of its softmax, 0 counts them."""
    arousal_weight: float = 0.5
    valence_weight: float = 0.3
    trunk: str = "residual"
    functionals: int = 0
    strength: float = 0.6
    """Of the augmentation in batches, 0-1."""
    equaliser: float = 1.0
    """Factor on the random equalisation: 1 tilts the spectrum by up to 7 dB from end to end."""
    copies: str = ",".join(map(str, COPIES))
    start_from: str = ""
    """A set of runs whose averaged weights are begun with, for a second cycle of rates."""
    seed: int = 0

    def learning_rate(self, share: float) -> float:
        """Linear warm-up over 5 %, then a cosine to nothing."""
        if share < 0.05:
            return self.peak_lr * (0.02 + share / 0.051)
        return self.peak_lr * 0.5 * (1 + math.cos(math.pi * (share - 0.05) / 0.95))

    def network(self) -> VoiceNet:
        mel = tuple(int(part) for part in self.mel.split(","))
        pitch = tuple(int(part) for part in self.pitch.split(",")) if self.pitch else None
        widths = Widths(
            mel,  # pyright: ignore[reportArgumentType]
            pitch,  # pyright: ignore[reportArgumentType]
            self.time,
            self.views,
            self.dropout,
            self.trunk,
            self.functionals,
        )
        return VoiceNet(widths)

    def held_out_rows(self, clips: Clips) -> NDArray[np.bool_]:
        """(N,) rows that are not trained on."""
        if self.held_out.startswith("fold"):
            return clips.fold == int(self.held_out.removeprefix("fold"))
        if self.held_out not in (*CORPORA, "none"):
            raise SystemExit(f"--held-out {self.held_out}: expected foldN, none or {CORPORA}")
        return clips.corpus == self.held_out


def losses(
    network: nn.Module, batch: Batch, plan: Plan
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Cross entropies of emotions, of arousal and of valence."""
    emotion, arousal, valence = network(batch.features)
    emotion = emotion + torch.log(batch.counted.clamp(min=1e-6))
    spread = batch.counted / batch.counted.sum(dim=1, keepdim=True)
    target = (1 - plan.smoothing) * batch.emotion + plan.smoothing * spread
    of_emotion = -(target * torch.log_softmax(emotion, dim=1)).sum(dim=1).mean()
    aroused = batch.aroused * (1 - plan.smoothing) + plan.smoothing / 2
    of_arousal = F.binary_cross_entropy_with_logits(arousal, aroused, batch.arousal_weight)
    pleasant = batch.pleasant * (1 - plan.smoothing) + plan.smoothing / 2
    of_valence = F.binary_cross_entropy_with_logits(valence, pleasant, batch.valence_weight)
    return of_emotion, of_arousal, of_valence


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
        self.rng = np.random.default_rng(plan.seed)
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
            "rng": self.rng.bit_generator.state,
            "seen": self.seen,
        }
        torch.save(state, self.checkpoint.with_suffix(".part"))
        self.checkpoint.with_suffix(".part").replace(self.checkpoint)

    def resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=False)
        if Plan(**state["plan"]) != self.plan:
            raise SystemExit(f"{self.folder} holds a run with another plan: {state['plan']}")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.bit_generator.state = state["rng"]
        self.seen = state["seen"]

    def start_from(self, other: str) -> None:
        """The averaged weights of that set's run for the same part, with a fresh optimiser.

        `shipped:MEMBER` begins with a network that was shipped, see `shipped`.
        """
        if other.startswith(PREFIX):
            load_shipped(self.network, other)
            load_shipped(self.average, other)
            return
        path = runs_dir() / other / self.folder.name / "checkpoint.pt"
        state = torch.load(path, weights_only=False)
        if state["plan"]["held_out"] != self.plan.held_out:
            raise SystemExit(f"{path} has not held out {self.plan.held_out}")
        self.network.load_state_dict(state["average"])
        self.average.load_state_dict(state["average"])

    def log(self, line: dict[str, object]) -> None:
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def train(run: Run, data: TrainingData) -> None:
    plan = run.plan
    saved = logged = time.monotonic()
    sums, since = np.zeros(2), run.seen
    run.network.train()
    while run.seen < plan.samples:
        for group in run.optimizer.param_groups:
            group["lr"] = plan.learning_rate(run.seen / plan.samples)
        batch = data.batch(plan.batch, run.rng, plan.strength, plan.mixup, plan.equaliser)
        of_emotion, of_arousal, of_valence = losses(run.network, batch, plan)
        run.optimizer.zero_grad()
        rest = plan.arousal_weight * of_arousal + plan.valence_weight * of_valence
        (of_emotion + rest).backward()
        nn.utils.clip_grad_norm_(run.network.parameters(), GRADIENT_LIMIT)
        run.optimizer.step()
        run.seen += plan.batch
        step = run.seen // plan.batch
        update_average(run.average, run.network, min(plan.ema_decay, (1 + step) / (10 + step)))
        sums += plan.batch * np.array([of_emotion.item(), of_arousal.item()])
        now = time.monotonic()
        if now - logged > 30:
            count = run.seen - since
            emotion, arousal = (sums / count).round(3).tolist()
            rate = round(count / (now - logged))
            run.log({"seen": run.seen, "per_s": rate, "emotion": emotion, "arousal": arousal})
            sums, since, logged = np.zeros(2), run.seen, now
        if now - saved > CHECKPOINT_S:
            run.save()
            saved = now
    run.save()


def trained(plan: Plan, name: str, clips: Clips) -> VoiceNet:
    """The averaged network of that run, trained as far as is missing."""
    folder = runs_dir() / name
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(plan, folder)
    if run.checkpoint.is_file():
        run.resume()
    elif plan.start_from:
        run.start_from(plan.start_from)
    if run.seen < plan.samples:
        held_out = plan.held_out_rows(clips)
        run.log({"plan": asdict(plan), "clips": int((~held_out).sum())})
        copies = [load_copy(int(number)) for number in plan.copies.split(",")]
        train(run, TrainingData(clips, copies, np.flatnonzero(~held_out), plan.mask_weight))
        if held_out.any():
            run.log(
                dict(measure.figures(run.average, clips, load_copy(0), np.flatnonzero(held_out)))
            )
    return run.average.eval()


def plan_from(arguments: Sequence[str] | None = None) -> tuple[str, Plan]:
    """Name and plan of the command line; sets up PyTorch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True)
    parser.add_argument("--threads", type=int, default=1)
    for field in fields(Plan):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default
        )
    args = vars(parser.parse_args(arguments))
    name = args.pop("run")
    torch.set_num_threads(args.pop("threads"))
    torch.set_flush_denormal(True)
    return name, Plan(**args)


def main() -> None:
    name, plan = plan_from()
    trained(plan, name, load_clips())


if __name__ == "__main__":
    main()
