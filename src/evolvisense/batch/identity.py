"""What makes two analyses the same: content, options, models, version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from evolvisense.types.engines import ModelIdentity
from evolvisense.types.options import AnalysisOptions


def key_of(
    content_sha256: str,
    options: AnalysisOptions,
    models: Sequence[ModelIdentity],
    version: str,
) -> str:
    """64 hexadecimal digits; equal where the analysis would give the same tables.

    `version` is that of the package.
    """
    parts = {
        "content": content_sha256,
        "options": asdict(options),
        "models": [[model.id, model.version, model.sha256] for model in models],
        "version": version,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
