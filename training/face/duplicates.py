"""Near-duplicates between training and validation, by perceptual hash."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.face.packs import Pack

DUPLICATE_BITS = 40
"""Pairs that differ in at most this many of 256 bits were the same photograph in every pair that
was looked at; of pairs at 41 to 50 bits some were not."""


def difference_hash(rgb: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """256-bit difference hashes (N, 4) of faces (N, H, W, 3): signs of 16 x 16 grey gradients.

    Only the middle .7 of the picture counts: masked corners are alike in every masked face.
    """
    hashes = np.zeros((len(rgb), 4), np.uint64)
    weights = np.uint64(1) << np.arange(64, dtype=np.uint64)
    margin = round(0.15 * rgb.shape[1])
    for row, image in enumerate(rgb):
        grey = cv2.cvtColor(image[margin:-margin, margin:-margin], cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
        bits = (small[:, 1:] > small[:, :-1]).reshape(4, 64)
        hashes[row] = (bits * weights).sum(axis=1, dtype=np.uint64)
    return hashes


def nearest_distance(
    ours: NDArray[np.uint64], theirs: NDArray[np.uint64]
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Bits to the nearest of `theirs` (M, 4) for each of `ours` (N, 4), and which it is."""
    distance = np.empty(len(ours), np.int32)
    nearest = np.empty(len(ours), np.intp)
    for start in range(0, len(ours), 256):
        rows = slice(start, start + 256)
        bits = np.bitwise_count(ours[rows, None] ^ theirs[None, :]).sum(axis=2, dtype=np.int32)
        nearest[rows] = bits.argmin(axis=1)
        distance[rows] = bits.min(axis=1)
    return distance, nearest


def without_near_duplicates(train: Pack, validation: Pack) -> Pack:
    """The training faces whose hash differs from every validation face's in more than 40 bits."""
    distance, _ = nearest_distance(difference_hash(train.rgb), difference_hash(validation.rgb))
    keep = distance > DUPLICATE_BITS
    print(f"{train.name}: {(~keep).sum()} near-duplicates of {validation.name} removed", flush=True)
    return train.take(keep)
