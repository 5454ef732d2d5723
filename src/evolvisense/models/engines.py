"""Engines by kind and name, from the entry-point group `evolvisense.engines`.

A package adds one with an entry point named `KIND.NAME`, for instance `detector.mine`, that points
at a class with the protocol of `evolvisense.types.engines`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from evolvisense.errors import EngineUnavailableError, UnknownEngineError
from evolvisense.types.engines import EngineKind

GROUP = "evolvisense.engines"


def engine_names(kind: EngineKind) -> list[str]:
    """Names of all installed engines of a kind, sorted."""
    prefix = f"{kind}."
    names = {
        e.name.removeprefix(prefix) for e in entry_points(group=GROUP) if e.name.startswith(prefix)
    }
    return sorted(names)


def create_engine(kind: EngineKind, name: str) -> Any:  # noqa: ANN401 - any of the protocols
    """A new engine. Raises UnknownEngineError or EngineUnavailableError."""
    found = entry_points(group=GROUP, name=f"{kind}.{name}")
    if not found:
        known = ", ".join(engine_names(kind)) or "none"
        raise UnknownEngineError(f"no {kind} engine '{name}'; installed are: {known}")
    try:
        engine_class = next(iter(found)).load()
    except ImportError as error:
        raise EngineUnavailableError(
            f"{kind} engine '{name}' needs a package that is not installed here: {error}"
        ) from error
    return engine_class()
