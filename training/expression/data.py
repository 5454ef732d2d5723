"""Face packs of the data folder as arrays with soft labels.

Everything is read once into memory as 72 x 72 RGB bytes; the network sees 64 x 64, so that
augmentation can shift and zoom without running out of picture.
"""

from __future__ import annotations

import csv
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
STORED_PX = 72

FERPLUS_COLUMNS = {
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprise": "surprise",
    "neutral": "neutral",
}
FERPLUS_REJECTED = ("contempt", "unknown", "non_face")

# Labels by one annotator are wrong more often than labels by ten: they are softened.
SMOOTHING_RAW_FER = 0.15
SMOOTHING_COLOUR = 0.10
MIN_USABLE_VOTES = 5
DUPLICATE_BITS = 40


@dataclass(frozen=True)
class FaceSet:
    """Faces with target distributions.

    rgb: uint8 (N, 72, 72, 3). target: float32 (N, 7), rows sum to 1.
    background: bool (N, 72, 72), True where the pack has masked the background black.
    """

    name: str
    rgb: NDArray[np.uint8]
    target: NDArray[np.float32]
    background: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rgb)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> FaceSet:
        return FaceSet(self.name, self.rgb[rows], self.target[rows], self.background[rows])


def data_dir() -> Path:
    """The data folder: EVOLVISENSE_DATA, else ../shared/data beside the checkout."""
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    path = Path(os.environ.get("EVOLVISENSE_DATA", default))
    if not (path / "faces").is_dir():
        raise SystemExit(f"no face packs under {path}: set EVOLVISENSE_DATA to the data folder")
    return path


def _smoothed(emotion: str, smoothing: float) -> NDArray[np.float32]:
    target = np.full(len(EMOTIONS), smoothing / len(EMOTIONS), np.float32)
    target[EMOTIONS.index(emotion)] += 1 - smoothing
    return target


def _decode(raw: bytes) -> NDArray[np.uint8]:
    bgr = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("not an image")
    interpolation = cv2.INTER_AREA if bgr.shape[0] > STORED_PX else cv2.INTER_CUBIC
    resized = cv2.resize(bgr, (STORED_PX, STORED_PX), interpolation=interpolation)
    return np.ascontiguousarray(resized[:, :, ::-1]).astype(np.uint8)


