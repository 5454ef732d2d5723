"""The commands of docs/operations.md, run as they stand there, with real servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url, text

from evolvisense.service.queue.database import open_database, writing
from tests.cli.test_serve import free_port, wait_for

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
BLOCKS = dict(re.findall(r"<!-- run: ([\w-]+) -->\n```sh\n(.*?)```", PAGE.read_text(), re.DOTALL))
PATIENCE_S = 300


class Site:
    """A data folder, a database, and what is done with them."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.data, self.backup, self.url = folder / "data", folder / "backup", database_url
        self.data.mkdir()
        self.backup.mkdir()
        self.ran: list[str] = []

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("EVOLVISENSE_")}
        plain = make_url(self.url).set(drivername="postgresql") if self.url else None
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "EVOLVISENSE_DATA_DIR": str(self.data),
            "EVOLVISENSE_DATABASE_URL": self.url,
            "EVOLVISENSE_WORKERS": "1",
            "BACKUP": str(self.backup),
            "PG_URL": plain.render_as_string(hide_password=False) if plain is not None else "",
            **more,
        }

    def run(self, block: str, status: int = 0, **more: str) -> str:
        done = subprocess.run(
            ["bash", "-eu", "-c", BLOCKS[block]],
            env=self.environment(**more), capture_output=True, text=True, timeout=PATIENCE_S,
            check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def serving(self) -> Iterator[httpx.Client]:
        port = free_port()
        command = [sys.executable, "-m", "evolvisense.cli", "serve", "--port", str(port)]
        with ExitStack() as stack:
            server = subprocess.Popen(command, env=self.environment())
            stack.callback(server.wait, PATIENCE_S)
            stack.callback(server.terminate)
            client = stack.enter_context(
                httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)
            )
            wait_for(client)
            yield client

    def refusal(self) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "evolvisense.cli", "serve", "--port", str(free_port())],
            env=self.environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def files(self) -> set[Path]:
        folders = (self.data / name for name in ("media", "reports", "overlays"))
        return {path for folder in folders for path in folder.iterdir()}


def analyse(client: httpx.Client, video: Path) -> tuple[str, bytes]:
    """Address and report of a new analysis."""
    with video.open("rb") as file:
        answer = client.post("/v1/analyses", files={"file": file}, headers={"Prefer": "wait=120"})
    assert answer.json()["state"] == "succeeded", answer.text
    address = answer.json()["links"]["self"]
    return address, client.get(f"{address}/report").content


def empty(url: str) -> None:
    """As after DROP DATABASE and CREATE DATABASE."""
    schema = re.search(r"search_path=(\w+)", make_url(url).query["options"])  # type: ignore[arg-type]
    assert schema is not None
    import psycopg

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA "{schema[1]}" CASCADE')  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.trials)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    is_sqlite = request.param == "sqlite"
    return Site(tmp_path, "" if is_sqlite else request.getfixturevalue("postgres_url"))


@pytest.mark.timeout(900)
def test_back_up_lose_everything_and_restore(site: Site, silent_video: Path) -> None:
    kind = "postgres" if site.url else "sqlite"
    with site.serving() as client:
        address, report = analyse(client, silent_video)
        site.run("check")
    site.run(f"backup-{kind}")
    if site.url:
        empty(site.url)
    else:
        for path in site.data.glob("queue.db*"):
            path.unlink()
    if site.url:  # the schema of the test, which pg_dump writes by itself
        site.run("restore-postgres")
    else:
        assert "data adopt" in site.refusal()
        site.run("restore-sqlite")
    with site.serving() as client:
        assert client.get(f"{address}/report").content == report


@pytest.mark.timeout(900)
def test_a_lost_database_is_refused_imported_and_served(tmp_path: Path, silent_video: Path) -> None:
    site = Site(tmp_path, "")
    with site.serving() as client:
        address, report = analyse(client, silent_video)
    before = site.files()
    for path in site.data.glob("queue.db*"):
        path.unlink()
    refusal = site.refusal()
    for advice in ("data adopt", "data reset --yes", "database_mismatch"):
        assert advice in refusal
    assert address.rpartition("/")[2] in site.run("check", status=1)
    assert site.files() == before
    assert "1 reports imported" in site.run("adopt")
    with site.serving() as client:
        assert client.get(f"{address}/report").content == report
    for path in site.data.glob("queue.db*"):
        path.unlink()
    site.run("reset")
    assert site.files() == set()
    with site.serving() as client:
        assert client.get(address).status_code == 404


@pytest.mark.trials
@pytest.mark.timeout(900)
def test_move_to_postgres(tmp_path: Path, silent_video: Path, postgres_url: str) -> None:
    site = Site(tmp_path, "")
    with site.serving() as client:
        address, report = analyse(client, silent_video)
        assert "stop all of them first" in site.run("move", status=2, NEW_URL=postgres_url)
    site.url = postgres_url
    assert "belongs to the database" in site.refusal()
    site.url = ""
    assert "1 jobs" in site.run("move", NEW_URL=postgres_url)
    assert "belongs to the database" in site.refusal()
    site.url = postgres_url
    with site.serving() as client:
        assert client.get(f"{address}/report").content == report
        assert client.delete(address).status_code == 204
    assert site.files() == set()


def test_a_missing_column_is_a_sentence(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    engine = open_database(f"sqlite:///{site.data / 'queue.db'}")
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE jobs DROP COLUMN webhook"))
    engine.dispose()
    refusal = site.refusal()
    assert "jobs.webhook is missing" in refusal
    assert len(refusal.splitlines()) <= 5


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    (tmp_path / "file").write_text("")
    site.data = tmp_path / "file" / "data"
    refusal = site.refusal()
    assert "the data folder cannot be written" in refusal
    assert "EVOLVISENSE_DATA_DIR" in refusal
    assert len(refusal.splitlines()) <= 5


def test_every_block_of_the_page_is_run_here() -> None:
    source = Path(__file__).read_text()
    for name in BLOCKS:
        stem, _, kind = name.partition("-")
        wanted = f'"{name}"' if kind != "sqlite" and name != "backup-postgres" else f'"{stem}-'
        assert wanted in source or f'f"{stem}-{{kind}}"' in source, name
