"""Packs and lessons joined into arrays that training and validation read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from training.face import packs
from training.face.action_units import ACTION_UNITS
from training.face.duplicates import without_near_duplicates
from training.face.folders import cache_dir
from training.face.landmarks import MESH_POINTS
from training.face.speaking import load_speaking
from training.face.teacher import blank_lesson, load_lesson

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZIP_OF = {
    "fer2013": "fer2013_train",
    "ferplus-publictest": "fer2013_val",
    "fer2013-publictest-raw": "fer2013_val",
    "colour": "affect7_train",
    "colour-tenth": "affect7_train",
    "scene": "scene_faces",
    "scene-tenth": "scene_faces",
    "cfee": "cfee_faces",
    "cfee-fifth": "cfee_faces",
}
TRAINING = ("fer2013", "colour", "scene", "cfee", "speaking")
VALIDATION = ("ferplus-publictest", "colour-tenth", "scene-tenth", "cfee-fifth")


@dataclass(frozen=True)
class Faces:
    """Faces with everything that is known of them.

    rgb: uint8 (N, 96, 96, 3). background: bool (N, 96, 96), True where the pack is masked.
    emotion: float32 (N, 7), NaN rows without a label. taught: bool (N,); where False the teacher
    found no face and the next three are NaN: action float32 (N, 52), landmark_xy float32
    (N, 73, 2) as shares of the stored square, pose_deg float32 (N, 3) pitch, yaw, roll.
    margin: float32 (N,), stored side over the side of a crop. au: float32 (N, 16), intensity 0-5,
    NaN rows where nobody coded them. pack: str (N,), the pack that each comes from.
    """

    rgb: NDArray[np.uint8]
    background: NDArray[np.bool_]
    emotion: NDArray[np.float32]
    taught: NDArray[np.bool_]
    action: NDArray[np.float32]
    landmark_xy: NDArray[np.float32]
    pose_deg: NDArray[np.float32]
    margin: NDArray[np.float32]
    au: NDArray[np.float32]
    pack: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.rgb)


def action_names() -> tuple[str, ...]:
    """The teacher's 52 blendshapes in the order of its output."""
    return tuple(str(name) for name in load_lesson("cfee_faces").action_name)


def with_lessons(pack: packs.Pack, background: NDArray[np.bool_]) -> Faces:
    """A pack joined with the teacher's labels."""
    if pack.name in ZIP_OF:
        lesson = load_lesson(ZIP_OF[pack.name]).of(pack.member)
    else:
        lesson = blank_lesson(pack.member)
    none = np.full((len(pack), len(ACTION_UNITS)), np.nan, np.float32)
    return Faces(
        rgb=pack.rgb,
        background=background,
        emotion=pack.target,
        taught=lesson.found,
        action=lesson.action,
        landmark_xy=lesson.points_in(pack.picture_xywh)[:, MESH_POINTS],
        pose_deg=lesson.pose_deg,
        margin=np.full(len(pack), pack.margin, np.float32),
        au=none if pack.au is None else pack.au,
        pack=np.full(len(pack), pack.name),
    )


def masked_background(pack: packs.Pack) -> NDArray[np.bool_]:
    """bool (N, 96, 96): where the images of the colour pack are masked black; False elsewhere."""
    if not pack.name.startswith("colour"):
        return np.zeros(pack.rgb.shape[:3], np.bool_)
    return np.stack([packs.black_background(picture) for picture in pack.rgb])


def concatenate(parts: list[Faces]) -> Faces:
    return Faces(
        *(np.concatenate([getattr(p, f) for p in parts]) for f in Faces.__dataclass_fields__)
    )


def _speaking() -> packs.Pack:
    faces = load_faces("cfee")
    return load_speaking(load_images("cfee")[0], faces.landmark_xy)


