"""Files of stores: which there are, what they are called, and what a store's errors become."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from evolvisense.batch import find_inputs
from evolvisense.cli.app import app
from evolvisense.errors import InvalidOptionError

fsspec = pytest.importorskip("fsspec")
registry = pytest.importorskip("fsspec.registry")


class Shelf(fsspec.AbstractFileSystem):
    """A store that is a dict: path -> content."""

    cachable = False
    files: ClassVar[dict[str, bytes]]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        if path in self.files:
            return {"name": path, "type": "file", "size": len(self.files[path])}
        if any(name.startswith(f"{path.rstrip('/')}/") for name in self.files):
            return {"name": path, "type": "directory", "size": 0}
        raise FileNotFoundError(path)

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        above = f"{path.rstrip('/')}/"
        inner = [name.removeprefix(above) for name in self.files if name.startswith(above)]
        paths = sorted({above + name.split("/")[0] for name in inner})
        return [self.info(path) if detail else path for path in paths]

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        if not self.files[path]:
            raise OSError(22, "no such range")
        return self.files[path][start:end]


class Web(Shelf):
    """Paths are whole URLs, as in fsspec's own."""

    protocol = ("http", "https")
    files: ClassVar[dict[str, bytes]] = {
        "http://host/day1/a.mp4": b"12",
        "http://host/day1/deep/a.mp4": b"123",
        "http://host/day1/._a.mp4": b"1",
        "http://host/day1/.Trash/b.mp4": b"1",
        "http://host/day1/notes.txt": b"1",
        "http://host/day1/index.ts": b"const",
        "http://host/day1/take.ts": b"\x47@",
        "http://host/day1/torn.ts": b"",
        "http://host/day2/a.mp4": b"1",
        "http://host/day2/a.mp4?token=S3CRET/1": b"1",
        "http://host/day2/a.mp4?token=S3CRET/2": b"1",
        "http://user:PASSW@host/day1/a.mp4": b"1",
        "http://[0:0:0:0:0:0:0:1]/day1/a.mp4": b"1",
    }

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path


class Ftp(Shelf):
    """Paths are without the host, as in fsspec's own."""

    protocol = "ftp"
    files: ClassVar[dict[str, bytes]] = {"/day1/a.mp4": b"1", "/day1/deep/a.mp4": b"1"}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        inner = path.partition("://")[2].partition("/")[2] if "://" in path else path
        return "/" + inner.strip("/")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, str]:
        return {"host": path.partition("://")[2].partition("/")[0]}


class NoCredentialsError(Exception):
    """As of S3's library: of no class that is Python's own."""


@pytest.fixture(autouse=True)
def _stores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kind in (("http", Web), ("https", Web), ("ftp", Ftp)):
        monkeypatch.setitem(registry._registry, name, kind)


def names(*arguments: str) -> list[str]:
    return [file.name for file in find_inputs(arguments)]


def test_folders_and_patterns(tmp_path: Path) -> None:
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "a.webm").write_text("1")
    store = fsspec.filesystem("memory")
    for name in ("/bucket/one/a.webm", "/bucket/two/a.webm", "/bucket/two/b.txt"):
        with store.open(name, "wb") as file:
            file.write(b"1234")
    try:
        files = find_inputs(["memory://bucket", "memory://bucket/one/*.webm", str(tmp_path / "y")])
        assert [file.name for file in files] == ["a.webm", "one/a.webm", "two/a.webm"]
        assert files[1].uri == "memory:///bucket/one/a.webm"
        assert files[1].size_bytes == 4
        assert files[1].state
    finally:
        store.rm("/bucket", recursive=True)


