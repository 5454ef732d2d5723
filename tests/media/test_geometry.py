"""Display geometry: whole display matrices, square pixels, one size for a stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evolvisense.media import decode_video, probe
from evolvisense.media.geometry import Orientation, letterboxed, orientation_of_matrix, square_size
from tests.factory.media import Film, plain
from tests.factory.odd_media import Matrix, with_matrix

MATRICES: dict[Matrix, Orientation] = {
    (1, 0, 0, 1): Orientation(0),
    (0, 1, -1, 0): Orientation(90),
    (-1, 0, 0, -1): Orientation(180),
    (0, -1, 1, 0): Orientation(270),
    (-1, 0, 0, 1): Orientation(0, mirrored=True),
    (1, 0, 0, -1): Orientation(180, mirrored=True),
    (0, 1, 1, 0): Orientation(270, mirrored=True),
    (0, -1, -1, 0): Orientation(90, mirrored=True),
    # Neither a turn nor a flip: shear, 45 degrees, nothing at all, two equal axes.
    (1, 0.5, 0, 1): Orientation(),
    (0.7071, 0.7071, -0.7071, 0.7071): Orientation(),
    (0, 0, 0, 0): Orientation(),
    (1, 0, 1, 0): Orientation(),
    # Scaled alike and apart.
    (0.5, 0, 0, 0.5): Orientation(),
    (0, 2, -1, 0): Orientation(90),
}


def marked() -> np.ndarray:
    """A frame of 160 x 120, dark, bright in the stored top left corner."""
    rgb = np.zeros((120, 160, 3), np.uint8)
    rgb[:40, :40] = 255
    return rgb


def shown_at(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """Where a point of the stored frame is shown, from the corner of what is shown."""
    a, b, c, d = matrix
    corners = np.array([[0, 0], [160, 0], [0, 120], [160, 120]]) @ [[a, b], [c, d]]
    place = np.array([x, y]) @ [[a, b], [c, d]] - corners.min(axis=0)
    return float(place[0]), float(place[1])


@pytest.mark.parametrize(("matrix", "wanted"), MATRICES.items())
def test_display_matrices(matrix: Matrix, wanted: Orientation) -> None:
    a, b, c, d = (round(65536 * value) for value in matrix)
    assert orientation_of_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30)) == wanted


@pytest.mark.parametrize("matrix", list(MATRICES)[:8])
def test_frames_are_shown_as_the_matrix_says(tmp_path: Path, matrix: Matrix) -> None:
    path = Film([marked()] * 3, codec="libx264").write(tmp_path / "stored.mp4")
    turned = with_matrix(path, matrix, tmp_path / "shown.mp4")
    rgb, info = next(decode_video(turned)).rgb, probe(turned).video
    assert (info.width_px, info.height_px) == (rgb.shape[1], rgb.shape[0])
    assert (info.rotation_deg, info.mirrored) == (
        MATRICES[matrix].turn_deg,
        MATRICES[matrix].mirrored,
    )
    x, y = shown_at(matrix, 20, 20)
    assert rgb[round(y), round(x)].mean() > 200
    assert rgb.mean() < 60


def test_a_rotate_tag_counts_where_there_is_no_matrix(tmp_path: Path) -> None:
    path = tmp_path / "tag.mkv"
    Film([marked()] * 3, codec="libx264", tags={"rotate": "90"}).write(path)
    info = probe(path).video
    assert (info.width_px, info.height_px, info.rotation_deg) == (120, 160, 90)
    assert next(decode_video(path)).rgb[20, -20].mean() > 200


@pytest.mark.parametrize(
    ("aspect", "anticlockwise", "size_wh", "upright_aspect"),
    [
        ((4, 3), None, (213, 120), 4 / 3),
        ((1, 2), None, (160, 240), 0.5),
        ((4, 3), 90, (120, 213), 3 / 4),
        ((1000, 1001), None, (160, 120), 1.0),
        ((50, 1), None, (160, 120), 1.0),
    ],
)
def test_pixels_are_made_square(
    tmp_path: Path,
    aspect: tuple[int, int],
    anticlockwise: int | None,
    size_wh: tuple[int, int],
    upright_aspect: float,
) -> None:
    film = Film([marked()] * 3, codec="libx264", pixel_aspect=aspect, rotation_deg=anticlockwise)
    path = film.write(tmp_path / "wide.mp4")
    rgb, info = next(decode_video(path)).rgb, probe(path).video
    assert rgb.shape == (size_wh[1], size_wh[0], 3)
    assert (info.width_px, info.height_px) == size_wh
    assert info.pixel_aspect == pytest.approx(upright_aspect)
    assert rgb.mean() < 60


def test_square_frames_stay_within_the_pixel_limit() -> None:
    assert square_size(720, 576, 64 / 45, 10**7) == (1024, 576)
    assert square_size(720, 576, 64 / 45, 720 * 576) == (720, 405)
    assert square_size(1, 1000, 4.0, 10**7) == (4, 1000)
    assert square_size(1, 1, 0.25, 10**7) == (1, 4)


def test_a_stream_keeps_the_size_of_its_first_frame(tmp_path: Path) -> None:
    """As MediaRecorder writes it: VP8 whose key frames change their size."""
    films = [
        Film([np.full((h, w, 3), 200, np.uint8)] * 5).write(tmp_path / f"{w}.webm")
        for w, h in ((160, 120), (320, 240), (120, 240))
    ]
    path = Film.joined(films, tmp_path / "sizes.webm")
    frames = list(decode_video(path))
    assert len(frames) == 15
    assert {frame.rgb.shape for frame in frames} == {(120, 160, 3)}
    assert frames[7].rgb.mean() == pytest.approx(200, abs=6)
    tall = frames[12].rgb
    assert tall[:, 80].mean() == pytest.approx(200, abs=6), "scaled to the whole height"
    assert tall[:, :40].mean() < 10, "black beside it"


def test_a_frame_is_centred_and_keeps_its_proportions() -> None:
    boxed = letterboxed(plain((100, 50), 255), (100, 100))
    assert boxed.shape == (100, 100, 3)
    assert boxed[25:75].mean() == 255
    assert boxed[:25].max() == boxed[75:].max() == 0
    assert letterboxed(plain((1, 400)), (100, 50)).shape == (50, 100, 3)
