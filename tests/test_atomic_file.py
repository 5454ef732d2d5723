"""A file is complete or not there at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from threading import Barrier, Thread

import pytest

from evolvisense.atomic_file import atomic_path, atomic_write


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")
    with atomic_write(target) as file:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def write_half(target: Path, durable: bool) -> None:
    with atomic_write(target, durable=durable) as file:
        file.write(b"ne")
        raise ValueError("half")


@pytest.mark.parametrize("durable", [True, False])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path, durable: bool) -> None:
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")
    with pytest.raises(ValueError, match="half"):
        write_half(target, durable)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def write_half_a_film(target: Path) -> None:
    with atomic_path(target) as part:
        part.write_bytes(b"ne")
        raise ValueError("half")


def test_a_writer_by_path_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half"):
        write_half_a_film(tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())


def test_the_mode_is_there_from_the_first_byte(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "secret", mode=0o600) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_of_several_writers_the_first_one_wins(tmp_path: Path) -> None:
    target, start, writers = tmp_path / "mark", Barrier(8), []

    def write(number: int) -> None:
        with atomic_write(target, first_wins=True) as file:
            file.write(b"%d" % number * 1000)
            start.wait()

    for number in range(8):
        writers.append(Thread(target=write, args=(number,)))
        writers[-1].start()
    for writer in writers:
        writer.join()
    first = target.read_bytes()
    assert len(first) == 1000
    assert len(set(first)) == 1
    with atomic_write(target, first_wins=True) as file:
        file.write(b"late")
    assert target.read_bytes() == first
    assert list(tmp_path.iterdir()) == [target]


def test_content_is_on_disk_before_its_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, steps = tmp_path / "outcome", []

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append(("folder" if is_folder else "file", target.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    with atomic_write(target, durable=True) as file:
        file.write(b"done")
    assert steps == [("file", False), ("folder", True)]


def test_the_part_may_lie_in_another_folder(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    with atomic_write(tmp_path / "outcome", folder=incoming):
        assert len(list(incoming.iterdir())) == 1
    assert not list(incoming.iterdir())
    assert (tmp_path / "outcome").exists()
