"""What is installed lies above known holes, and what the image holds is named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted(ROOT.glob("**/*requirements*.txt"))
BOUNDS = {
    "aiohttp": "3.12.14",  # CVE-2025-53643
    "certifi": "2024.7.4",  # CVE-2024-39689
    "h11": "0.16.0",  # CVE-2025-43859
    "idna": "3.7",  # CVE-2024-3651
    "jinja2": "3.1.6",  # CVE-2025-27516
    "protobuf": "6.31.1",  # CVE-2025-4565
    "pyarrow": "14.0.1",  # CVE-2023-47248
    "python-multipart": "0.0.31",
    "requests": "2.32.4",  # CVE-2024-47081
    "setuptools": "78.1.1",  # CVE-2025-47273
    "starlette": "1.0.1",
    "tornado": "6.5",  # CVE-2025-47287
    "urllib3": "2.5.0",  # CVE-2025-50181, CVE-2025-50182
    "werkzeug": "3.0.6",  # CVE-2024-49766
}
"""Package -> first version without the holes that were known when this was written. It is no
substitute for an audit with a network: docs/threat-model.md."""
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def own_locks() -> list[Path]:
    return [
        path
        for path in LOCKS
        if not any(part.startswith(".venv") or part == "node_modules" for part in path.parts)
        and "--hash=" in path.read_text("utf-8")
    ]


def pins(path: Path) -> list[tuple[str, str]]:
    return [(canonicalize_name(n), v) for n, v in PIN.findall(path.read_text("utf-8"))]


def test_there_are_lock_files():
    names = {str(path.relative_to(ROOT)) for path in own_locks()}
    assert names >= {"requirements.txt", "requirements-dev.txt", "deploy/requirements.txt"}


@pytest.mark.parametrize("path", own_locks(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_pinned_below_a_known_hole(path: Path):
    low = [
        f"{name} {version} < {BOUNDS[name]}"
        for name, version in pins(path)
        if name in BOUNDS and Version(version) < Version(BOUNDS[name])
    ]
    assert low == []


def test_what_is_asked_for_lies_above_known_holes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["server"]]
    asked = {canonicalize_name(r.name): r for r in map(Requirement, lines)}
    assert asked.keys() >= {"python-multipart", "starlette"}
    for name, requirement in asked.items():
        if name in BOUNDS:
            below = Version(BOUNDS[name]).release
            older = ".".join(map(str, (*below[:-1], below[-1] - 1)))
            assert not requirement.specifier.contains(older), f"{requirement} takes {older}"


LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.13"}


def _is_for_linux(line: str) -> bool:
    """Whether a line of a lock file is for the image."""
    _, _, marker = line.partition(" ; ")
    return not marker or Marker(marker.removesuffix(" \\")).evaluate(LINUX)


def test_the_notice_names_all_that_the_image_installs():
    text = (ROOT / "NOTICE").read_text("utf-8")
    named = {line.partition(":")[0] for line in text.splitlines()}
    lock = (ROOT / "deploy" / "requirements.txt").read_text("utf-8")
    installed = {
        canonicalize_name(name)
        for line in lock.splitlines()
        for name, _ in PIN.findall(line)
        if _is_for_linux(line)
    }
    assert installed - named == set()
    for library, licence in (("x264", "GPL-2.0"), ("x265", "GPL-2.0"), ("avcodec", "GPL")):
        assert re.search(rf"^av\.libs/lib{library}: .*{licence}", text, re.MULTILINE)
    assert "soxr: LGPL-2.1-or-later" in text
    assert "certifi: MPL-2.0" in text


SERVING = """
from evolvisense.service.http.app import create_app
from pathlib import Path
maps = Path("/proc/self/maps").read_text()
print("crypto" in maps and "1.1.1" in maps, *(n in maps for n in ("cv2", "onnxruntime", "av.libs")))
"""


def test_the_process_that_serves_loads_no_decoder_and_no_old_openssl():
    done = subprocess.run(
        [sys.executable, "-c", SERVING], capture_output=True, check=True, text=True, cwd=ROOT
    )
    assert done.stdout.split() == ["False"] * 4


TELEMETRY = """
import sys
import onnxruntime
calls = []
real = onnxruntime.disable_telemetry_events
onnxruntime.disable_telemetry_events = lambda: (calls.append(1), real())
import evolvisense
print(len(calls))
"""


def test_telemetry_that_has_begun_is_switched_off(tmp_path: Path):
    """Without the id of a machine in a home folder that is anybody's."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ORT_")}
    done = subprocess.run(
        [sys.executable, "-c", TELEMETRY],
        capture_output=True,
        check=True,
        text=True,
        env={**environment, "HOME": str(tmp_path)},
    )
    assert done.stdout.strip() == "1"


FIRST = """
import evolvisense, onnxruntime
from evolvisense.models.sessions import chosen_provider
print(chosen_provider())
"""


def test_telemetry_does_not_begin_where_evolvisense_is_imported_first(tmp_path: Path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_"))}
    subprocess.run(
        [sys.executable, "-c", FIRST],
        check=True,
        env={**environment, "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
    )
    assert list(tmp_path.rglob("*")) == []


def test_images_are_named_once_and_by_number():
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${BASE}", "${BASE}"]
    compose = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    (version,) = re.findall(r"image: postgres:(\S+)", compose)
    assert tuple(map(int, version.split("."))) >= (17, 10)
    assert version in (ROOT / "deploy" / "kubernetes" / "2-postgres.yaml").read_text("utf-8")
