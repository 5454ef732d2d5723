"""The pictures in memory, split by the hash of their file, and faces to paste."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from training.detector.folders import cache_dir, data_dir
from training.detector.labels import Boxes, boxes_of, raw_labels

Kind = Literal["photograph", "small", "negative"]
ASIDE_SHARE = 0.15
NEAR_BITS = 5
"""Pictures whose difference hashes of 64 bits differ in fewer bits are near copies."""
PASTED = {"scene_faces": 6278, "cfee_faces": 2500, "affect7_train": 3000}
"""Packs of faces to paste and how many of each are read, first by hash."""
PASTED_SURE = 0.8


@dataclass(frozen=True)
class Picture:
    """rgb uint8 (H, W, 3) and its half and quarter, so that shrinking is an average."""

    name: str
    levels: tuple[NDArray[np.uint8], ...]
    boxes: Boxes

    @property
    def rgb(self) -> NDArray[np.uint8]:
        return self.levels[0]


def kind_of(name: str) -> Kind:
    if name.startswith("jol/"):
        return "photograph"
    return "small" if name.startswith("mtfl/") else "negative"


def split() -> tuple[dict[Kind, list[str]], dict[Kind, list[str]]]:
    """Names for training and set aside, by kind: the smallest sha256 of the file's bytes."""
    train: dict[Kind, list[str]] = {"photograph": [], "small": [], "negative": []}
    aside: dict[Kind, list[str]] = {"photograph": [], "small": [], "negative": []}
    digest: dict[str, str] = {}
    for name, raw in files():
        digest[name] = hashlib.sha256(raw).hexdigest()
    for kind in train:
        names = sorted((n for n in digest if kind_of(n) == kind), key=digest.__getitem__)
        count = round(ASIDE_SHARE * len(names))
        aside[kind], train[kind] = names[:count], names[count:]
    return train, aside


def files() -> Iterable[tuple[str, bytes]]:
    """Every picture of the detector's data as name and file."""
    for pack in ("train", "negatives"):
        with zipfile.ZipFile(data_dir() / "detector" / f"{pack}.zip") as archive:
            for name in sorted(archive.namelist()):
                if name in raw_labels():
                    yield name, archive.read(name)


def decode(raw: bytes) -> NDArray[np.uint8]:
    """RGB uint8 (H, W, 3)."""
    bgr = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("not an image")
    return np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8)


def picture(name: str, rgb: NDArray[np.uint8], boxes: Boxes) -> Picture:
    levels = [rgb]
    while len(levels) < 3 and min(levels[-1].shape[:2]) >= 16:
        height, width = levels[-1].shape[:2]
        half = cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, np.uint8))
    return Picture(name, tuple(levels), boxes)


def pictures(names: Iterable[str]) -> list[Picture]:
    wanted = set(names)
    return [picture(n, decode(raw), boxes_of(n)) for n, raw in files() if n in wanted]


def difference_hash(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """64 bits: is a pixel of 9 x 8 brighter than its left neighbour?"""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    small = np.asarray(cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA), np.int16)
    return (np.diff(small, axis=1) > 0).reshape(64)


def without_near_copies(train: list[Picture], aside: list[Picture]) -> list[Picture]:
    """Training pictures that are not near copies, nor mirror images, of pictures set aside."""
    of_aside = np.stack([difference_hash(p.rgb) for p in aside]).astype(np.int16)
    kept = []
    for p in train:
        views = (p.rgb, np.ascontiguousarray(p.rgb[:, ::-1]))
        distance = min(
            int(np.abs(of_aside - difference_hash(view).astype(np.int16)).sum(axis=1).min())
            for view in views
        )
        if distance >= NEAR_BITS:
            kept.append(p)
    return kept


def pasted_faces() -> list[Picture]:
    """Crops of the face packs in which the teacher is sure of one face; labels are cached.

    The colour pack's black surroundings stay: pasting takes the oval of the face alone.
    """
    faces: list[Picture] = []
    for pack, count in PASTED.items():
        path = cache_dir() / f"pasted_{pack}.npz"
        if not path.is_file():
            _label_pack(pack, count, path)
        stored = np.load(path)
        with zipfile.ZipFile(data_dir() / "faces" / f"{pack}.zip") as archive:
            for name, row in zip(stored["name"], stored["row"], strict=True):
                boxes = Boxes(
                    np.array([[row[0], row[1], row[0] + row[2], row[1] + row[3]]], np.float32),
                    row[4:14].reshape(1, 5, 2).astype(np.float32),
                    np.ones(1, np.bool_),
                )
                rgb = decode(archive.read(str(name)))
                faces.append(picture(f"{pack}/{name}", rgb, boxes))
    return faces


def _label_pack(pack: str, count: int, path: object) -> None:
    teacher = cv2.FaceDetectorYN.create(
        str(data_dir() / "models" / "yunet_n.onnx"), "", (320, 320), PASTED_SURE, 0.3, 500
    )
    names, rows = [], []
    with zipfile.ZipFile(data_dir() / "faces" / f"{pack}.zip") as archive:
        members = [n for n in archive.namelist() if n.endswith((".jpg", ".webp"))]
        members.sort(key=lambda n: hashlib.sha256(n.encode()).hexdigest())
        for name in members[:count]:
            bgr = decode(archive.read(name))[:, :, ::-1]
            # A face that fills its picture is found with a margin around it.
            edge = bgr.shape[0] // 4
            padded = cv2.copyMakeBorder(
                np.ascontiguousarray(bgr), edge, edge, edge, edge, cv2.BORDER_REPLICATE
            )
            teacher.setInputSize((padded.shape[1], padded.shape[0]))
            found = teacher.detect(padded)[1]
            if found is None or len(found) != 1:
                continue
            row = np.array(found[0], np.float32)
            row[:2] -= edge
            row[4:14] -= edge
            names.append(name)
            rows.append(row)
    with open(str(path), "wb") as file:  # noqa: PTH123
        np.savez(file, name=np.array(names), row=np.stack(rows))
