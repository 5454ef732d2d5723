"""Model specs (JSON files in `models/specs/`) and where model files are on this machine.

A file is used only if its sha256 is the one of its spec. A model inside the package is used from
there. Others are looked up in `EVOLVISENSE_MODELS_DIR` (an offline directory, read only) and then
in the cache, `EVOLVISENSE_CACHE_DIR` or `~/.cache/evolvisense`. Nothing is downloaded here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from evolvisense.errors import ModelCorruptError, ModelMissingError, UnknownEngineError
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


def cache_dir() -> Path:
    """Directory of downloaded models."""
    configured = os.environ.get("EVOLVISENSE_CACHE_DIR")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "evolvisense"


def find_file(spec: ModelSpec) -> Path | None:
    """Path of the model's file, unchecked; None where it is not on this machine."""
    if spec.url is None:
        return Path(str(SPECS / spec.file))
    offline = os.environ.get("EVOLVISENSE_MODELS_DIR")
    for directory in (Path(offline) if offline else None, cache_dir()):
        if directory is not None and (directory / spec.file).is_file():
            return directory / spec.file
    return None


def load_bytes(spec: ModelSpec) -> bytes:
    """The model's bytes. Raises ModelMissingError or ModelCorruptError."""
    path = find_file(spec)
    if path is None or not path.is_file():
        raise ModelMissingError(
            f"model '{spec.id}' ({spec.file}) is not on this machine and nothing is downloaded "
            f"unasked: run `evolvisense models download {spec.id}`, or put the file into the "
            f"directory that EVOLVISENSE_MODELS_DIR names"
        )
    return _verified(path, spec.sha256, spec.id)


@cache
def _verified(path: Path, sha256: str, model_id: str) -> bytes:
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelCorruptError(
            f"{path} is not model '{model_id}': its sha256 is {found}, expected {sha256}; "
            "delete it and fetch it again"
        )
    return content
