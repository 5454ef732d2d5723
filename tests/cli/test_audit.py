"""The command `evolvisense audit`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evolvisense.cli import app
from evolvisense.service.access.audit import AuditEntry, AuditLog, inspect


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "audit.jsonl"


def filled(path: Path, entries: int = 3) -> AuditLog:
    log = AuditLog(path)
    for i in range(entries):
        log.append(AuditEntry("analysis.ended", f"r-{i}"))
    return log


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["audit", *(str(a) for a in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_command_tells_a_whole_log_and_its_head(path: Path) -> None:
    filled(path)
    head = inspect(path).head
    status, out, _ = run("verify", path)
    assert status == 0
    assert "3 entries" in out
    assert head in out
    assert run("verify", path, "--head", head)[0] == 0
    assert run("verify", path, "--head", "ab" * 32)[0] == 1


def test_the_command_tells_interrupted_appends(path: Path) -> None:
    log = filled(path, 1)
    with path.open("ab") as file:
        file.write(b"{")
    log.append(AuditEntry("analysis.accepted", "r-9"))
    status, out, _ = run("verify", path)
    assert status == 0
    assert "interrupted" in out
    assert "line 3" in out


def test_the_command_tells_the_first_broken_line(path: Path) -> None:
    filled(path)
    path.write_bytes(path.read_bytes().replace(b"r-1", b"r-x"))
    status, _, err = run("verify", path)
    assert status == 1
    assert "line 2: its content does not have the hash that it states" in err


def test_the_command_has_a_status_of_its_own_for_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    status, _, err = run("verify", tmp_path / "none")
    assert status == 2
    assert "cannot be read" in err


def test_the_command_refuses_a_head_that_is_no_hash(path: Path) -> None:
    filled(path)
    assert run("verify", path, "--head", "abc")[0] == 2
