"""Training pictures: crops at many scales, mosaics, pasted faces, turns, covers, light, codecs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.detector.dataset import Picture
from training.detector.labels import Boxes, concatenated

Rng = np.random.Generator
MIN_FACE_PX = 4.5
"""Smaller faces are ignored: fewer than a cell of the finest stride in each direction."""
MIN_VISIBLE = 0.45
"""Share of a face's box inside the picture below which it is ignored; below a third of that it is
background."""
GRAPHICS = 0.12
"""Share of images with letters and drawn marks; of backgrounds four times as many."""
COVERED = 0.2
"""Share of faces with something before them."""
MIRRORED = (1, 0, 2, 4, 3)


@dataclass(frozen=True)
class Sample:
    """rgb uint8 (S, S, 3) with boxes in its pixels."""

    rgb: NDArray[np.uint8]
    boxes: Boxes


def affine(
    scale: float,
    turn_deg: float,
    mirror: bool,
    source_xy: tuple[float, float],
    target_xy: tuple[float, float],
) -> NDArray[np.float64]:
    """The map (2, 3) that scales, turns and mirrors and takes `source_xy` to `target_xy`."""
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    linear = scale * np.array([[cos, -sin], [sin, cos]])
    if mirror:
        linear = linear @ np.diag([-1.0, 1.0])
    shift = np.array(target_xy) - linear @ np.array(source_xy)
    return np.column_stack([linear, shift])


def warped(
    picture: Picture, matrix: NDArray[np.float64], side: int, border: int
) -> NDArray[np.uint8]:
    """The picture under `matrix`, taken from its half or quarter where it shrinks."""
    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
    level = min(len(picture.levels) - 1, max(0, round(math.log2(1 / max(scale, 1e-3)))))
    source = picture.levels[level]
    fx, fy = (picture.rgb.shape[1] / source.shape[1], picture.rgb.shape[0] / source.shape[0])
    lifted = matrix.copy()
    lifted[:, 0] *= fx
    lifted[:, 1] *= fy
    # Pixel centres lie half a pixel in.
    lifted[:, 2] += lifted[:, :2] @ np.full(2, 0.5) - 0.5
    out = cv2.warpAffine(
        source,
        lifted,
        (side, side),
        flags=cv2.INTER_LINEAR,
        borderMode=border,
        borderValue=(114, 114, 114),
    )
    return np.asarray(out, np.uint8)


def moved(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    """Boxes under an affine map: each face is an ellipse in its box and keeps an upright box."""
    linear, shift = matrix[:, :2], matrix[:, 2]
    center = (boxes.xyxy[:, :2] + boxes.xyxy[:, 2:]) / 2 @ linear.T + shift
    half = (boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]) / 2
    reach = np.sqrt((half**2) @ (linear**2).T)
    points = boxes.landmark @ linear.T + shift
    if np.linalg.det(linear) < 0:
        points = points[:, MIRRORED]
    return Boxes(
        np.concatenate([center - reach, center + reach], axis=1).astype(np.float32),
        points.astype(np.float32),
        boxes.is_face,
    )


def visible(boxes: Boxes, side: int) -> Boxes:
    """Boxes with enough of them in the square; hardly visible or tiny ones are to be ignored."""
    if not len(boxes):
        return boxes
    size = boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]
    inside = np.clip(boxes.xyxy, 0, side)
    share = np.prod(inside[:, 2:] - inside[:, :2], axis=1) / np.maximum(np.prod(size, axis=1), 1e-6)
    center = (boxes.xyxy[:, :2] + boxes.xyxy[:, 2:]) / 2
    good = (
        (share >= MIN_VISIBLE)
        & (np.sqrt(np.prod(size, axis=1)) >= MIN_FACE_PX)
        & ((center > 0) & (center < side)).all(axis=1)
    )
    kept = share >= MIN_VISIBLE / 3
    return Boxes(boxes.xyxy[kept], boxes.landmark[kept], (boxes.is_face & good)[kept])


def random_turn(rng: Rng) -> float:
    """Mostly upright, a third somewhat turned, a fifth by quarters of a turn."""
    kind = rng.random()
    small = float(rng.normal(0, 12)) if rng.random() < 0.5 else 0.0
    if kind < 0.8:
        return small
    return float(rng.choice([90, 180, 270])) + small


def whole(picture: Picture, side: int, rng: Rng) -> Sample:
    """The whole picture, or most of it, at a scale around the square's side."""
    height, width = picture.rgb.shape[:2]
    scale = side / max(height, width) * math.exp(rng.uniform(-0.3, 0.7))
    turn = random_turn(rng)
    reach = max(side, scale * max(height, width))
    slack = (reach - side) / 2 + 0.1 * side
    target = side / 2 + rng.uniform(-slack, slack, 2)
    matrix = affine(scale, turn, rng.random() < 0.5, (width / 2, height / 2), tuple(target))
    border = cv2.BORDER_CONSTANT if rng.random() < 0.7 else cv2.BORDER_REPLICATE
    return Sample(
        warped(picture, matrix, side, border), visible(moved(picture.boxes, matrix), side)
    )


