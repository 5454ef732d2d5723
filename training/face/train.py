"""Train the face network: `python -m training.face.train --run NAME`.

A checkpoint is written every few minutes to `training/face/runs/NAME` (ignored by git); the same
command goes on from it. The plan of a run is part of its checkpoint and log.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import multiprocessing
import socket
import time
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
from torch import distributed, nn

from training.face import measure
from training.face.batches import ONE_CLASS, TrainingData
from training.face.dataset import (
    Faces,
    action_names,
    load_validation,
    training_faces,
)
from training.face.folders import runs_dir
from training.face.losses import MIN_ACTION_SD, Weights, task_losses, total_loss
from training.face.network import FaceNet, Widths
from training.face.soften import softened

CHECKPOINTS = Path(__file__).resolve().parent / "checkpoints"
"""Weights that are kept in the repository, so that training can go on from them."""
CHECKPOINT_S = 240.0
VALIDATE_EVERY = 20_000
VALIDATED = 800
"""Faces of each set that are read during training; exported files are measured on all of them."""
Rest = tuple[tuple[str, ...], list[tuple[str, Faces]]]
GRADIENT_LIMIT = 5.0


@dataclass(frozen=True)
class Plan:
    """Everything that decides a run besides the data and the code."""

    packs: str = "fer2013:.44,colour:.34,scene:.07,cfee:.15"
    """Packs and the share of the crops that is drawn from each."""
    tasks: str = "emotion,action,landmark,pose,presence,au"
    samples: int = 600_000
    """Crops seen in all."""
    sizes: str = "40:0.3,48:0.7,64:1"
    """Side in pixels until a share of the samples."""
    batch: int = 64
    peak_lr: float = 1.5e-3
    weight_decay: float = 0.05
    ema_decay: float = 0.998
    stem: int = 16
    channels: str = "32,96,224"
    blocks: str = "1,2,2"
    anneal: float = 0.6
    """How much of the augmentation's strength is gone at the end."""
    soften: int = 1
    """1 mixes what the geometry says into the labels (training.face.soften), 0 does not."""
    balanced: int = 1
    """1 takes the class shares of each pack out of the output (logit adjustment), 0 does not."""
    seed: int = 0

    def shares(self) -> dict[str, float]:
        """Share of the crops by pack."""
        return {name: float(share) for name, share in (p.split(":") for p in self.packs.split(","))}

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
            figures[f"{name} balanced"] = measure.balanced_accuracy(readings, faces)
        if name == "cfee-fifth":
            figures["au auc"] = float(np.nanmean(measure.au_auc(readings, faces)))
        if faces.taught.any() and name in ("scene-tenth", "cfee-fifth"):
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
    """Network, average, optimiser and random state of one run; knows how to stop and go on.

    Several processes may share a run: each computes the gradients of its part of every batch with
    one thread, and the mean of the gradients is what all of them step by. On a busy machine that
    waits once a step, where threads would wait for each other in every layer.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.rank, self.world = 0, 1
        self.bfloat16 = False
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

    def join(self, rank: int, world: int) -> None:
        """Become process `rank` of `world`; each draws other faces."""
        self.rank, self.world = rank, world
        self.rng.manual_seed(self.plan.seed + self.seen + 7919 * rank)
        torch.manual_seed(self.plan.seed + self.seen + 7919 * rank)

    def share_gradients(self) -> None:
        """The mean of all processes' gradients, in every process."""
        if self.world > 1:
            gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
            flat = torch.cat([g.flatten() for g in gradients])
            distributed.all_reduce(flat)
            flat /= self.world
            for gradient, mean in zip(
                gradients, flat.split([g.numel() for g in gradients]), strict=True
            ):
                gradient.copy_(mean.view_as(gradient))

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

    def resume(self, *, replan: bool) -> None:
        """Go on from the checkpoint; SystemExit if its plan differs, unless `replan`."""
        state = torch.load(self.checkpoint)
        if state["plan"] != asdict(self.plan) and not replan:
            raise SystemExit(
                f"{self.folder} holds a run with another plan: {state['plan']}: "
                "give the same options, or --replan to change them from here on"
            )
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.set_state(state["rng"])
        self.seen = state["seen"]

    def start_from(self, other: str) -> None:
        """The averaged weights of another run, with a fresh optimiser and schedule.

        `other` is the name of a run, or a file in training/face/checkpoints.
        """
        path = CHECKPOINTS / other
        if not path.is_file():
            path = runs_dir() / other / "checkpoint.pt"
        weights = torch.load(path)["average"]
        weights = {
            name: value.float() if value.is_floating_point() else value
            for name, value in weights.items()
        }
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
    if not plan.balanced:
        data.log_prior.zero_()
    saved = logged = time.monotonic()
    sums: dict[str, float] = {}
    since = validated = run.seen
    run.network.train()
    while run.seen < plan.samples:
        share = run.seen / plan.samples
        for group in run.optimizer.param_groups:
            group["lr"] = plan.learning_rate(share)
        rows = data.draw(plan.batch // run.world, run.rng)
        batch = data.batch(rows, plan.side_px(share), run.rng, 1 - plan.anneal * share)
        with torch.autocast("cpu", torch.bfloat16, enabled=run.bfloat16):
            heads = run.network(batch.crops)
        losses = task_losses(heads.single_precision(), batch.targets, action_sd)
        run.optimizer.zero_grad()
        total_loss(losses, weights).backward()
        run.share_gradients()
        nn.utils.clip_grad_norm_(run.network.parameters(), GRADIENT_LIMIT)
        run.optimizer.step()
        run.seen += len(rows) * run.world
        step = run.seen // plan.batch
        update_average(run.average, run.network, min(plan.ema_decay, (1 + step) / (10 + step)))
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0.0) + float(loss.detach()) * plan.batch
        if run.rank:
            continue
        now = time.monotonic()
        if now - logged > 60:
            count = run.seen - since
            mean = {name: round(total / count, 3) for name, total in sums.items()}
            run.log({"seen": run.seen, "per_s": round(count / (now - logged)), **mean})
            sums, since, logged = {}, run.seen, now
        if now - saved > CHECKPOINT_S:
            run.save()
            saved = now
        if run.seen - validated >= VALIDATE_EVERY or run.seen >= plan.samples:
            side_px = plan.side_px(run.seen / plan.samples)
            figures = validate(run.average, validation, names, side_px)
            run.log({"seen": run.seen, "px": side_px, **figures})
            logged += time.monotonic() - now
            validated = run.seen
    if not run.rank:
        run.save()


