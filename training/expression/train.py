"""Train the expression network: `python -m training.expression.train`.

Writes a checkpoint after every epoch to `training/expression/runs/` (ignored by git) and goes on
from it when started again. About 75 minutes on two cores.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.expression import data
from training.expression.augment import augment, center
from training.expression.network import ExpressionNet

RUNS = Path(__file__).parent / "runs"
PEAK_LR = 0.08
WEIGHT_DECAY = 5e-4
EMA_DECAY = 0.998


def training_set() -> tuple[Tensor, Tensor, Tensor]:
    fer, (colour, _) = data.load_fer2013_train(), data.load_colour()
    for validation in validation_sets():
        fer = data.without_near_duplicates(fer, validation)
        colour = data.without_near_duplicates(colour, validation)
    print(f"training faces: fer2013 {len(fer)}, colour {len(colour)}", flush=True)
    return (
        torch.from_numpy(np.concatenate([fer.rgb, colour.rgb])),
        torch.from_numpy(np.concatenate([fer.background, colour.background])),
        torch.from_numpy(np.concatenate([fer.target, colour.target])),
    )


def validation_sets() -> list[data.FaceSet]:
    return [data.load_ferplus_validation(), data.load_colour()[1]]


@torch.inference_mode()
def logits_of(network: ExpressionNet, faces: data.FaceSet) -> Tensor:
    network.eval()
    rgb = torch.from_numpy(faces.rgb)
    return torch.cat([network(center(part)) for part in rgb.split(256)])


def accuracy(network: ExpressionNet, faces: data.FaceSet) -> float:
    expected = torch.from_numpy(faces.target).argmax(1)
    return float((logits_of(network, faces).argmax(1) == expected).float().mean())


def learning_rate(step: int, total: int, warmup: int) -> float:
    if step < warmup:
        return PEAK_LR * (step + 1) / warmup
    return PEAK_LR * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


def update_average(average: ExpressionNet, network: ExpressionNet, step: int) -> None:
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    with torch.no_grad():
        for ours, theirs in zip(
            average.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if ours.dtype.is_floating_point:
                ours.lerp_(theirs, 1 - decay)
            else:
                ours.copy_(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = torch.Generator().manual_seed(args.seed)
    RUNS.mkdir(exist_ok=True)
    checkpoint = RUNS / "checkpoint.pt"

    rgb, background, target = training_set()
    validation = validation_sets()
    network = ExpressionNet().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    average = copy.deepcopy(network)
    optimizer = torch.optim.SGD(
        network.parameters(), PEAK_LR, momentum=0.9, weight_decay=WEIGHT_DECAY, nesterov=True
    )
    per_epoch = len(rgb) // args.batch
    total, warmup, first_epoch = per_epoch * args.epochs, per_epoch, 0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        rng.set_state(state["rng"])
        first_epoch = state["epoch"] + 1

    for epoch in range(first_epoch, args.epochs):
        started = time.monotonic()
        network.train()
        order = torch.randperm(len(rgb), generator=rng)
        running = 0.0
        for index in range(per_epoch):
            step = epoch * per_epoch + index
            rows = order[index * args.batch : (index + 1) * args.batch]
            faces = augment(rgb[rows], background[rows], rng)
            faces = faces.contiguous(memory_format=torch.channels_last)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, total, warmup)
            loss = F.cross_entropy(network(faces), target[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            update_average(average, network, step)
            running += loss.item()
            if index % 100 == 99:
                rate = args.batch * (index + 1) / (time.monotonic() - started)
                where = f"epoch {epoch} step {index + 1}/{per_epoch}"
                print(f"{where} loss {running / (index + 1):.3f} {rate:.0f}/s", flush=True)
        scores = {faces.name: round(accuracy(average, faces), 4) for faces in validation}
        line = {"epoch": epoch, "loss": running / per_epoch, "s": time.monotonic() - started}
        with (RUNS / "log.jsonl").open("a") as log:
            log.write(json.dumps(line | scores) + "\n")
        print(json.dumps(line | scores), flush=True)
        state = {
            "network": network.state_dict(),
            "average": average.state_dict(),
            "optimizer": optimizer.state_dict(),
            "rng": rng.get_state(),
            "epoch": epoch,
        }
        torch.save(state, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)


if __name__ == "__main__":
    main()