def around_face(picture: Picture, side: int, rng: Rng) -> Sample:
    """One of the faces at a size drawn evenly on a log scale, anywhere in the square."""
    rows = np.flatnonzero(picture.boxes.is_face)
    if not len(rows):
        return whole(picture, side, rng)
    box = picture.boxes.xyxy[rng.choice(rows)]
    face_px = math.sqrt(max(1.0, float(np.prod(box[2:] - box[:2]))))
    largest = min(1.15 * side, 4.0 * face_px)
    # A picture that is much smaller than the square would give its face away by its border.
    smallest = max(6.0, 0.6 * face_px * side / max(picture.rgb.shape[:2]))
    wanted = math.exp(rng.uniform(math.log(smallest), math.log(max(largest, smallest + 2))))
    center = tuple((box[:2] + box[2:]) / 2)
    # A large face may reach over the border by a third.
    room = max(0.0, side / 2 - wanted / 3)
    target = side / 2 + rng.uniform(-room, room, 2) + rng.uniform(-0.1, 0.1, 2) * min(wanted, side)
    matrix = affine(wanted / face_px, random_turn(rng), rng.random() < 0.5, center, tuple(target))
    border = cv2.BORDER_CONSTANT if rng.random() < 0.5 else cv2.BORDER_REPLICATE
    return Sample(
        warped(picture, matrix, side, border), visible(moved(picture.boxes, matrix), side)
    )


def mosaic(four: list[Picture], side: int, rng: Rng) -> Sample:
    """Four pictures around a random corner."""
    canvas = np.empty((side, side, 3), np.uint8)
    cut = rng.uniform(0.3, 0.7, 2) * side
    cx, cy = int(cut[0]), int(cut[1])
    parts: list[Boxes] = []
    for index, picture in enumerate(four):
        x0, x1 = (0, cx) if index % 2 == 0 else (cx, side)
        y0, y1 = (0, cy) if index < 2 else (cy, side)
        w, h = x1 - x0, y1 - y0
        tile = max(w, h)
        small = whole(picture, tile, rng) if rng.random() < 0.5 else around_face(picture, tile, rng)
        canvas[y0:y1, x0:x1] = small.rgb[:h, :w]
        boxes = small.boxes
        clipped = np.clip(boxes.xyxy, 0, np.array([w, h, w, h], np.float32))
        area = np.maximum(np.prod(boxes.xyxy[:, 2:] - boxes.xyxy[:, :2], axis=1), 1e-6)
        inside = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1) / area
        seen = inside >= MIN_VISIBLE / 3
        offset = np.array([x0, y0], np.float32)
        parts.append(
            Boxes(
                (boxes.xyxy + np.tile(offset, 2))[seen],
                (boxes.landmark + offset)[seen],
                (boxes.is_face & (inside >= MIN_VISIBLE))[seen],
            )
        )
    return Sample(canvas, concatenated(parts))


def with_pasted(sample: Sample, faces: list[Picture], rng: Rng, side: int) -> Sample:
    """Faces laid onto a picture with a soft oval around each."""
    rgb, boxes = sample.rgb, sample.boxes
    for face in faces:
        box = face.boxes.xyxy[0]
        face_px = math.sqrt(float(np.prod(box[2:] - box[:2])))
        wanted = math.exp(rng.uniform(math.log(7.0), math.log(0.8 * side)))
        target = rng.uniform(0.1 * side, 0.9 * side, 2)
        matrix = affine(
            wanted / face_px,
            random_turn(rng),
            rng.random() < 0.5,
            tuple((box[:2] + box[2:]) / 2),
            tuple(target),
        )
        put = moved(face.boxes, matrix)
        if (np.array(iou_inside(put.xyxy[0], boxes.xyxy)) > 0.15).any():
            continue  # would cover another face
        tight = 0.98 if face.name.startswith("affect7") else rng.uniform(1.0, 1.4)
        (x0, y0), (x1, y1) = box[:2], box[2:]
        mask = np.zeros(face.rgb.shape[:2], np.uint8)
        cv2.ellipse(
            mask,
            (int((x0 + x1) / 2), int((y0 + y1) / 2)),
            (int((x1 - x0) / 2 * tight), int((y1 - y0) / 2 * tight)),
            0,
            0,
            360,
            255,
            -1,
        )
        if face.name.startswith("affect7"):
            mask[face.rgb.max(axis=2) < 12] = 0
        layer = warped(face, matrix, side, cv2.BORDER_REPLICATE)
        soft = cv2.warpAffine(mask, matrix, (side, side), flags=cv2.INTER_LINEAR)
        width = max(0.6, wanted * rng.uniform(0.01, 0.05))
        alpha = cv2.GaussianBlur(soft, (0, 0), width)[:, :, None].astype(np.float32) / 255
        rgb = (rgb * (1 - alpha) + layer * alpha).astype(np.uint8)
        boxes = concatenated([boxes, visible(put, side)])
    return Sample(rgb, boxes)


