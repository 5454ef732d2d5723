"""What is painted into a picture, and what is made unrecognisable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.report.overlay.hiding import CELLS, pixelate
from evolvisense.report.overlay.painting import COLOURS, CONTOURS, INK, Painter, colour_of
from evolvisense.report.overlay.positions import FacePlacement
from tests.factory.faces import face_layout

MESH = face_layout().mesh_points
WHITE = 255


def blank(width: int = 640, height: int = 480) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def place(person: int, *box: float, texts: tuple[str, ...] = ("happy 80 %",)) -> FacePlacement:
    return FacePlacement(person, np.array(box, np.float32), None, texts)


def painted_of(rgb: np.ndarray, person: int) -> np.ndarray:
    """Where the very colour of a person is."""
    return (rgb == colour_of(person)).all(axis=2)


def test_a_box_is_drawn_around_the_face_and_a_label_beside_it() -> None:
    rgb = blank()
    Painter((640, 480), MESH).paint(rgb, [place(1, 200, 200, 300, 320)])
    mine = painted_of(rgb, 1)
    assert mine[200, 220:280].all()
    assert mine[240:280, 300].all()
    assert not (rgb[210:310, 210:290] != 128).any()
    assert mine[150:195, 200:300].mean() > 0.3


def test_labels_of_several_people_cover_no_face() -> None:
    people = [place(n + 1, 20 + 90 * n, 200, 80 + 90 * n, 270) for n in range(6)]
    rgb = blank()
    Painter((640, 480), MESH).paint(rgb, people)
    for somebody in people:
        # A face is never painted over.
        left, top, right, bottom = (somebody.box + np.array((6, 6, -6, -6))).astype(int)
        assert (rgb[top:bottom, left:right] == 128).all()
    assert len({colour_of(n) for n in range(1, 7)}) == 6
    assert all(painted_of(rgb, n).sum() > 400 for n in range(1, 7))
    assert colour_of(7) == colour_of(1)


def test_a_label_without_room_becomes_shorter() -> None:
    long = ("cannot tell: no expression stands out", "cannot tell")
    wide, narrow = blank(640, 480), blank(150, 480)
    Painter((640, 480), MESH).paint(wide, [place(1, 40, 200, 110, 270, texts=long)])
    Painter((150, 480), MESH).paint(narrow, [place(1, 40, 200, 110, 270, texts=long)])

    def label_width(rgb: np.ndarray) -> int:
        columns = np.flatnonzero(painted_of(rgb, 1)[:194].any(axis=0))
        return int(columns.max() - columns.min())

    assert label_width(wide) > 250
    assert label_width(narrow) < 130


@given(
    st.lists(
        st.tuples(*[st.floats(-300, 900)] * 2, *[st.floats(0, 700)] * 2), min_size=1, max_size=9
    ),
    st.sampled_from([(640, 480), (64, 48), (2, 2), (480, 1920)]),
)
def test_any_box_can_be_painted(
    boxes: list[tuple[float, float, float, float]], size_wh: tuple[int, int]
) -> None:
    rgb = blank(*size_wh)
    faces = [place(n, x, y, x + w, y + h) for n, (x, y, w, h) in enumerate(boxes, start=1)]
    Painter(size_wh, MESH).paint(rgb, faces)
    for face in faces:
        pixelate(rgb, face.box)


def test_landmarks_are_drawn_along_the_face() -> None:
    box = np.array((200, 150, 400, 390), np.float32)
    points = box[:2] + face_layout().mean_shape_xy * (box[2:] - box[:2])
    with_points = FacePlacement(1, box, points.astype(np.float32), ())
    rgb = blank()
    Painter((640, 480), MESH).paint(rgb, [with_points])
    for x, y in points.round().astype(int):
        near = rgb[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]
        assert (near == colour_of(1)).all(axis=2).any()


def test_contours_name_points_of_the_network() -> None:
    named = {point for _, line in CONTOURS for point in line}
    assert named <= set(MESH)
    # The rest are the irises, which are points.
    assert set(MESH) - named == {468, 473}


def test_points_of_another_mesh_are_drawn_without_lines() -> None:
    points = np.array([[250, 200], [300, 260]], np.float32)
    rgb = blank()
    Painter((640, 480), (1, 5)).paint(
        rgb, [FacePlacement(1, np.array((200, 150, 400, 390), np.float32), points, ())]
    )
    assert painted_of(rgb, 1)[200, 250]
    assert (rgb[225:235, 265:285] == 128).all()


@pytest.mark.parametrize("colour", COLOURS)
def test_text_stands_out_from_every_colour(colour: tuple[int, int, int]) -> None:
    light, dark = (luminance(c) for c in (colour, INK))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance, WCAG 2.2."""
    share = np.array(colour) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def test_what_is_hidden_holds_a_few_colours_and_nothing_else_changes(
    rng: np.random.Generator,
) -> None:
    before = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    rgb = before.copy()
    pixelate(rgb, np.array((100.0, 100.0, 220.0, 260.0), np.float32))
    hidden = rgb[100:260, 100:220].reshape(-1, 3)
    assert len(np.unique(hidden, axis=0)) <= CELLS * 8
    rgb[100:260, 100:220] = before[100:260, 100:220]
    assert (rgb == before).all()


def test_a_picture_can_be_hidden_as_a_whole(rng: np.random.Generator) -> None:
    rgb = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    pixelate(rgb)
    assert len(np.unique(rgb.reshape(-1, 3), axis=0)) <= 8 * 11


def test_a_box_outside_of_the_picture_hides_nothing() -> None:
    rgb = blank()
    rgb[0, 0] = WHITE
    before = rgb.copy()
    pixelate(rgb, np.array((-50, -50, -10, -10), np.float32))
    assert (rgb == before).all()
