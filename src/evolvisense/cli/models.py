"""`evolvisense models`: what is on this machine, and downloads on request."""

from __future__ import annotations

from typing import get_args

from rich.console import Console
from rich.table import Table

from evolvisense.errors import EvolviSenseError
from evolvisense.models.download import download
from evolvisense.models.engines import create_engine, engine_names
from evolvisense.models.registry import spec
from evolvisense.types.engines import EngineKind

FAILED = 1

_console = Console(highlight=False)
_errors = Console(stderr=True, highlight=False)


def print_table() -> None:
    """One row for each engine that is ready; below, why the others are not."""
    table = Table("kind", "engine", "model", "version", "licence", box=None, pad_edge=False)
    unusable: list[str] = []
    for kind in get_args(EngineKind):
        for name in engine_names(kind):
            try:
                model = create_engine(kind, name).model
            except EvolviSenseError as error:
                unusable.append(f"{kind} {name}: {error}")
            else:
                table.add_row(kind, name, model.id, model.version, model.licence)
    _console.print(table)
    for line in unusable:
        _console.print(f"\nNot ready: {line}", markup=False)


def fetch(model_id: str) -> int:
    """Download a model; the exit status."""
    try:
        with _console.status(f"downloading {model_id}"):
            path = download(spec(model_id))
    except EvolviSenseError as error:
        _errors.print(str(error), style="red", markup=False)
        return FAILED
    _console.print(f"{model_id}: {path}", markup=False)
    return 0
