"""Which folders of the checkout may import which; import-linter checks the package itself."""

from __future__ import annotations

import ast
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
