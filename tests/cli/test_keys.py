"""The command `evolvisense keys`."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evolvisense.cli import app
from evolvisense.service.access.keys import ApiKeys
from evolvisense.service.queue.database import open_database
from evolvisense.service.webhooks.signing import owner_secret

runner = CliRunner()

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def run(*arguments: str) -> tuple[int, str, str]:
    result = runner.invoke(app, ["keys", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVOLVISENSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "data"


def made(name: str = "lab", *scopes: str) -> tuple[str, str]:
    """Id and text of a new key."""
    options = [part for scope in scopes or ("read",) for part in ("--scope", scope)]
    status, out, _ = run("create", "--name", name, *options)
    assert status == 0
    return out.strip().split("_")[1], out.strip()


def test_a_key_is_printed_alone_and_works_on_the_database_of_the_server(data: Path) -> None:
    status, out, err = run("create", "--name", "lab", "--scope", "read", "--scope", "analyze")
    assert status == 0
    assert re.fullmatch(r"evs_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n", out)
    assert "not shown again" in err
    engine = open_database(f"sqlite:///{data / 'queue.db'}")
    found = ApiKeys(engine).find(out.strip())
    engine.dispose()
    assert found is not None
    assert (found.name, found.scopes) == ("lab", ("analyze", "read"))


def test_the_secret_is_nowhere_on_the_disk_nor_in_the_list(data: Path) -> None:
    _, text = made()
    secret = text.split("_", 2)[2]
    assert all(secret.encode() not in path.read_bytes() for path in data.iterdir())
    status, out, err = run("list")
    assert status == 0
    assert secret not in out + err


def test_keys_are_listed_with_their_scopes_and_their_end() -> None:
    first, _ = made("lab [red]", "live", "read")
    second, _ = made("phone", "admin")
    assert run("revoke", first)[0] == 0
    _, out, _ = run("list")
    lines = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert set(lines) == {first, second}
    assert "lab [red]" in lines[first]
    assert "read, live" in lines[first]
    assert len(re.findall(r"\d{4}-\d\d-\d\d", lines[first])) == 2
    assert len(re.findall(r"\d{4}-\d\d-\d\d", lines[second])) == 1


def test_a_revoked_key_is_no_longer_good(data: Path) -> None:
    key_id, text = made()
    status, out, _ = run("revoke", key_id)
    assert status == 0
    assert key_id in out
    engine = open_database(f"sqlite:///{data / 'queue.db'}")
    assert ApiKeys(engine).find(text) is None
    engine.dispose()
    status, _, err = run("revoke", key_id)
    assert status == 1
    assert f"no key that is good has the id {key_id}" in err


def test_without_keys_the_list_says_so() -> None:
    assert run("list")[:2] == (0, "there are no keys\n")


@pytest.mark.parametrize(
    ("name", "scope", "told"),
    [("lab", "write", "got write"), ("", "read", "name of a key"), ("a\nb", "read", "name of a")],
)
def test_a_wrong_name_or_scope_makes_no_key(name: str, scope: str, told: str) -> None:
    status, out, err = run("create", "--name", name, "--scope", scope)
    assert (status, out) == (2, "")
    assert told in err
    assert run("list")[1] == "there are no keys\n"


def test_a_name_has_to_be_given() -> None:
    assert run("create", "--scope", "read")[0] == 2


def test_without_a_scope_a_key_may_do_what_the_page_needs() -> None:
    status, _, err = run("create", "--name", "lab")
    assert status == 0
    assert "(analyze, read, live)" in err


def test_each_key_has_webhook_secrets_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    other = "whsec_" + "b2xk" * 8
    monkeypatch.setenv("EVOLVISENSE_WEBHOOK_SECRETS", f"{SECRET},{other}")
    key_id, _ = made()
    status, out, _ = run("webhook-secret", key_id)
    assert status == 0
    assert out.split() == [owner_secret(SECRET, key_id), owner_secret(other, key_id)]


def test_without_webhooks_there_is_no_webhook_secret() -> None:
    key_id, _ = made()
    status, out, err = run("webhook-secret", key_id)
    assert (status, out) == (1, "")
    assert "EVOLVISENSE_WEBHOOK_SECRETS is not set" in err
    assert "no key has the id" in run("webhook-secret", "0" * 16)[2]


def test_a_wrong_webhook_secret_is_told_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key_id, _ = made()
    monkeypatch.setenv("EVOLVISENSE_WEBHOOK_SECRETS", "whsec_tooshort")
    status, out, err = run("webhook-secret", key_id)
    assert (status, out) == (2, "")
    assert "webhook secret is whsec_" in err
    assert "tooshort" not in err


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("EVOLVISENSE_DATABASE_URL", "mysql://user:hidden@host/name", "database"),
        ("EVOLVISENSE_WORKERS", "many", "workers"),
        ("EVOLVISENSE_CONFIG", "/nowhere/settings.toml", "/nowhere/settings.toml"),
    ],
)
def test_a_wrong_setting_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    for arguments in (["list"], ["create", "--name", "a", "--scope", "read"], ["revoke", "a"]):
        status, out, err = run(*arguments)
        assert (status, out) == (2, "")
        assert told in err
        assert "hidden" not in err


def test_a_database_that_is_none_is_told(data: Path) -> None:
    data.mkdir()
    (data / "queue.db").write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(sqlite3.DatabaseError), sqlite3.connect(data / "queue.db") as connection:
        connection.execute("select * from api_keys")
    connection.close()
    assert run("list")[0] == 2


def test_the_command_line_starts_without_the_server() -> None:
    code = (
        "import sys, evolvisense.cli; "
        "print([m for m in ('fastapi', 'sqlalchemy', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
