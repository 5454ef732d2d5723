"""All processes of one queue have one data folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from evolvisense.errors import FolderNotSharedError
from evolvisense.service.queue.database import open_database, reading
from evolvisense.service.queue.folder import mark_of, require_one_folder
from tests.factory.databases import sqlite_url

Opener = Callable[[], Engine]


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Opener]:
    """Engines of as many processes, closed at the end."""
    engines: list[Engine] = []

    def again() -> Engine:
        engines.append(open_database(postgres_url))
        return engines[-1]

    yield again
    for engine in engines:
        engine.dispose()


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return tmp_path / "one", tmp_path / "other"


def test_many_processes_may_share_a_folder(opened: Opener, folders: tuple[Path, Path]):
    for _ in range(3):
        require_one_folder(opened(), folders[0])


def test_another_folder_is_refused_and_named(opened: Opener, folders: tuple[Path, Path]):
    require_one_folder(opened(), folders[0])
    with pytest.raises(FolderNotSharedError, match=rf"than {folders[1]}:.*EVOLVISENSE_DATA_DIR"):
        require_one_folder(opened(), folders[1])


def test_a_folder_may_move_while_nobody_works(opened: Opener, folders: tuple[Path, Path]):
    first = opened()
    require_one_folder(first, folders[0])
    first.dispose()
    require_one_folder(opened(), folders[1])


def test_the_lock_comes_back_with_the_connections(opened: Opener, folders: tuple[Path, Path]):
    first = opened()
    require_one_folder(first, folders[0])
    first.dispose()
    with reading(first):
        pass  # a new connection, as after a restart of Postgres
    with pytest.raises(FolderNotSharedError):
        require_one_folder(opened(), folders[1])


def test_sqlite_says_it_by_its_place(folders: tuple[Path, Path]):
    engine = open_database(sqlite_url(folders[0]))
    require_one_folder(engine, folders[0])
    engine.dispose()
    assert not list(folders[0].glob("folder-id*"))


def test_the_mark_stays_and_is_of_one_folder(folders: tuple[Path, Path]):
    assert mark_of(folders[0]) == mark_of(folders[0]) != mark_of(folders[1])
    assert [path.name for path in folders[0].iterdir()] == ["folder-id"]
