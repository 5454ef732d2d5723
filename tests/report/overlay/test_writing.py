"""Overlays of painted films, and of a real face that nobody finds afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer
from evolvisense.errors import CancelledError
from evolvisense.report.overlay import write_overlay
from evolvisense.report.overlay.painting import colour_of
from evolvisense.report.overlay.writing import overlay_size
from evolvisense.types.progress import Progress
from tests.factory.faces import Painted
from tests.factory.media import Film, Sound, astronaut, vowel
from tests.factory.overlays import painted_film, painted_report, read

FACE = Painted(160, 120, emotion="happy")


def test_every_picture_keeps_its_time(tmp_path: Path) -> None:
    times_s = [0.0, 0.04, 0.2, 0.21, 0.5, 1.4]
    scenes = [(time_s, [FACE]) for time_s in times_s]
    film = painted_film(tmp_path / "film.webm", scenes)
    write_overlay(film, painted_report(scenes), tmp_path / "o.mp4", blur_faces=False)
    found = read(tmp_path / "o.mp4")
    assert found.times_s == pytest.approx(times_s, abs=1e-3)
    assert found.codecs == ["h264"]
    assert found.metadata["title"] == "EvolviSense overlay"
    # The smaller side of small pictures becomes 480: box and label are painted in every one.
    assert found.size_wh == (640, 480)
    for rgb in found.pictures:
        near = np.abs(rgb.astype(int) - colour_of(1)).max(axis=2) < 40
        assert near.sum() > 1000


def test_sound_stays_in_step_with_the_pictures(tmp_path: Path) -> None:
    # A second of silence, then a tone; pictures begin with the sound.
    sound = np.concatenate([np.zeros(48_000, np.float32), vowel(1.0)])
    scenes = [(n / 10, [FACE]) for n in range(20)]
    film = painted_film(tmp_path / "film.webm", scenes, sound=Sound(sound[None]))
    write_overlay(film, painted_report(scenes), tmp_path / "o.mp4", blur_faces=False)
    found = read(tmp_path / "o.mp4")
    assert sorted(found.codecs) == ["aac", "h264"]
    loud = np.flatnonzero(np.abs(found.sound) > 0.05) / found.sound_rate_hz
    assert loud[0] == pytest.approx(1.0, abs=0.06)
    assert loud[-1] == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize(
    ("size_wh", "rotation_deg", "overlay_wh"),
    [
        ((321, 241), None, (640, 480)),
        ((320, 240), 90, (480, 640)),
        ((2600, 400), None, (1920, 296)),
    ],
)
def test_odd_rotated_and_huge_pictures(
    tmp_path: Path,
    size_wh: tuple[int, int],
    rotation_deg: int | None,
    overlay_wh: tuple[int, int],
) -> None:
    frames = [np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)] * 3
    film = Film(frames=frames, codec="libvpx" if rotation_deg is None else "libx264")
    film.rotation_deg = rotation_deg
    path = film.write(tmp_path / ("film.webm" if rotation_deg is None else "film.mp4"))
    report = painted_report([(n / 25, []) for n in range(3)])
    write_overlay(path, report, tmp_path / "o.mp4", blur_faces=True)
    assert read(tmp_path / "o.mp4").size_wh == overlay_wh


def test_pixels_that_are_not_square_become_square() -> None:
    assert overlay_size(1024, 576) == (1024, 576)
    assert overlay_size(1000, 2000) == (960, 1920)


@pytest.fixture(scope="module")
def walking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who walks from the left to the right in 2 s at 25 pictures a second."""
    scenes = [(n / 25, [Painted(60 + 4 * n, 120)]) for n in range(50)]
    return painted_film(tmp_path_factory.mktemp("films") / "walking.webm", scenes)


def walk(frame_skip: int) -> list[tuple[float, list[Painted]]]:
    """The pictures of it that are analysed."""
    numbers = range(frame_skip - 1, 50, frame_skip)
    return [(n / 25, [Painted(60 + 4 * n, 120)]) for n in numbers]


def test_a_box_follows_a_face_through_pictures_that_were_not_analysed(
    walking: Path, tmp_path: Path
) -> None:
    write_overlay(walking, painted_report(walk(5)), tmp_path / "o.mp4", blur_faces=False)
    found = read(tmp_path / "o.mp4")
    assert len(found.pictures) == 50
    for number in (4, 6, 7, 9, 20, 33, 44):
        rgb = found.pictures[number].astype(int)
        mine = np.abs(rgb - colour_of(1)).max(axis=2) < 60
        columns = np.flatnonzero(mine[220:260].mean(axis=0) > 0.5)
        assert columns.mean() == pytest.approx(2 * (60 + 4 * number), abs=6)


