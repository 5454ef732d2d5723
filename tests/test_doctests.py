"""The examples in docstrings are run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import evolvisense
from evolvisense.report import stretches, summary_face, summary_parts, words

NEED_OTHERS = ("evolvisense.ray", "evolvisense.face.deepface")
"""Import packages that are not installed everywhere."""
MODULES = [
    found.name
    for found in pkgutil.walk_packages(evolvisense.__path__, "evolvisense.")
    if not found.name.startswith(NEED_OTHERS) and not found.name.endswith("__main__")
]


def _examples(name: str) -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [found for found in finder.find(importlib.import_module(name)) if found.examples]


@pytest.mark.parametrize("module", [stretches, summary_face, summary_parts, words])
def test_these_have_examples(module: object) -> None:
    assert _examples(module.__name__)  # type: ignore[attr-defined]


def test_examples_are_true() -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for name in MODULES:
        for example in _examples(name):
            if "analyze(" not in example.docstring:  # these want a video
                runner.run(example)
    assert runner.tries > 10
    assert not runner.failures
