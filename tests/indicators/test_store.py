"""Files of personal baselines."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evolvisense.baselines import BaselineStore, home_dir
from evolvisense.errors import (
    BaselineCorruptError,
    BaselineNameError,
    BaselineNotFoundError,
    BaselineRecordingError,
)
from tests.indicators.test_records import recording


@pytest.fixture
def store(tmp_path: Path) -> BaselineStore:
    return BaselineStore(tmp_path / "baselines")


def test_add_load_clear(store: BaselineStore) -> None:
    assert store.names() == ()
    assert not store.has("ada")
    store.add("ada", recording(3, "diary"))
    after = store.add("ada", recording(1, "diary"))
    assert [r.recorded.day for r in after] == [1, 3], "oldest first"
    assert store.load("ada") == after
    store.add("bob-2", recording(2))
    assert store.names() == ("ada", "bob-2")
    store.clear("ada")
    assert store.names() == ("bob-2",)
    with pytest.raises(BaselineNotFoundError, match="evolvisense baseline add ada"):
        store.load("ada")
    with pytest.raises(BaselineNotFoundError):
        store.clear("ada")


def test_nothing_but_features_is_stored_and_for_the_owner_alone(store: BaselineStore) -> None:
    store.add("ada", recording(3, "diary, phone", f0_sd_st=2.5))
    path = store.directory / "ada.json"
    assert json.loads(path.read_text()) == {
        "format": 1,
        "name": "ada",
        "recordings": [
            {
                "recorded": "2026-03-03",
                "task": "diary, phone",
                "values": {"f0_sd_st": 2.5},
                "extractors": {"swift-f0": "1"},
            }
        ],
    }
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert [p.name for p in store.directory.iterdir()] == ["ada.json"], "no part is left"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../ada", "a/b", "a\\b", ".ada", "-ada", "a b", "ada.json", "a" * 65, "ä"],
)
def test_a_name_is_no_path(store: BaselineStore, name: str) -> None:
    for action in (store.load, store.clear, store.has, lambda n: store.add(n, recording(1))):
        with pytest.raises(BaselineNameError, match="no name for a baseline"):
            action(name)
    assert not store.directory.exists()


def test_a_recording_is_added_once(store: BaselineStore) -> None:
    store.add("ada", recording(1, f0_sd_st=2.0))
    with pytest.raises(BaselineRecordingError, match="already"):
        store.add("ada", recording(2, f0_sd_st=2.0))
    assert len(store.load("ada")) == 1


def test_a_recording_without_features_is_refused(store: BaselineStore) -> None:
    empty = recording(1)
    object.__setattr__(empty, "values", {})
    with pytest.raises(BaselineRecordingError, match="passes its gates"):
        store.add("ada", empty)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"[]", "not a baseline"),
        (b'{"format": 2, "recordings": []}', "format 2"),
        (b'{"format": 1}', "no list of recordings"),
        (b'{"format": 1, "recordings": [{"recorded": "2026-01-01"}]}', "values"),
        (b"\xff\xfe", "decode"),
    ],
)
def test_a_corrupt_file_is_said_kept_and_can_be_cleared(
    store: BaselineStore, content: bytes, what: str
) -> None:
    store.directory.mkdir()
    path = store.directory / "ada.json"
    path.write_bytes(content)
    for action in (store.load, lambda n: store.add(n, recording(1))):
        with pytest.raises(BaselineCorruptError, match=what) as caught:
            action("ada")
        assert str(path) in str(caught.value)
        assert "evolvisense baseline clear ada" in str(caught.value)
    assert path.read_bytes() == content, "nothing overwrites what might be rescued"
    store.clear("ada")
    assert store.names() == ()


def test_a_failed_write_leaves_what_was_there(
    store: BaselineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("ada", recording(1))

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        store.add("ada", recording(2))
    assert [p.name for p in store.directory.iterdir()] == ["ada.json"]
    assert len(store.load("ada")) == 1


def test_clear_takes_parts_of_a_killed_write_along(store: BaselineStore) -> None:
    store.add("ada", recording(1))
    (store.directory / ".ada.0123abcd.part").write_text("{}")
    store.clear("ada")
    assert list(store.directory.iterdir()) == []


def test_where_files_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("EVOLVISENSE_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert home_dir() == tmp_path / ".local" / "share" / "evolvisense"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert home_dir() == tmp_path / "data" / "evolvisense"
    monkeypatch.setenv("EVOLVISENSE_HOME", str(tmp_path / "home"))
    assert BaselineStore().directory == tmp_path / "home" / "baselines"


def test_adding_at_the_same_time_loses_nothing(store: BaselineStore) -> None:
    # Each thread opens the folder anew, so that the lock holds as between processes.
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: store.add("ada", recording(3, f0_sd_st=float(i))), range(24)))
    values = {r.values["f0_sd_st"] for r in store.load("ada")}
    assert values == {float(i) for i in range(24)}


def test_a_baseline_has_an_end(store: BaselineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evolvisense.baselines.MOST_RECORDINGS", 2)
    for day in (1, 2):
        store.add("ada", recording(day, f0_sd_st=float(day)))
    with pytest.raises(BaselineRecordingError, match="holds 2 recordings, which is the most"):
        store.add("ada", recording(3, f0_sd_st=3.0))
    assert len(store.load("ada")) == 2
