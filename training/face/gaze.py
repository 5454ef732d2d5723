"""Could gaze be told from the eyeLook blendshapes? `python -m training.face.gaze` prints figures.

Reference: the place of the teacher's iris between the corners of the eye, in the frame of the
head. On every tenth scene face with open eyes; the teacher is MediaPipe FaceLandmarker.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from evolvisense.face import CROP_MARGIN, crop_face, crop_region_of_box
from evolvisense.face.network import FaceReader
from training.face import packs
from training.face.folders import data_dir

EYES = ((33, 133, 468), (362, 263, 473))
"""Corners and iris of the right and the left eye in the face mesh."""
ENLARGEMENT, EDGE_PX = 4, 120
IRIS_RADIUS = 0.36
"""Distance of the iris from the centre of the eyeball, in widths between the corners: about 10.5
of 29 mm."""
OPEN = 0.5


def main() -> None:
    from mediapipe.tasks import python as tasks
    from mediapipe.tasks.python import vision

    options = vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(
            model_asset_path=str(data_dir() / "models" / "face_landmarker.task")
        ),
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    reader = FaceReader()
    names = reader.layout.actions
    archive, members = packs.members("scene_faces")
    boxes = packs.scene_boxes()
    iris, taught, ours = [], [], []
    with vision.FaceLandmarker.create_from_options(options) as teacher:
        for member in members[::10]:
            rgb = packs.decode(archive.read(member))
            answer = _teach(teacher, rgb)
            if answer is None:
                continue
            region = crop_region_of_box(boxes[member].astype(np.float32), CROP_MARGIN)
            crop = crop_face(rgb, region, reader.input_px)
            iris.append(answer[0])
            taught.append(answer[1])
            ours.append(reader.read_crops(crop[None]).action[0])
    report(np.array(iris), np.array(taught), np.array(ours), names)


def report(
    iris: NDArray[np.float64],
    taught: NDArray[np.float64],
    ours: NDArray[np.float64],
    names: Sequence[str],
) -> None:
    """iris: (N, 2) mean of both eyes, in widths; taught and ours: (N, 52) blendshapes."""
    closed = (taught[:, names.index("eyeBlinkLeft")] + taught[:, names.index("eyeBlinkRight")]) / 2
    is_open = closed < 1 - OPEN
    print(f"{is_open.sum()} faces with open eyes of {len(iris)}")
    for axis, what in enumerate(("horizontal", "vertical")):
        place = iris[is_open, axis]
        by_teacher, by_us = (_look(a[is_open], names, axis) for a in (taught, ours))
        degrees = np.degrees(np.arcsin(np.clip((place - np.median(place)) / IRIS_RADIUS, -1, 1)))
        # Fitted on one half, measured on the other.
        fit = np.polyfit(by_us[::2], degrees[::2], 1)
        error = np.abs(np.polyval(fit, by_us) - degrees)[1::2]
        print(
            f"{what}: r of our blendshapes with the teacher's {_r(by_us, by_teacher):.2f}, with "
            f"the iris {_r(by_us, place):.2f} (the teacher's {_r(by_teacher, place):.2f}); "
            f"median error {np.median(error):.1f} degrees, "
            f"{np.median(np.abs(degrees[1::2])):.1f} without looking"
        )


def _teach(
    teacher, rgb: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Place of the iris (2,), right and up +, and blendshapes (52,)."""
    import mediapipe

    big = cv2.resize(rgb, None, fx=ENLARGEMENT, fy=ENLARGEMENT, interpolation=cv2.INTER_CUBIC)
    big = cv2.copyMakeBorder(big, *(EDGE_PX,) * 4, cv2.BORDER_CONSTANT, value=(127, 127, 127))
    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(big))
    answer = teacher.detect(image)
    if not answer.face_landmarks:
        return None
    height, width = big.shape[:2]
    scale = np.array([width, -height, -width])
    points = np.array([(p.x, p.y, p.z) for p in answer.face_landmarks[0]]) * scale
    turn = np.array(answer.facial_transformation_matrixes[0])[:3, :3]
    points = points @ (turn / np.linalg.norm(turn, axis=0))
    places = []
    for one, other, iris in EYES:
        eye_width = np.linalg.norm((points[other] - points[one])[:2])
        places.append((points[iris] - (points[one] + points[other]) / 2)[:2] / eye_width)
    return np.mean(places, axis=0), np.array([s.score for s in answer.face_blendshapes[0]])


def _look(action: NDArray[np.float64], names: Sequence[str], axis: int) -> NDArray[np.float64]:
    """(N,) right (horizontal) or up (vertical) minus the contrary, mean of both eyes."""
    pairs = (
        (("OutLeft", "InRight"), ("InLeft", "OutRight")),
        (("UpLeft", "UpRight"), ("DownLeft", "DownRight")),
    )[axis]
    more, less = (sum(action[:, names.index(f"eyeLook{n}")] for n in group) for group in pairs)
    return (more - less).astype(np.float64) / 2


def _r(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


if __name__ == "__main__":
    main()
