"""What is told of stores: places without secrets, packages that are missing."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from evolvisense.batch.stores import file_system, text_of, without_secrets
from evolvisense.errors import EngineUnavailableError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://user:PASSW@host:8443/day/a.mp4?token=S#t=1", "https://host:8443/day/a.mp4"),
        ("https://TOKEN@host/a.mp4", "https://host/a.mp4"),
        ("HTTPS://host/a.mp4?x/y@z", "HTTPS://host/a.mp4"),
        ("sftp://user:PA@SS@host/a.mp4", "sftp://host/a.mp4"),
        ("http://[bad/a.mp4?x=1", "http://[bad/a.mp4"),
        ("simplecache::https://u:p@host/a.mp4?x=1", "simplecache::https://host/a.mp4"),
        ("s3://bucket/a.mp4?versionId=3", "s3://bucket/a.mp4"),
        ("s3://bucket/take#1?/a@b.mp4", "s3://bucket/take#1?/a@b.mp4"),
        ("abfs://films@account.dfs.core.windows.net/a.mp4",) * 2,
        ("/data/a@b?c=1#2.mp4",) * 2,
        ("relative/a.mp4",) * 2,
    ],
)
def test_secrets_are_taken_out_of_places(uri: str, shown: str) -> None:
    assert without_secrets(uri) == shown


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(), "OSError"),
        (ValueError("AccountKey=S3CRET;x"), "ValueError: AccountKey=...;x"),
        (ValueError('at "https://u:p@h/a?sig=1"'), 'ValueError: at "https://h/a"'),
        (ValueError("a\n b"), "ValueError: a b"),
        (ValueError("é" * 300), f"ValueError: {'é' * 200} ..."),
    ],
)
def test_errors_are_told_in_one_line(error: Exception, text: str) -> None:
    assert text_of(error) == text


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(EngineUnavailableError, match=r"not installed: .*evolvisense\[stores\]"):
        file_system("s3://bucket/a.mp4")


@pytest.mark.parametrize(
    ("scheme", "module", "said"),
    [
        ("s3", "s3fs", "s3fs"),
        ("gs", "gcsfs", "gcsfs"),
        ("abfs", "adlfs", "adlfs"),
        ("nostore", "nostore", "not known"),
    ],
)
def test_a_store_that_cannot_be_read_says_what_is_missing(
    scheme: str, module: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fsspec")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EngineUnavailableError) as raised:
        file_system(f"{scheme}://bucket/a.mp4")
    assert str(raised.value).startswith(f"{scheme}:// cannot be read here: ")
    assert said in str(raised.value).partition(": ")[2]


def test_the_extra_and_the_images_hold_what_reads_s3() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extra = project["optional-dependencies"]["stores"]
    assert {re.split(r"[<>=]", one)[0] for one in extra} == {"fsspec", "s3fs"}
    locked = (ROOT / "deploy" / "requirements.txt").read_text("utf-8")
    versions = dict(re.findall(r"^(fsspec|s3fs)==(\S+)", locked, re.MULTILINE))
    assert versions["s3fs"] == versions["fsspec"], "s3fs wants fsspec of its own version"