def train_as(rank: int, world: int, port: int, run: Run, data: TrainingData, rest: Rest) -> None:
    """One of `world` processes that train together; they find each other at a local port."""
    distributed.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=world,
        timeout=timedelta(hours=1),
    )
    run.join(rank, world)
    train(run, data, *rest)
    distributed.destroy_process_group()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True)
    parser.add_argument("--threads", type=int, default=1, help="of each process")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--start-from", metavar="RUN", help="begin with the weights of this run")
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="convolutions in bfloat16: 1.75 times as fast where the processor has AVX512-BF16",
    )
    parser.add_argument(
        "--replan", action="store_true", help="go on from the checkpoint with these other options"
    )
    for field in fields(Plan):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default
        )
    args = vars(parser.parse_args())
    folder = runs_dir() / args.pop("run")
    folder.mkdir(exist_ok=True)
    torch.set_num_threads(args.pop("threads"))
    torch.set_flush_denormal(True)
    processes = args.pop("processes")
    start_from, replan = args.pop("start_from"), args.pop("replan")
    bfloat16 = args.pop("bfloat16")
    run = Run(Plan(**args), folder)
    run.bfloat16 = bfloat16
    if run.checkpoint.is_file():
        run.resume(replan=replan)
    elif start_from:
        run.start_from(start_from)
    names, validation = action_names(), load_validation(VALIDATED)
    shares = run.plan.shares()
    faces = training_faces(tuple(shares))
    if run.plan.soften:
        emotion = softened(faces, validation)
        kept = np.isin(faces.pack, ONE_CLASS)
        emotion[kept] = faces.emotion[kept]
        faces = replace(faces, emotion=emotion)
    run.log(
        {
            "faces": len(faces),
            "taught": round(float(faces.taught.mean()), 3),
            "plan": asdict(run.plan),
            "start_from": start_from,
        }
    )
    data = TrainingData(faces, names, run.plan.seed, shares)
    if processes == 1:
        train(run, data, names, validation)
        return
    context = multiprocessing.get_context("fork")  # faces in memory are shared, not copied
    arguments = (processes, free_port(), run, data, (names, validation))
    workers = [context.Process(target=train_as, args=(r, *arguments)) for r in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit(f"exit codes of the processes: {[w.exitcode for w in workers]}")


if __name__ == "__main__":
    main()