def _black_background(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Near-black pixels connected to a corner of the picture."""
    padded = np.zeros((STORED_PX + 2, STORED_PX + 2), np.uint8)
    dark = (rgb.max(axis=2) < 14).astype(np.uint8)
    padded[1:-1, 1:-1] = dark
    padded[0, :] = padded[-1, :] = padded[:, 0] = padded[:, -1] = 1
    cv2.floodFill(padded, None, (0, 0), 2)
    # One pixel more: the seam between face and mask is dark too.
    return cv2.dilate((padded[1:-1, 1:-1] == 2).astype(np.uint8), np.ones((3, 3))) > 0


def _read_votes(path: Path) -> dict[tuple[str, str], dict[str, int]]:
    with path.open(newline="") as file:
        return {
            (row["split"], row["path"]): {
                column: int(row[column]) for column in (*FERPLUS_COLUMNS, *FERPLUS_REJECTED)
            }
            for row in csv.DictReader(file)
        }


def _vote_target(votes: dict[str, int]) -> NDArray[np.float32] | None:
    """Vote shares over the seven emotions; None where too few annotators saw one of them."""
    counts = np.array(
        [votes[c] for e in EMOTIONS for c, mapped in FERPLUS_COLUMNS.items() if mapped == e],
        np.float32,
    )
    if counts.sum() < MIN_USABLE_VOTES or votes["non_face"] > 1:
        return None
    return counts / counts.sum()


def ferplus_majority(votes: dict[str, int]) -> str | None:
    """The single most voted of the seven; None for ties, contempt, unknown and non-face."""
    best = max(votes.values())
    winners = [column for column, count in votes.items() if count == best]
    if len(winners) != 1:
        return None
    return FERPLUS_COLUMNS.get(winners[0])


def _zip_members(path: Path) -> tuple[zipfile.ZipFile, list[str]]:
    archive = zipfile.ZipFile(path)
    return archive, sorted(name for name in archive.namelist() if name.endswith(".jpg"))


def load_fer2013_train() -> FaceSet:
    """FER2013 Training with FER+ vote shares where matched, softened labels elsewhere."""
    votes = _read_votes(data_dir() / "faces" / "ferplus_votes.csv")
    archive, names = _zip_members(data_dir() / "faces" / "fer2013_train.zip")
    images: list[NDArray[np.uint8]] = []
    targets: list[NDArray[np.float32]] = []
    for name in names:
        row = votes.get(("train", name))
        emotion = name.split("/")[0]
        target = _smoothed(emotion, SMOOTHING_RAW_FER) if row is None else _vote_target(row)
        rgb = _decode(archive.read(name))
        if target is None or rgb.std() < 2:
            continue
        images.append(rgb)
        targets.append(target)
    return FaceSet(
        "fer2013",
        np.stack(images),
        np.stack(targets),
        np.zeros((len(images), STORED_PX, STORED_PX), np.bool_),
    )


def load_ferplus_validation() -> FaceSet:
    """Matched FER2013 PublicTest rows with the FER+ majority as a one-hot target."""
    votes = _read_votes(data_dir() / "faces" / "ferplus_votes.csv")
    archive, names = _zip_members(data_dir() / "faces" / "fer2013_val.zip")
    images: list[NDArray[np.uint8]] = []
    targets: list[NDArray[np.float32]] = []
    for name in names:
        row = votes.get(("val", name))
        majority = None if row is None else ferplus_majority(row)
        if majority is None:
            continue
        images.append(_decode(archive.read(name)))
        targets.append(_smoothed(majority, 0.0))
    empty = np.zeros((len(images), STORED_PX, STORED_PX), np.bool_)
    return FaceSet("ferplus-publictest", np.stack(images), np.stack(targets), empty)


def load_fer2013_validation_raw() -> FaceSet:
    """All FER2013 PublicTest rows with their raw label."""
    archive, names = _zip_members(data_dir() / "faces" / "fer2013_val.zip")
    images = np.stack([_decode(archive.read(name)) for name in names])
    targets = np.stack([_smoothed(name.split("/")[0], 0.0) for name in names])
    empty = np.zeros((len(images), STORED_PX, STORED_PX), np.bool_)
    return FaceSet("fer2013-publictest-raw", images, targets, empty)


def load_colour() -> tuple[FaceSet, FaceSet]:
    """The colour pack as (training, a tenth set aside); the split is fixed by seed 0."""
    archive, names = _zip_members(data_dir() / "faces" / "affect7_train.zip")
    images = np.stack([_decode(archive.read(name)) for name in names])
    background = np.stack([_black_background(image) for image in images])
    emotions = np.array([name.split("/")[0] for name in names])
    aside = np.zeros(len(names), np.bool_)
    rng = np.random.default_rng(0)
    for emotion in EMOTIONS:
        rows = np.flatnonzero(emotions == emotion)
        aside[rng.permutation(rows)[: len(rows) // 10]] = True
    soft = np.stack([_smoothed(e, SMOOTHING_COLOUR) for e in emotions])
    hard = np.stack([_smoothed(e, 0.0) for e in emotions])
    train = FaceSet("colour", images[~aside], soft[~aside], background[~aside])
    held = FaceSet("colour-tenth", images[aside], hard[aside], background[aside])
    return train, held


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


def without_near_duplicates(train: FaceSet, validation: FaceSet) -> FaceSet:
    """The training faces whose hash differs from every validation face's in more than 40 bits."""
    ours, theirs = difference_hash(train.rgb), difference_hash(validation.rgb)
    keep = np.ones(len(train), np.bool_)
    for start in range(0, len(train), 256):
        differing = ours[start : start + 256, None] ^ theirs[None, :]
        distance = np.bitwise_count(differing).sum(axis=2, dtype=np.int32)
        keep[start : start + 256] = distance.min(axis=1) > DUPLICATE_BITS
    print(f"{train.name}: {(~keep).sum()} near-duplicates of {validation.name} removed", flush=True)
    return train.take(keep)
