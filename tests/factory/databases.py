"""Databases for tests: a SQLite file, and Postgres where there is one.

Postgres is that of EVOLVISENSE_TEST_POSTGRES_URL, or a throw-away cluster that listens on a unix
socket only. Each test has a schema of its own in it.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url

from evolvisense.service.queue.database import open_database
from tests.factory.patience import PATIENCE_S

URL_VARIABLE = "EVOLVISENSE_TEST_POSTGRES_URL"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty schema of Postgres; the test is skipped where there is no Postgres."""
    server = _server_or_skip()
    import psycopg

    schema = f"evs_{secrets.token_hex(6)}"
    with psycopg.connect(_for_psycopg(server), autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')
        url = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
        yield url.render_as_string(hide_password=False)
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The same, opened."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


def sqlite_url(folder: Path) -> str:
    """A database in that folder."""
    return f"sqlite:///{folder / 'queue.db'}"


def _server_or_skip() -> str:
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed")
    given = os.environ.get(URL_VARIABLE)
    if given:
        return make_url(given).set(drivername="postgresql+psycopg").render_as_string(False)
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip(f"no Postgres: {URL_VARIABLE} is not set and /usr/lib/postgresql has no initdb")
    return _cluster(programs[-1].parent)


@functools.cache
def _cluster(programs: Path) -> str:
    """URL of a new cluster that ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="evs-pg-", dir="/tmp"))  # a socket's path is short
    runs_as: dict[str, Any] = {}
    if os.geteuid() == 0:  # Postgres refuses to run as root
        known = {entry.pw_name for entry in pwd.getpwall()}
        owner = pwd.getpwnam("postgres" if "postgres" in known else "nobody")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        runs_as = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "-N"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder, **runs_as,
    )  # fmt: skip
    options = ("-c", "listen_addresses=", "-c", "fsync=off")
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", folder, *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **runs_as,
    )  # fmt: skip

    def end() -> None:
        server.send_signal(signal.SIGINT)
        server.wait()
        shutil.rmtree(folder)

    atexit.register(end)
    url = f"postgresql+psycopg://tester@/postgres?host={folder}"
    _wait_for(url, server)
    return url


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    give_up_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            psycopg.connect(_for_psycopg(url)).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > give_up_s:
                raise
            time.sleep(0.1)
        else:
            return


def _for_psycopg(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(False)
