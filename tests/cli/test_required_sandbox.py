"""A server that requires its sandbox does not start without."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import typer

from evolvisense import sandbox
from evolvisense.cli.serve import check_sandbox
from evolvisense.service.settings import Settings


def settings(data_dir: Path, **given: object) -> Settings:
    return Settings.model_validate({"data_dir": data_dir / "data", **given})


def test_the_strict_profile_requires_it_unless_told_otherwise(tmp_path: Path):
    assert settings(tmp_path, profile="strict").requires_sandbox
    assert not settings(tmp_path, profile="strict", require_sandbox=False).requires_sandbox
    assert not settings(tmp_path).requires_sandbox
    assert settings(tmp_path, require_sandbox=True).workplace().pool.require_sandbox


def test_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sandbox, "REQUIRED", ("limits", "no_gravity"))
    with pytest.raises(typer.Exit) as left:
        check_sandbox(settings(tmp_path, require_sandbox=True))
    assert left.value.exit_code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "as required: no_gravity" in said
    assert "EVOLVISENSE_REQUIRE_SANDBOX=0" in said
    check_sandbox(settings(tmp_path))


def test_root_is_warned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with caplog.at_level(logging.WARNING):
        check_sandbox(settings(tmp_path))
    assert "runs as root" in caplog.text
    caplog.clear()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    check_sandbox(settings(tmp_path))
    assert caplog.text == ""