def iou_inside(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of each other box (B, 4) that `box` (4,) covers."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = np.clip(high - low, 0, None).prod(axis=1)
    return both / np.maximum(np.prod(others[:, 2:] - others[:, :2], axis=1), 1e-6)


def covered(sample: Sample, rng: Rng, kind: str | None = None) -> Sample:
    """Some faces get a mask, dark glasses or another cover; with a `kind`, all get that one."""
    rgb = sample.rgb
    boxes = sample.boxes
    for row in np.flatnonzero(boxes.is_face):
        if kind is None and rng.random() > COVERED:
            continue
        points, box = boxes.landmark[row], boxes.xyxy[row]
        if not np.isfinite(points).all():
            continue
        rgb = rgb.copy()
        draw = rng.random()
        what = kind or ("mask" if draw < 0.45 else "glasses" if draw < 0.7 else "object")
        shade = rng.choice([rng.uniform(0, 60), rng.uniform(120, 255)])
        colour = tuple(float(v) for v in np.clip(shade + rng.normal(0, 20, 3), 0, 255))
        eyes, mouth = points[:2], points[3:]
        across = eyes[1] - eyes[0]
        down = mouth.mean(axis=0) - eyes.mean(axis=0)
        if what == "mask":
            top = points[2] - down * rng.uniform(0.0, 0.25)
            chin = mouth.mean(axis=0) + down * 0.55
            quad = [
                top - across * 0.9 + down * 0.1,
                top,
                top + across * 0.9 + down * 0.1,
                chin + across * 0.45,
                chin - across * 0.45,
            ]
            cv2.fillPoly(rgb, [np.array(quad, np.int32)], colour)
        elif what == "glasses":
            width = max(1, int(np.linalg.norm(across) * rng.uniform(0.35, 0.55)))
            a, b = eyes[0] - across * 0.25, eyes[1] + across * 0.25
            cv2.line(rgb, tuple(int(v) for v in a), tuple(int(v) for v in b), colour, width)
        else:
            place = box[:2] + rng.random(2) * (box[2:] - box[:2])
            axes = (box[2:] - box[:2]) * rng.uniform(0.1, 0.35, 2)
            skin = (rng.uniform(60, 230), rng.uniform(40, 180), rng.uniform(30, 150))
            cv2.ellipse(
                rgb,
                tuple(int(v) for v in place),
                tuple(max(1, int(v)) for v in axes),
                float(rng.uniform(0, 180)),
                0,
                360,
                skin if rng.random() < 0.5 else colour,
                -1,
            )
    return Sample(rgb, boxes)


LETTERS = np.array([*"ABCDEFGHIKLMNOPQRSTUVWXYZabcdefghiklmnopqrstuvwxyz0123456789&%?!:8"])


def with_graphics(sample: Sample, rng: Rng) -> Sample:
    """Letters, dots, rings and lines over an image: titles and drawings hold no faces.

    A mark that would cover a third of a face is left out.
    """
    rgb, side = sample.rgb.copy(), len(sample.rgb)

    def colour() -> tuple[float, float, float]:
        return tuple(float(v) for v in rng.uniform(0, 255, 3))  # pyright: ignore[reportReturnType]

    for _ in range(int(rng.integers(1, 7))):
        size = math.exp(rng.uniform(math.log(5), math.log(0.4 * side)))
        x, y = (float(v) for v in rng.uniform(0, side, 2))
        reach = np.array([x - size, y - size, x + 2 * size, y + size], np.float32)
        if (np.array(iou_inside(reach, sample.boxes.xyxy)) > 1 / 3).any():
            continue
        width = max(1, int(size * rng.uniform(0.05, 0.3)))
        kind, at = rng.random(), (int(x), int(y))
        if kind < 0.45:
            text = "".join(rng.choice(LETTERS, int(rng.integers(1, 9))))
            font = int(rng.integers(0, 8))
            if rng.random() < 0.5:
                outline = (rgb, text, at, font, size / 22, colour(), 2 * width, cv2.LINE_AA)
                cv2.putText(*outline)
            cv2.putText(rgb, text, at, font, size / 22, colour(), width, cv2.LINE_AA)
        elif kind < 0.8:
            axes = (max(1, int(size / 2)), max(1, int(size / 2 * rng.uniform(0.5, 1.5))))
            filled = -1 if rng.random() < 0.7 else width
            cv2.ellipse(rgb, at, axes, 0, 0, 360, colour(), filled, cv2.LINE_AA)
            for _ in range(int(rng.integers(0, 3))):
                spot = (int(x + rng.normal(0, size / 4)), int(y + rng.normal(0, size / 4)))
                cv2.circle(rgb, spot, max(1, int(size / 10)), colour(), -1, cv2.LINE_AA)
        else:
            end = (int(x + rng.normal(0, size)), int(y + rng.normal(0, size)))
            cv2.line(rgb, at, end, colour(), width, cv2.LINE_AA)
    return Sample(rgb, sample.boxes)


def photographed(rgb: NDArray[np.uint8], rng: Rng) -> NDArray[np.uint8]:
    """Light, colour, blur, noise and JPEG."""
    if rng.random() < 0.15:
        rgb = np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))
    curve = np.repeat(np.arange(256, dtype=np.float64)[:, None], 3, axis=1)
    if rng.random() < 0.6:
        curve = curve * rng.uniform(0.6, 1.4) + rng.uniform(-30, 30)
    if rng.random() < 0.3:
        curve = curve * rng.uniform(0.75, 1.25, 3)
    if rng.random() < 0.3:
        curve = 255 * (np.clip(curve, 0, 255) / 255) ** rng.uniform(0.5, 2.2)
    if rng.random() < 0.08:  # night
        curve = curve * rng.uniform(0.08, 0.35)
    out = cv2.LUT(rgb, np.clip(curve, 0, 255).astype(np.uint8)[None])
    if rng.random() < 0.15:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.2:
        noise = np.empty(out.shape, np.int16)
        cv2.setRNGSeed(int(rng.integers(2**31)))
        cv2.randn(noise, (0, 0, 0), (float(rng.uniform(2, 10)),) * 3)
        out = cv2.add(out, noise, dtype=cv2.CV_8U)
    if rng.random() < 0.2:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(20, 80))]
        out = cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_COLOR)
    return np.asarray(out, np.uint8)


