"""What is found in folders and zip files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from evaluation.errors import EvaluationError
from evaluation.folders import PictureFolder, open_folder
from evolvisense.types.scores import EMOTIONS
from tests.evaluation.conftest import plain, write, zipped


def listed(folder: PictureFolder) -> dict[str, str]:
    return {picture.path: EMOTIONS[picture.label] for picture in folder.pictures}


def test_deeper_pictures_have_the_class_of_the_first_folder(face_folder: Path) -> None:
    with open_folder(face_folder) as folder:
        assert listed(folder) == {
            "Happy/colour.jpg": "happy",
            "Happy/subject/grey.PNG": "happy",
            "sadness/mirrored.bmp": "sad",
        }
        assert folder.unknown_classes == {"4": 1, "contempt": 1}


def test_a_zip_file_is_read_like_its_folder(face_folder: Path, tmp_path: Path) -> None:
    packed = zipped(face_folder, tmp_path / "faces.zip")
    with open_folder(face_folder) as folder, open_folder(packed) as archive:
        assert archive.pictures == folder.pictures
        assert archive.unknown_classes == folder.unknown_classes
        for picture in folder.pictures:
            assert archive.read(picture.path) == folder.read(picture.path)


def test_what_is_no_picture_of_a_class_is_counted(plain_folder: Path) -> None:
    write(plain_folder / "cover.png", plain("happy"))
    (plain_folder / "labels.csv").touch()
    (plain_folder / "happy" / "notes.txt").touch()
    (plain_folder / "happy" / ".DS_Store").touch()
    (plain_folder / "happy" / "._S01_happy.png").touch()
    with open_folder(plain_folder) as folder:
        assert len(folder.pictures) == 14
        assert folder.without_class == 1
        assert folder.other_files == 2


def test_resource_forks_in_a_zip_file_are_no_class(tmp_path: Path) -> None:
    path = tmp_path / "mac.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("happy/a.png", b"")
        archive.writestr("__MACOSX/happy/a.png", b"")
    with open_folder(path) as folder:
        assert listed(folder) == {"happy/a.png": "happy"}
        assert folder.unknown_classes == {}


def test_links_are_followed_but_not_in_circles(plain_folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere / "deep" / "a.png", plain("fear"))
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "fear").symlink_to(elsewhere)
    (linked / "happy").symlink_to(plain_folder / "happy")
    (elsewhere / "deep" / "up").symlink_to(elsewhere)
    (elsewhere / "deep" / "root").symlink_to(linked)
    with open_folder(linked) as folder:
        assert listed(folder) == {
            "fear/deep/a.png": "fear",
            "happy/S01_happy.png": "happy",
            "happy/S02_happy.png": "happy",
        }


def test_two_names_of_one_class_are_one_class(tmp_path: Path) -> None:
    write(tmp_path / "joy" / "a.png", plain("happy"))
    write(tmp_path / "HAPPY" / "a.png", plain("happy"))
    with open_folder(tmp_path) as folder:
        assert set(listed(folder).values()) == {"happy"}
        assert len(folder.pictures) == 2


def test_nothing_there(tmp_path: Path) -> None:
    with (
        pytest.raises(EvaluationError, match="no folder or zip file"),
        open_folder(tmp_path / "absent"),
    ):
        pass


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="none with pictures"), open_folder(tmp_path):
        pass


def test_only_unknown_classes_are_named(tmp_path: Path) -> None:
    write(tmp_path / "calm" / "a.png", plain("happy"))
    with pytest.raises(EvaluationError, match="folders there: calm"), open_folder(tmp_path):
        pass


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_file_that_is_no_zip_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "faces.zip"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match="neither a folder nor a zip file"), open_folder(path):
        pass
