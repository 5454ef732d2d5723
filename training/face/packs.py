"""The face packs of the data folder as pictures with emotion targets. No torch in here."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from evolvisense.face import CROP_MARGIN, CropRegion, crop_region_of_box
from evolvisense.types.scores import EMOTIONS
from training.face.action_units import ACTION_UNITS
from training.face.folders import data_dir

if TYPE_CHECKING:
    from numpy.typing import NDArray

STORED_PX = 96
"""Side of the images as kept in memory; the network sees at most 64 pixels of a face."""

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
SCENE_MARGIN = 1.4
"""Scene faces are stored with this share of their face box, so that jitter finds real background;
other packs have no picture beyond the face."""


@dataclass(frozen=True)
class Pack:
    """Faces of one pack, or a part of it.

    member: str (N,), names in the zip; they join the teacher's labels.
    rgb: uint8 (N, 96, 96, 3).
    target: float32 (N, 7) in the order of EMOTIONS, rows sum to 1; NaN where there is no label.
    picture_xywh: float32 (N, 4), the stored square as shares of the zip's picture.
    margin: stored side over the side of a crop at inference.
    au: float32 (N, 16), intensity 0-5 of `ACTION_UNITS` coded by people; None where nobody did.
    """

    name: str
    member: NDArray[np.str_]
    rgb: NDArray[np.uint8]
    target: NDArray[np.float32]
    picture_xywh: NDArray[np.float32]
    margin: float = 1.0
    au: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.rgb)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_], name: str | None = None) -> Pack:
        return Pack(
            name or self.name,
            self.member[rows],
            self.rgb[rows],
            self.target[rows],
            self.picture_xywh[rows],
            self.margin,
            None if self.au is None else self.au[rows],
        )


def smoothed(emotion: str, smoothing: float) -> NDArray[np.float32]:
    target = np.full(len(EMOTIONS), smoothing / len(EMOTIONS), np.float32)
    target[[*EMOTIONS].index(emotion)] += 1 - smoothing  # pyright: ignore[reportArgumentType]
    return target


def to_square(rgb: NDArray[np.uint8], side_px: int = STORED_PX) -> NDArray[np.uint8]:
    """A picture resized to side_px x side_px: area when shrinking, cubic when enlarging."""
    interpolation = cv2.INTER_AREA if rgb.shape[0] > side_px else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (side_px, side_px), interpolation=interpolation), np.uint8)


def members(pack: str) -> tuple[zipfile.ZipFile, list[str]]:
    archive = zipfile.ZipFile(data_dir() / "faces" / f"{pack}.zip")
    return archive, sorted(n for n in archive.namelist() if n.endswith((".jpg", ".webp")))


def decode(raw: bytes) -> NDArray[np.uint8]:
    bgr = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("not an image")
    return np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8)


def whole(count: int) -> NDArray[np.float32]:
    return np.tile(np.array([0, 0, 1, 1], np.float32), (count, 1))


# --- FER2013 -------------------------------------------------------------------------------------


def read_votes() -> dict[tuple[str, str], dict[str, int]]:
    """FER+ votes by (split, member)."""
    with (data_dir() / "faces" / "ferplus_votes.csv").open(newline="") as file:
        return {
            (row["split"], row["path"]): {
                column: int(row[column]) for column in (*FERPLUS_COLUMNS, *FERPLUS_REJECTED)
            }
            for row in csv.DictReader(file)
        }


def vote_target(votes: dict[str, int]) -> NDArray[np.float32] | None:
    """Vote shares over the seven emotions; None where too few annotators saw one of them."""
    by_emotion = {mapped: votes[column] for column, mapped in FERPLUS_COLUMNS.items()}
    counts = np.array([by_emotion[e] for e in EMOTIONS], np.float32)
    if counts.sum() < MIN_USABLE_VOTES or votes["non_face"] > 1:
        return None
    return counts / counts.sum()


def ferplus_majority(votes: dict[str, int]) -> str | None:
    """The single most voted of the seven; None for ties, contempt, unknown and non-face."""
    best = max(votes.values())
    winners = [column for column, count in votes.items() if count == best]
    return FERPLUS_COLUMNS.get(winners[0]) if len(winners) == 1 else None


def load_fer2013_train() -> Pack:
    """FER2013 Training with FER+ vote shares where matched, softened labels elsewhere."""
    votes = read_votes()
    archive, names = members("fer2013_train")
    kept: list[tuple[str, NDArray[np.uint8], NDArray[np.float32]]] = []
    for name in names:
        row = votes.get(("train", name))
        emotion = name.split("/")[0]
        target = smoothed(emotion, SMOOTHING_RAW_FER) if row is None else vote_target(row)
        rgb = decode(archive.read(name))
        if target is not None and rgb.std() >= 2:
            kept.append((name, to_square(rgb), target))
    member, rgb, target = zip(*kept, strict=True)
    return Pack("fer2013", np.array(member), np.stack(rgb), np.stack(target), whole(len(kept)))


def load_ferplus_validation() -> Pack:
    """Matched FER2013 PublicTest rows with the FER+ majority as a one-hot target."""
    votes = read_votes()
    archive, names = members("fer2013_val")
    majority = {n: ferplus_majority(votes[("val", n)]) for n in names if ("val", n) in votes}
    kept = [(n, e) for n, e in majority.items() if e is not None]
    rgb = np.stack([to_square(decode(archive.read(n))) for n, _ in kept])
    target = np.stack([smoothed(e, 0.0) for _, e in kept])
    return Pack("ferplus-publictest", np.array([n for n, _ in kept]), rgb, target, whole(len(kept)))


def load_fer2013_validation_raw() -> Pack:
    """All FER2013 PublicTest rows with their raw label."""
    archive, names = members("fer2013_val")
    rgb = np.stack([to_square(decode(archive.read(n))) for n in names])
    target = np.stack([smoothed(n.split("/")[0], 0.0) for n in names])
    return Pack("fer2013-publictest-raw", np.array(names), rgb, target, whole(len(names)))


# --- the colour set ------------------------------------------------------------------------------


def load_colour() -> tuple[Pack, Pack]:
    """The colour pack as (training, a tenth set aside); the split is fixed by seed 0."""
    archive, names = members("affect7_train")
    rgb = np.stack([to_square(decode(archive.read(n))) for n in names])
    emotion = np.array([n.split("/")[0] for n in names])
    aside = np.zeros(len(names), np.bool_)
    rng = np.random.default_rng(0)
    for wanted in EMOTIONS:
        rows = np.flatnonzero(emotion == wanted)
        aside[rng.permutation(rows)[: len(rows) // 10]] = True
    soft = np.stack([smoothed(e, SMOOTHING_COLOUR) for e in emotion])
    hard = np.stack([smoothed(e, 0.0) for e in emotion])
    member, where = np.array(names), whole(len(names))
    return (
        Pack("colour", member[~aside], rgb[~aside], soft[~aside], where[~aside]),
        Pack("colour-tenth", member[aside], rgb[aside], hard[aside], where[aside]),
    )


# --- faces with their surroundings ---------------------------------------------------------------


def scene_boxes() -> dict[str, NDArray[np.float64]]:
    """Face boxes left, top, right, bottom (4,) in pixels by member."""
    return _boxes("scene_faces.csv")


def cfee_boxes() -> dict[str, NDArray[np.float64]]:
    """The same of CFEE."""
    return _boxes("cfee_faces.csv")


def _boxes(table: str) -> dict[str, NDArray[np.float64]]:
    boxes: dict[str, NDArray[np.float64]] = {}
    with (data_dir() / "faces" / table).open(newline="") as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[f"face_{key}"]) for key in "xywh")
            boxes[row["path"]] = np.array([x, y, x + w, y + h])
    return boxes


def share_of(
    crop_region: CropRegion, picture: NDArray[np.uint8]
) -> tuple[float, float, float, float]:
    """Left, top, width and height of an upright crop as shares of its picture (H, W, 3)."""
    height, width = picture.shape[:2]
    side = crop_region.side_px
    left, top = crop_region.center_x - side / 2, crop_region.center_y - side / 2
    return left / width, top / height, side / width, side / height


def with_surroundings(
    archive: zipfile.ZipFile, names: list[str], boxes: dict[str, NDArray[np.float64]]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Faces cut by their boxes with SCENE_MARGIN, and where each lies in its image.

    Returns:
        uint8 (N, 96, 96, 3) and float32 (N, 4): left, top, width, height as shares of the image.
    """
    rgb, where = [], []
    for name in names:
        picture = decode(archive.read(name))
        crop_region = crop_region_of_box(boxes[name], CROP_MARGIN * SCENE_MARGIN)
        side = crop_region.side_px
        left, top = crop_region.center_x - side / 2, crop_region.center_y - side / 2
        to_stored = np.array([[1, 0, -left], [0, 1, -top]]) * (STORED_PX / side)
        stored = cv2.warpAffine(
            picture,
            to_stored,
            (STORED_PX, STORED_PX),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        rgb.append(stored.astype(np.uint8))
        where.append(share_of(crop_region, picture))
    return np.stack(rgb), np.array(where, np.float32)


def load_scene() -> tuple[Pack, Pack]:
    """Scene faces as (training, a tenth set aside by member name, for the teacher's tasks).

    Their emotion labels are noisy and unbalanced: NaN targets, only the teacher's labels count.
    """
    archive, names = members("scene_faces")
    boxes = scene_boxes()
    rgb, where = with_surroundings(archive, names, boxes)
    none = np.full((len(names), len(EMOTIONS)), np.nan, np.float32)
    pack = Pack("scene", np.array(names), rgb, none, where, SCENE_MARGIN)
    aside = np.arange(len(names)) % 10 == 0
    return pack.take(~aside), pack.take(aside, "scene-tenth")


# --- CFEE: posed faces with human FACS codes ---------------------------------------------------


CFEE_ASIDE = 0.2
"""Share of the people of CFEE who are set aside."""


def load_cfee() -> tuple[Pack, Pack]:
    """CFEE as (training, a fifth of its 230 people set aside by seed 0).

    Targets are those of the file: compound emotions are mixtures, so rows sum to 1.
    """
    with (data_dir() / "faces" / "cfee_faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    archive, _ = members("cfee_faces")
    names = [row["path"] for row in rows]
    rgb, where = with_surroundings(archive, names, cfee_boxes())
    target = np.array([[float(row[f"p_{e}"]) for e in EMOTIONS] for row in rows], np.float32)
    au = np.array([[float(row[f"AU{n}"]) for n in ACTION_UNITS] for row in rows], np.float32)
    pack = Pack("cfee", np.array(names), rgb, target, where, SCENE_MARGIN, au)
    identity = np.array([row["identity"] for row in rows])
    people = np.random.default_rng(0).permutation(np.unique(identity))
    aside = np.isin(identity, people[: round(len(people) * CFEE_ASIDE)])
    return pack.take(~aside), pack.take(aside, "cfee-fifth")


# --- what comes from both ------------------------------------------------------------------------


def black_background(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Near-black pixels connected to the edge of a picture (H, W, 3): the colour pack's mask."""
    height, width = rgb.shape[:2]
    padded = np.zeros((height + 2, width + 2), np.uint8)
    padded[1:-1, 1:-1] = rgb.max(axis=2) < 14
    padded[0, :] = padded[-1, :] = padded[:, 0] = padded[:, -1] = 1
    cv2.floodFill(padded, None, (0, 0), 2)
    # Two pixels more: the seam between face and mask is dark too.
    return cv2.dilate((padded[1:-1, 1:-1] == 2).astype(np.uint8), np.ones((5, 5))) > 0