def test_a_hidden_face_stays_hidden_in_pictures_that_were_not_analysed(
    walking: Path, tmp_path: Path
) -> None:
    write_overlay(walking, painted_report(walk(10)), tmp_path / "o.mp4", blur_faces=True)
    # The marker of a face is bright red on black: as a few cells it is neither.
    for rgb in read(tmp_path / "o.mp4").pictures:
        assert ((rgb[:, :, 0] > 200) & (rgb[:, :, 2] < 100)).sum() < 30


def test_what_was_not_analysed_is_hidden_as_a_whole(tmp_path: Path, rng) -> None:
    noise = [rng.integers(0, 256, (96, 128, 3), dtype=np.uint8) for _ in range(50)]
    film = Film(frames=noise).write(tmp_path / "film.webm")
    report = painted_report([(0.0, []), (0.04, [])])
    write_overlay(film, report, tmp_path / "o.mp4", blur_faces=True)
    steps = [
        np.abs(np.diff(rgb.astype(int), axis=1)).mean() for rgb in read(tmp_path / "o.mp4").pictures
    ]
    assert min(steps[:25]) > 3 * max(steps[27:])


def test_nobody_is_found_in_an_overlay_with_hidden_faces(
    analyzer: Analyzer, tmp_path: Path
) -> None:
    film = Film(frames=[astronaut()] * 10).write(tmp_path / "film.webm")
    report = analyzer.analyze(film, AnalysisOptions(voice=False, landmarks=True))
    assert report.people
    for blur_faces, found in ((False, True), (True, False)):
        write_overlay(film, report, tmp_path / "o.mp4", blur_faces=blur_faces, landmarks=False)
        again = analyzer.analyze(tmp_path / "o.mp4", AnalysisOptions(voice=False))
        assert bool(again.people) is found


def test_landmarks_are_not_drawn_over_hidden_faces(tmp_path: Path) -> None:
    scenes = [(0.0, [FACE]), (0.04, [FACE])]
    film = painted_film(tmp_path / "film.webm", scenes)
    for landmarks in (True, False):
        report = painted_report(scenes, landmarks=landmarks)
        target = tmp_path / f"{landmarks}.mp4"
        write_overlay(film, report, target, blur_faces=True)
    assert (tmp_path / "True.mp4").read_bytes() == (tmp_path / "False.mp4").read_bytes()


def test_a_file_that_is_cut_off_is_written_as_far_as_it_goes(
    truncated_video: Path, tmp_path: Path, analyzer: Analyzer
) -> None:
    report = analyzer.analyze(truncated_video, AnalysisOptions(voice=False, frame_skip=5))
    write_overlay(truncated_video, report, tmp_path / "o.mp4", blur_faces=True)
    assert len(read(tmp_path / "o.mp4").pictures) >= 5 * len(report.frames.number)


def test_progress_is_told_in_media_time(tmp_path: Path) -> None:
    scenes = [(n / 10, [FACE]) for n in range(10)]
    film = painted_film(tmp_path / "film.webm", scenes)
    said: list[Progress] = []
    write_overlay(
        film, painted_report(scenes), tmp_path / "o.mp4", blur_faces=False, on_progress=said.append
    )
    assert {p.stage for p in said} == {"overlay"}
    assert [p.done_s for p in said] == pytest.approx([t for t, _ in scenes], abs=1e-3)
    assert said[0].total_s == pytest.approx(0.9)


def test_nothing_is_left_of_an_overlay_that_was_broken_off(tmp_path: Path) -> None:
    scenes = [(n / 10, [FACE]) for n in range(10)]
    film = painted_film(tmp_path / "film.webm", scenes)
    asked: list[bool] = []

    def after_three() -> bool:
        asked.append(True)
        return len(asked) > 3

    with pytest.raises(CancelledError):
        write_overlay(
            film,
            painted_report(scenes),
            tmp_path / "o.mp4",
            blur_faces=False,
            is_cancelled=after_three,
        )
    assert list(tmp_path.iterdir()) == [film]


def test_nothing_is_left_where_the_disk_does_not_take_it(tmp_path: Path) -> None:
    scenes = [(0.0, [FACE])]
    film = painted_film(tmp_path / "film.webm", scenes)
    with pytest.raises(OSError, match="No such file"):
        write_overlay(
            film, painted_report(scenes), tmp_path / "nowhere" / "o.mp4", blur_faces=False
        )
    assert list(tmp_path.iterdir()) == [film]