@pytest.mark.parametrize("place", ["http://host/day1", "http://host/day1/", "http://host/day1/**"])
def test_a_search_leaves_out_what_a_search_of_this_machine_does(place: str) -> None:
    assert names(place) == ["a.mp4", "deep/a.mp4", "take.ts", "torn.ts"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["http://host/day1/a.mp4"], ["a.mp4"]),
        (["http://host/day1/*.mp4"], ["a.mp4"]),
        (["http://host/**/deep/*.mp4"], ["day1/deep/a.mp4"]),
        (["http://host/day1/.*.mp4"], ["._a.mp4"]),
        (["http://host/day1/a.mp4", "http://host/day2/a.mp4"], ["day1/a.mp4", "day2/a.mp4"]),
        (["http://[0:0:0:0:0:0:0:1]/day1/a.mp4"], ["a.mp4"]),
        (["http://user:PASSW@host/day1/a.mp4"], ["a.mp4"]),
        (["http://host/day2/a.mp4?token=S3CRET/1"], ["a.mp4"]),
        (["http://host/gone.mp4?token=S3CRET"], ["gone.mp4"]),
    ],
)
def test_names_of_urls_are_as_short_as_those_of_paths(
    arguments: list[str], expected: list[str]
) -> None:
    assert names(*arguments) == expected


def test_what_names_leave_out_is_numbered_and_stays_in_the_uri() -> None:
    given = [f"http://host/day2/a.mp4?token=S3CRET/{number}" for number in (2, 1)]
    files = find_inputs([*given, "http://user:PASSW@host/day1/a.mp4", "http://host/day1/a.mp4"])
    assert {file.name: file.uri for file in files} == {
        "http://host/day1/a.mp4": "http://user:PASSW@host/day1/a.mp4",
        "http://host/day1/a.mp4#2": "http://host/day1/a.mp4",
        "http://host/day2/a.mp4": given[0],
        "http://host/day2/a.mp4#2": given[1],
    }


@pytest.mark.parametrize("end", ["", "/", "/**/*.mp4"])
def test_the_host_stays_in_the_uri_where_paths_are_without_it(end: str) -> None:
    files = find_inputs([f"ftp://user:PASSW@host/day1{end}"])
    assert [(file.name, file.uri) for file in files] == [
        ("a.mp4", "ftp://user:PASSW@host/day1/a.mp4"),
        ("deep/a.mp4", "ftp://user:PASSW@host/day1/deep/a.mp4"),
    ]


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize("inner", ["", "/*.mp4", "/a.mp4"])
def test_an_error_of_a_store_is_told_without_secrets(
    inner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://user:PASSW@host/day1{inner}?token=S3CRET"
    text = f"Unable to locate {url}\nwith sig=S3CRET;\n" + "and more " * 100
    for name in ("info", "ls"):
        monkeypatch.setattr(Shelf, name, failing(NoCredentialsError(text)))
    with pytest.raises(InvalidOptionError) as raised:
        find_inputs([url])
    said = str(raised.value)
    assert said.startswith(f"http://host/day1{inner} cannot be read: NoCredentialsError: Unable")
    assert f"locate http://host/day1{inner} with sig=...; and more" in said
    assert len(said) < 300
    done = CliRunner().invoke(app, ["batch", url, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "NoCredentialsError" in done.output
    assert "S3CRET" not in done.output
    assert "PASSW" not in done.output


def test_a_file_that_may_not_be_read_fails_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = NoCredentialsError("403")
    refused.status = 403  # pyright: ignore[reportAttributeAccessIssue] - as aiohttp's
    for error in (PermissionError("Forbidden"), refused):
        monkeypatch.setattr(Shelf, "isdir", failing(error))
        monkeypatch.setattr(Shelf, "info", failing(error))
        (file,) = find_inputs(["http://host/day1/a.mp4"])
        assert (file.name, file.size_bytes, file.state) == ("a.mp4", 0, "")
        with pytest.raises(InvalidOptionError, match=r"day1 cannot be read"):
            find_inputs(["http://host/day1"])


def test_nothing_found_is_told_without_secrets() -> None:
    with pytest.raises(InvalidOptionError) as raised:
        find_inputs(["http://user:PASSW@host/none/*.mp4?token=S3CRET"])
    assert str(raised.value) == "no media file is at http://host/none/*.mp4"