@dataclass(frozen=True)
class Pool:
    """Everything samples are made of."""

    photographs: list[Picture]
    small: list[Picture]
    negatives: list[Picture]
    faces: list[Picture]

    def pick(self, pictures: list[Picture], rng: Rng) -> Picture:
        return pictures[int(rng.integers(len(pictures)))]

    def sample(self, side: int, rng: Rng) -> Sample:
        """One training picture (side, side)."""
        kind = rng.random()
        graphics = GRAPHICS
        if kind < 0.32:
            sample = whole(self.pick(self.photographs, rng), side, rng)
        elif kind < 0.48:
            sample = around_face(self.pick(self.photographs, rng), side, rng)
        elif kind < 0.60:
            sample = around_face(self.pick(self.small, rng), side, rng)
        elif kind < 0.69:
            pools = (self.small, self.photographs, self.negatives, self.faces)
            four = [
                self.pick(pools[int(rng.choice(4, p=(0.4, 0.3, 0.1, 0.2)))], rng) for _ in range(4)
            ]
            sample = mosaic(four, side, rng)
        elif kind < 0.73:
            sample = around_face(self.pick(self.faces, rng), side, rng)
        else:
            graphics = 4 * GRAPHICS
            sample = whole(self.pick(self.negatives, rng), side, rng)
            if rng.random() < 0.35:
                count = int(rng.integers(1, 4))
                sample = with_pasted(
                    sample, [self.pick(self.faces, rng) for _ in range(count)], rng, side
                )
        sample = covered(sample, rng)
        if rng.random() < graphics:
            sample = with_graphics(sample, rng)
        return Sample(photographed(sample.rgb, rng), sample.boxes)
