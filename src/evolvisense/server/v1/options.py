"""Reads the part `options` of a form."""

from __future__ import annotations

from pydantic import ValidationError

from evolvisense.api.options import Options
from evolvisense.errors import InvalidOptionError


def read_options(text: str) -> Options:
    """The part `options`. Raises InvalidOptionError."""
    try:
        return Options.model_validate_json(text)
    except ValidationError as error:
        texts = [
            ": ".join(filter(None, (".".join(map(str, e["loc"])), e["msg"])))
            for e in error.errors(include_url=False, include_input=False)
        ]
        raise InvalidOptionError(f"options: {'; '.join(texts)}") from error
