"""The wheel, built and installed into an environment of its own, away from the checkout."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "evolvisense"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path) -> Path:
    """A fresh environment: the wheel itself, and this environment's packages behind it."""
    folder = wheel.parent / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "behind.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder)]
    subprocess.run(
        [*command, "install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)],
        check=True,
    )
    return folder


def run(environment: Path, folder: Path, *command: str) -> str:
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_"))}
    done = subprocess.run(
        [str(environment / "bin" / command[0]), *command[1:]],
        cwd=folder,
        env=variables,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PACKAGE,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\n")[:-1]
    wanted = {f"evolvisense/{name}" for name in listed if (PACKAGE / name).is_file()}
    assert wanted - names == set()
    kinds = {Path(name).suffix for name in wanted}
    assert kinds >= {".onnx", ".json", ".js", ".css", ".html", ".md"}
    others = {n for n in names - wanted if ".dist-info/" not in n}
    assert {Path(name).parent.as_posix() for name in others} == {"evolvisense/web/guides"}


def test_the_installed_wheel_analyses_a_video(
    environment: Path, face_video: Path, tmp_path: Path
) -> None:
    own = version("evolvisense")
    assert run(environment, tmp_path, "evolvisense", "--version").strip() == f"evolvisense {own}"
    options = ("--frame-skip", "25", "--csv", "--html", "--out", str(tmp_path))
    run(environment, tmp_path, "evolvisense", "analyze", str(face_video), *options)
    table = (tmp_path / "face.csv").read_text("utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert {row["person_id"] for row in rows} == {"1"}
    assert "<h1" in (tmp_path / "face.html").read_text("utf-8")


def test_the_installed_wheel_serves_its_page_and_its_guides(
    environment: Path, tmp_path: Path
) -> None:
    code = """
import evolvisense
from starlette.testclient import TestClient
from evolvisense.service.http.app import create_app
from evolvisense.service.settings import Settings

print(evolvisense.__file__)
with TestClient(create_app(Settings(data_dir="data", workers=0)), "http://127.0.0.1") as client:
    print(client.get("/").status_code, client.get("/docs/guides/library").status_code)
"""
    where, *answers = run(environment, tmp_path, "python", "-c", code).split()
    assert answers == ["200", "200"]
    assert Path(where).is_relative_to(environment)
