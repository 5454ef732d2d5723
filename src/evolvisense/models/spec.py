"""A model's contract as data, read from the JSON files in `models/specs/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from evolvisense.errors import UnknownEngineError
from evolvisense.types.engines import ModelIdentity


@dataclass(frozen=True)
class ModelSpec:
    """What a model is, what it takes and gives, and where its file comes from."""

    id: str
    version: str
    task: str
    file: str
    """File name inside the package's `models/specs/` or, with a `url`, inside the cache."""
    sha256: str
    input: str
    output: str
    labels: tuple[str, ...]
    licence: str
    training_data: str
    url: str | None
    """None for a model inside the package."""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the code that runs the model has to know of it: sizes, orders, constants."""

    @property
    def identity(self) -> ModelIdentity:
        """The part of the spec that every result names."""
        return ModelIdentity(self.id, self.version, self.licence, self.sha256)


SPECS = resources.files("evolvisense.models") / "specs"


@cache
def all_specs() -> dict[str, ModelSpec]:
    """Specs of all models whose files we name ourselves, by id."""
    specs: dict[str, ModelSpec] = {}
    for entry in sorted(SPECS.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".json"):
            raw: dict[str, Any] = json.loads(entry.read_text("utf-8"))
            raw["labels"] = tuple(raw["labels"])
            specs[raw["id"]] = ModelSpec(**raw)
    return specs


def spec(model_id: str) -> ModelSpec:
    """The spec of that id. Raises UnknownEngineError naming the known ids."""
    known = all_specs()
    if model_id not in known:
        raise UnknownEngineError(f"no model '{model_id}'; known are {', '.join(known)}")
    return known[model_id]
