"""Train the detector: `python -m training.detector.train --run NAME`.

A checkpoint is written every few minutes to `training/detector/runs/NAME` (ignored by git); the
same command goes on from it, and with another `--samples` or `--sizes` it becomes longer or
shorter. `--start-from FILE` begins with the weights of a committed checkpoint.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import pickle
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from training.detector import dataset
from training.detector.assign import assign
from training.detector.augment import Pool, Sample
from training.detector.folders import cache_dir, runs_dir
from training.detector.losses import Targets, losses
from training.detector.network import DetectorNet, cells, flat
from training.face.train import update_average

CHECKPOINT_S = 180.0
LOG_S = 60.0
GRADIENT_LIMIT = 5.0


@dataclass(frozen=True)
class Plan:
    """Everything that decides a run besides the data and the code."""

    samples: int = 100_000
    """Pictures seen in all."""
    sizes: str = "128:0.75,160:1"
    """Side in pixels until a share of the samples."""
    batch: int = 16
    peak_lr: float = 2.5e-3
    weight_decay: float = 0.02
    ema_decay: float = 0.998
    seed: int = 0

    def side_px(self, share: float) -> int:
        steps = [part.split(":") for part in self.sizes.split(",")]
        return next(int(px) for px, until in steps if share < float(until) or until == "1")

    def learning_rate(self, share: float) -> float:
        """Linear warm-up over 3 %, then a cosine to a hundredth."""
        if share < 0.03:
            return self.peak_lr * (0.02 + share / 0.03)
        return self.peak_lr * (0.01 + 0.495 * (1 + math.cos(math.pi * (share - 0.03) / 0.97)))


def load_pool() -> Pool:
    """Training pictures, cached: reading and comparing them takes a minute of a core."""
    path = cache_dir() / "pool.pickle"
    if not path.is_file():
        with path.with_suffix(".part").open("wb") as file:
            pickle.dump(_read_pool(), file, protocol=5)
        path.with_suffix(".part").replace(path)
    with path.open("rb") as file:
        return pickle.load(file)


def _read_pool() -> Pool:
    """Training pictures without near copies of those set aside."""
    train, aside = dataset.split()
    aside_pictures = dataset.pictures([n for names in aside.values() for n in names])
    by_kind = {
        kind: dataset.without_near_copies(dataset.pictures(names), aside_pictures)
        for kind, names in train.items()
    }
    return Pool(
        by_kind["photograph"], by_kind["small"], by_kind["negative"], dataset.pasted_faces()
    )


def collate(samples: list[Sample], grid: np.ndarray) -> tuple[torch.Tensor, Targets]:
    """rgb (N, 3, S, S) and targets of a batch."""
    rgb = torch.from_numpy(np.stack([s.rgb for s in samples])).permute(0, 3, 1, 2).float()
    label = np.zeros((len(samples), len(grid)), np.int8)
    box = np.zeros((len(samples), len(grid), 4), np.float32)
    points = np.zeros((len(samples), len(grid), 5, 2), np.float32)
    for row, sample in enumerate(samples):
        if not len(sample.boxes):
            continue
        found = assign(sample.boxes.xyxy, sample.boxes.is_face, grid)
        label[row] = found.label
        chosen = found.label == 1
        box[row, chosen] = sample.boxes.xyxy[found.face[chosen]]
        points[row, chosen] = sample.boxes.landmark[found.face[chosen]]
    targets = Targets(*(torch.from_numpy(values) for values in (label, box, points)))
    return rgb.contiguous(memory_format=torch.channels_last), targets


class Run:
    """Network, average, optimiser and random state of one run; knows how to stop and go on."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        torch.manual_seed(plan.seed)
        self.rng = np.random.default_rng(plan.seed)
        self.network = DetectorNet().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.average = copy.deepcopy(self.network)
        self.optimizer = torch.optim.AdamW(
            [
                {
                    "params": [p for p in self.network.parameters() if p.ndim > 1],
                    "weight_decay": plan.weight_decay,
                },
                {
                    "params": [p for p in self.network.parameters() if p.ndim <= 1],
                    "weight_decay": 0.0,
                },
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
            "rng": json.dumps(self.rng.bit_generator.state),
            "seen": self.seen,
        }
        torch.save(state, self.checkpoint.with_suffix(".part"))
        self.checkpoint.with_suffix(".part").replace(self.checkpoint)

    def resume(self) -> None:
        state = torch.load(self.checkpoint)
        length = {"samples": self.plan.samples, "sizes": self.plan.sizes}
        if {**state["plan"], **length} != asdict(self.plan):
            raise SystemExit(f"{self.folder} holds a run with another plan: {state['plan']}")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.bit_generator.state = json.loads(state["rng"])
        self.seen = state["seen"]

    def start_from(self, path: Path) -> None:
        """The averaged weights of another run, with a fresh optimiser and schedule."""
        weights = {k: v.float() for k, v in torch.load(path)["average"].items()}
        self.network.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def log(self, line: dict[str, object]) -> None:
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def train(run: Run, pool: Pool, *, bfloat16: bool) -> None:
    plan = run.plan
    saved = logged = time.monotonic()
    sums: dict[str, float] = {}
    since = run.seen
    run.network.train()
    while run.seen < plan.samples:
        share = run.seen / plan.samples
        for group in run.optimizer.param_groups:
            group["lr"] = plan.learning_rate(share)
        side = plan.side_px(share)
        grid = cells(side, side)
        samples = [pool.sample(side, run.rng) for _ in range(plan.batch)]
        rgb, targets = collate(samples, grid.numpy())
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            maps = run.network(rgb)
        parts = losses(flat(maps).float(), grid, targets)
        total = torch.stack(list(parts.values())).sum()
        if not torch.isfinite(total):
            raise SystemExit(f"the loss is not finite after {run.seen} pictures: {parts}")
        run.optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(run.network.parameters(), GRADIENT_LIMIT)
        run.optimizer.step()
        run.seen += plan.batch
        step = run.seen // plan.batch
        update_average(run.average, run.network, min(plan.ema_decay, (1 + step) / (10 + step)))
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach()) * plan.batch
        now = time.monotonic()
        if now - logged > LOG_S:
            count = run.seen - since
            mean = {name: round(value / count, 4) for name, value in sums.items()}
            cpu = round(time.process_time())
            run.log(
                {
                    "seen": run.seen,
                    "px": side,
                    "per_s": round(count / (now - logged), 1),
                    "cpu_s": cpu,
                    **mean,
                }
            )
            sums, since, logged = {}, run.seen, now
        if now - saved > CHECKPOINT_S:
            run.save()
            saved = now
    run.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start-from", type=Path, metavar="FILE")
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="convolutions in bfloat16: 1.6 times as fast where the processor has AVX512-BF16",
    )
    for field in fields(Plan):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default
        )
    args = vars(parser.parse_args())
    folder = runs_dir() / args.pop("run")
    folder.mkdir(exist_ok=True)
    threads = args.pop("threads")
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    torch.set_flush_denormal(True)
    start_from, bfloat16 = args.pop("start_from"), args.pop("bfloat16")
    run = Run(Plan(**args), folder)
    if run.checkpoint.is_file():
        run.resume()
    elif start_from:
        run.start_from(start_from)
    pool = load_pool()
    counts = {f.name: len(getattr(pool, f.name)) for f in fields(pool)}
    run.log(
        {
            "pictures": counts,
            "plan": asdict(run.plan),
            "parameters": sum(p.numel() for p in run.network.parameters()),
        }
    )
    train(run, pool, bfloat16=bfloat16)


if __name__ == "__main__":
    main()
