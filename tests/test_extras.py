"""The core alone: what `pip install evolvisense` can do, and what it says about the rest."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any, get_args

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from evolvisense.extras import Extra

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

CORE_ONLY = """
import sys
from importlib.machinery import PathFinder

blocked = set(sys.argv.pop(1).split(","))

class CoreOnly(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            return None
        return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = CoreOnly
"""

ANALYSIS = """
from pathlib import Path
import evolvisense
from evolvisense.report import Report, to_csv, to_json
from evolvisense.report.methods import methods_text
from evolvisense.report.overlay import write_overlay

report = evolvisense.analyze(sys.argv[1], frame_skip=10)
print(len(report.people), report.voice is not None, report.summary is not None)
assert Report.model_validate_json(to_json(report)).people[0].frames == report.people[0].frames
assert to_csv(report).count("\\n") > 1
assert "EvolviSense" in methods_text(report)
write_overlay(Path(sys.argv[1]), report, Path(sys.argv[2]), blur_faces=True)
import evolvisense.baselines, evolvisense.batch, evolvisense.live
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & blocked, loaded & blocked

from evolvisense.errors import EngineError
from evolvisense.report import to_eaf, to_html, to_parquet, to_textgrid
for call in (to_eaf, to_textgrid, to_html, to_parquet, Report.plot, Report.to_pandas):
    try:
        call(report)
    except EngineError as error:
        print(error)
    else:
        raise AssertionError(call)
"""


def installed_without(dependencies: list[str]) -> list[str]:
    """Top-level modules that these requirements, and what they require in turn, do not install."""
    wanted, waiting = {"evolvisense", "pip", "setuptools"}, [Requirement(d) for d in dependencies]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name not in wanted and (one.marker is None or one.marker.evaluate({"extra": ""})):
            wanted.add(name)
            waiting += map(Requirement, requires(name) or ())
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if module.isidentifier() and not {canonicalize_name(owner) for owner in owners} & wanted
    )


BLOCKED = installed_without(PROJECT["dependencies"])


def run_core(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", CORE_ONLY + code, ",".join(BLOCKED), *arguments],
        capture_output=True,
        check=False,
        text=True,
    )


def test_the_core_analyses_and_names_the_extra_for_what_it_cannot_do(
    face_video: Path, tmp_path: Path
) -> None:
    assert {"fastapi", "httpx", "pandas", "plotly", "pyarrow", "pympi", "typer"} <= set(BLOCKED)
    done = run_core(ANALYSIS, str(face_video), str(tmp_path / "overlay.mp4"))
    assert done.returncode == 0, done.stderr
    found, *refusals = done.stdout.splitlines()
    assert found == "1 True True"
    commands = [re.findall(r'pip install "evolvisense\[(\w+)\]"$', line) for line in refusals]
    assert commands == [["report"], ["report"], ["report"], ["parquet"], ["report"], ["pandas"]]


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ("from evolvisense.__main__ import main; main()", "cli"),
        ("from evolvisense.client import Client", "client"),
        ("from evolvisense.service.settings import Settings", "server"),
        ("from evolvisense.service.http.app import create_app", "server"),
    ],
)
def test_a_part_whose_extra_is_missing_says_so_in_one_sentence(code: str, extra: str) -> None:
    done = run_core(code)
    last = done.stderr.splitlines()[-1]
    assert re.search(rf'is not installed: pip install "evolvisense\[{extra}\]"$', last), last
    if extra == "cli":
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_the_server_installs_the_formats_that_it_offers() -> None:
    (own,) = [
        r
        for r in map(Requirement, PROJECT["optional-dependencies"]["server"])
        if r.name == "evolvisense"
    ]
    assert own.extras >= {"cli", "client", "parquet", "report"}


def test_messages_name_extras_that_there_are() -> None:
    assert set(get_args(Extra)) <= PROJECT["optional-dependencies"].keys()
