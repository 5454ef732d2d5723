"""Engines by kind and name, from the entry-point group `evolvisense.engines`.

A package adds one with an entry point named `KIND.NAME`, for instance `detector.mine`, that points
at a class with the protocol of `evolvisense.types.engines`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from evolvisense.errors import EngineUnavailableError, UnknownEngineError
from evolvisense.types.engines import EngineKind

GROUP = "evolvisense.engines"
AUTO = "auto"
"""Name that stands for the first engine of PREFERRED that can run here."""
PREFERRED: Mapping[EngineKind, tuple[str, ...]] = {"detector": ("libfacedetection", "evolvisense")}
"""`libfacedetection` has wheels for three platforms; `evolvisense` runs everywhere. The order is
that of their false boxes in images without faces (models/specs/detector.md)."""


def engine_names(kind: EngineKind) -> list[str]:
    """Names of all installed engines of a kind, sorted."""
    prefix = f"{kind}."
    names = {
        e.name.removeprefix(prefix) for e in entry_points(group=GROUP) if e.name.startswith(prefix)
    }
    return sorted(names)


def create_engine(kind: EngineKind, name: str) -> Any:  # noqa: ANN401 - any of the protocols
    """A new engine.

    Args:
        kind: what it does.
        name: as `engine_names` lists it, or `auto` for the preferred one that can run here.

    Raises:
        UnknownEngineError: there is no engine of this name.
        EngineUnavailableError: it cannot run here; the text says what it needs.
    """
    if name == AUTO:
        return _first_available(kind)
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


def _first_available(kind: EngineKind) -> Any:  # noqa: ANN401 - any of the protocols
    names = PREFERRED.get(kind, ())
    if not names:
        raise UnknownEngineError(f"no {kind} engine '{AUTO}': name one of {engine_names(kind)}")
    reasons: list[str] = []
    for name in names:
        try:
            return create_engine(kind, name)
        except EngineUnavailableError as error:
            reasons.append(str(error))
    raise EngineUnavailableError("; ".join(reasons))
