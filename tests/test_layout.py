"""Which folders of the checkout may import which; import-linter checks the package itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = {
    "src": {"tests", "benchmarks", "trials", "training", "evaluation", "docs", "deploy"},
    "tests": {"benchmarks"},
    "benchmarks": {"tests"},
    "trials": {"tests", "benchmarks"},
    "training": {"tests"},
    "evaluation": {"tests", "benchmarks", "trials", "training"},
}


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_folders_import_what_they_may(folder: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        wrong = imported(path) & FORBIDDEN[folder]
        assert not wrong, f"{path.relative_to(ROOT)} imports {', '.join(sorted(wrong))}"


def test_the_guard_sees_imports_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "example.py"
    path.write_text("import a.b\ndef f():\n    from c.d import e\n    from . import g\n")
    assert imported(path) == {"a", "c"}


HARD_PLACES = (
    "face/redetection.py",
    "face/tracking.py",
    "voice/reading.py",
    "voice/live.py",
    "voice/gaps.py",
    "voice/tracks.py",
    "voice/emotion.py",
    "service/queue/store.py",
    "sandbox/channel.py",
    "batch/plan.py",
)


@pytest.mark.parametrize("name", HARD_PLACES)
def test_hard_places_have_a_diagram_and_name_their_tests(name: str) -> None:
    described = ast.get_docstring(ast.parse((ROOT / "src/evolvisense" / name).read_text("utf-8")))
    assert described
    assert re.search(r"--+>|---|====", described), "no diagram"
    files = [ROOT / found for found in re.findall(r"tests/[\w/]+\.py", described)]
    assert files, "names no test file"
    source = "".join(path.read_text("utf-8") for path in files)
    for test in re.findall(r"`(test_\w+)`", described):
        assert f"def {test}(" in source, test
    assert f"`{name}`" in (ROOT / "docs/architecture.md").read_text("utf-8")
