"""Where model files are on this machine, and whether they are what their spec says.

A model inside the package is used from there. Others are looked up in `EVOLVISENSE_MODELS_DIR`
(an offline directory, read only) and then in the cache, `EVOLVISENSE_CACHE_DIR` or
`~/.cache/evolvisense`. Nothing is downloaded here.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from evolvisense.errors import ModelCorruptError, ModelMissingError
from evolvisense.models.spec import SPECS, ModelSpec


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
