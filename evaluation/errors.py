"""The error of this package."""

from __future__ import annotations


class EvaluationError(Exception):
    """The folder, the options or the labels cannot be worked with; the text says what to change."""
