"""The example notebook runs from top to bottom."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests.factory.patience import PATIENCE_S

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

nbformat = pytest.importorskip("nbformat", reason="notebooks are run with nbclient")
nbclient = pytest.importorskip("nbclient", reason="notebooks are run with nbclient")


def test_the_notebook_runs_and_shows_what_it_promises(
    face_video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVOLVISENSE_VIDEO", str(face_video))
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "kept without its results"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own event loop
        nbclient.NotebookClient(notebook, timeout=PATIENCE_S, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert "do not diagnose" in outputs[0]["text"]
    assert kinds.count("application/vnd.plotly.v1+json") == 2
    assert kinds.count("text/html") >= 4, "tables"
