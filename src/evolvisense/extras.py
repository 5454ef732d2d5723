"""Extras of the package (`pip install "evolvisense[server]"`) and the error where one is missing.

The core analyses files and writes JSON and CSV. Everything else imports its packages when it is
used, so that a missing one is reported by one error that names the extra.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Literal

from evolvisense.errors import ExtraMissingError, FormatUnavailableError

Extra = Literal[
    "cli",
    "server",
    "report",
    "client",
    "parquet",
    "pandas",
    "postgres",
    "stores",
    "ray",
    "deepface",
]


def pip_command(extra: Extra) -> str:
    """The command that installs an extra.

    Example:
        >>> pip_command("server")
        'pip install "evolvisense[server]"'
    """
    return f'pip install "evolvisense[{extra}]"'


def require_extra(extra: Extra, what: str, *modules: str) -> None:
    """Check that the packages of an extra are installed; nothing is imported.

    Args:
        extra: the extra that installs them.
        what: what needs them, as the subject of a sentence in the singular: "the command".
        modules: top-level modules that have to be there.

    Raises:
        ExtraMissingError: at least one is missing; the text names it and the pip command.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise ExtraMissingError(sentence(extra, what, module))


def import_for_format(module: str, extra: Extra, what: str) -> Any:  # noqa: ANN401 - untyped packages
    """Import a module that writes a format.

    Args:
        module: full name, such as "pympi.Elan".
        extra: the extra that installs it.
        what: the format, as the subject of a sentence in the singular: "Parquet".

    Returns:
        The module.

    Raises:
        FormatUnavailableError: it cannot be imported; the text names it and the pip command.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise FormatUnavailableError(sentence(extra, what, module.partition(".")[0])) from error


def sentence(extra: Extra, what: str, module: str) -> str:
    """What is missing and the command that installs it, in one sentence."""
    return f"{what} needs the package {module}, which is not installed: {pip_command(extra)}"