_LOADERS: dict[str, Callable[[], packs.Pack]] = {
    "fer2013": packs.load_fer2013_train,
    "colour": lambda: packs.load_colour()[0],
    "scene": lambda: packs.load_scene()[0],
    "cfee": lambda: packs.load_cfee()[0],
    "speaking": _speaking,
    "ferplus-publictest": packs.load_ferplus_validation,
    "colour-tenth": lambda: packs.load_colour()[1],
    "scene-tenth": lambda: packs.load_scene()[1],
    "cfee-fifth": lambda: packs.load_cfee()[1],
}


def load_images(name: str) -> tuple[packs.Pack, NDArray[np.bool_]]:
    """One of TRAINING or VALIDATION and where its images are masked; cached.

    Training faces that are near copies of validation faces are left out.
    """
    path = cache_dir() / f"images_{name}.pt"
    if not path.is_file():
        pack = _LOADERS[name]()
        # Speaking faces are made of CFEE's training people and of clips: nothing is near them.
        for held in VALIDATION if name in TRAINING[:-1] else ():
            pack = without_near_duplicates(pack, _LOADERS[held]())
        torch.save((pack, masked_background(pack)), path, pickle_protocol=4)
    return torch.load(path, weights_only=False)


def training_faces(names: tuple[str, ...]) -> Faces:
    """Faces of several of TRAINING; images stay on disk and are read as they are drawn."""
    count = sum(len(load_labels(name)) for name in names)
    paths = [cache_dir() / f"{kind}_{'-'.join(names)}.npy" for kind in ("rgb", "background")]
    if not all(path.is_file() for path in paths):
        shape = (count, packs.STORED_PX, packs.STORED_PX)
        rgb = np.lib.format.open_memmap(paths[0], "w+", np.uint8, (*shape, 3))
        background = np.lib.format.open_memmap(paths[1], "w+", np.bool_, shape)
        first = 0
        for name in names:
            pack, masked = load_images(name)
            rgb[first : first + len(pack)] = pack.rgb
            background[first : first + len(pack)] = masked
            first += len(pack)
        rgb.flush()
        background.flush()
    parts = [_joined(name, load_labels(name)) for name in names]
    rgb, background = (np.load(path, mmap_mode="c") for path in paths)
    return replace(concatenate(parts), rgb=rgb, background=background)


def load_labels(name: str) -> packs.Pack:
    """One of TRAINING without its images; cached, so that it is quick."""
    path = cache_dir() / f"labels_{name}.pt"
    if not path.is_file():
        pack = load_images(name)[0]
        none = np.zeros((len(pack), 0), np.uint8)
        torch.save(replace(pack, rgb=none), path, pickle_protocol=4)
    return torch.load(path, weights_only=False)


def load_faces(name: str) -> Faces:
    """Faces of one of TRAINING or VALIDATION with the lessons that there are by now.

    Where the teacher has not been asked yet, labels of `training.face.shipped` stand in for it.
    """
    return _joined(name, *load_images(name))


def _joined(name: str, pack: packs.Pack, background: NDArray[np.bool_] | None = None) -> Faces:
    none = np.zeros((len(pack), 0), np.bool_)
    faces = with_lessons(pack, none if background is None else background)
    path = cache_dir() / f"shipped_{name}.npz"
    if name in TRAINING and path.is_file():
        with np.load(path) as file:
            new = ~faces.taught[file["row"]]
            rows = file["row"][new]
            faces.taught[rows] = True
            faces.action[rows] = file["action"][new]
            faces.landmark_xy[rows] = file["landmark_xy"][new]
            faces.pose_deg[rows] = file["pose_deg"][new]
    return faces


def load_validation(most: int | None = None) -> list[tuple[str, Faces]]:
    """What models are selected and calibrated on; never trained on.

    Args:
        most: number of faces of each set, chosen by seed 0; None for all.
    """
    return [(name, some(load_faces(name), most)) for name in VALIDATION]


def some(faces: Faces, most: int | None) -> Faces:
    """At most that many random faces, in their order."""
    if most is None or len(faces) <= most:
        return faces
    rows = np.sort(np.random.default_rng(0).permutation(len(faces))[:most])
    return Faces(*(getattr(faces, field)[rows] for field in Faces.__dataclass_fields__))
