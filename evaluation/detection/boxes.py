"""Images of a folder and the face boxes that were drawn in them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

import numpy as np

from evaluation.errors import EvaluationError
from evaluation.folders import SUFFIXES
from evolvisense.types.arrays import F32


@dataclass(frozen=True)
class LabelledImage:
    """One image file and its drawn boxes."""

    path: Path
    name: str
    """Relative to the folder, with slashes."""
    xyxy: F32
    """float32 (G, 4): left, top, right, bottom in pixels of the file; (0, 4) without a face."""


@dataclass(frozen=True)
class LabelledFolder:
    """What a folder and its file of boxes have in common."""

    images: tuple[LabelledImage, ...]
    """By name."""
    unlisted: tuple[str, ...]
    """Images of the folder that the file of boxes does not name: nobody looked for faces there."""
    missing: tuple[str, ...]
    """Names in the file of boxes without an image in the folder."""


def read_folder(folder: Path, boxes: Path) -> LabelledFolder:
    """Join the images under `folder` with the boxes of a JSON file.

    Args:
        folder: searched with its subfolders.
        boxes: a JSON object; keys are file names without suffix, alone or with their path below
            the folder; values are lists of [x0, y0, x1, y1] in pixels, empty without a face.

    Raises:
        EvaluationError: a path does not exist, the file has another form, or no image is named.
    """
    drawn = _read_boxes(boxes)
    if not folder.is_dir():
        raise EvaluationError(f"there is no folder {folder}")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    keys = _keys(folder, files, drawn)
    images: list[LabelledImage] = []
    unlisted: list[str] = []
    for path in files:
        name = path.relative_to(folder).as_posix()
        key = keys.get(path)
        if key is None:
            unlisted.append(name)
        else:
            images.append(LabelledImage(path, name, drawn[key]))
    if not images:
        raise EvaluationError(
            f"none of the {len(files)} images under {folder} is named in {boxes}: its keys are "
            "file names without suffix"
        )
    missing = tuple(sorted(set(drawn) - set(keys.values())))
    return LabelledFolder(tuple(images), tuple(unlisted), missing)


def _keys(folder: Path, files: list[Path], drawn: Mapping[str, F32]) -> dict[Path, str]:
    """The key of each file that has one: its path without suffix, else its name without suffix."""
    keys: dict[Path, str] = {}
    owner: dict[str, Path] = {}
    for path in files:
        stem = PurePosixPath(path.relative_to(folder).as_posix()).with_suffix("")
        key = next((k for k in (str(stem), stem.name) if k in drawn), None)
        if key is None:
            continue
        if key in owner:
            raise EvaluationError(
                f"two images are called '{key}': {owner[key]} and {path}; name them in the file "
                "of boxes with their path below the folder"
            )
        owner[key] = path
        keys[path] = key
    return keys


def _read_boxes(path: Path) -> dict[str, F32]:
    try:
        content: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise EvaluationError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise EvaluationError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise EvaluationError(f"{path}: expected an object of lists of boxes")
    items = cast("dict[str, Any]", content)
    return {name: _boxes(path, name, rows) for name, rows in items.items()}


def _boxes(path: Path, name: str, rows: Any) -> F32:
    try:
        xyxy = np.array([[float(v) for v in row] for row in rows], np.float32).reshape(-1, 4)
    except (TypeError, ValueError) as error:
        raise EvaluationError(
            f"{path}: '{name}' is not a list of boxes [x0, y0, x1, y1]: {str(rows)[:80]}"
        ) from error
    for box in xyxy:
        if not all(map(math.isfinite, box)) or box[2] <= box[0] or box[3] <= box[1]:
            raise EvaluationError(
                f"{path}: '{name}' has the box {box.tolist()}: expected x0 < x1 and y0 < y1"
            )
    return xyxy
