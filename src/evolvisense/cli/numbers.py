"""Whole numbers on the command line, in the one spelling that the server takes too."""

from __future__ import annotations

from collections.abc import Callable

import typer

from evolvisense.api.scalars import whole_number


def whole(least: int, most: int | None = None) -> Callable[[object], int]:
    """A `parser` of typer for whole numbers in digits: not `1_0`, `+5` or ` 5 `.

    Args:
        least: the smallest one that is taken.
        most: the largest one; None for any.

    Returns:
        What reads the text of an option, or raises typer.BadParameter.
    """
    wanted = f"a whole number in digits, {least}" + (f" to {most}" if most else " or more")

    def integer(given: object) -> int:
        try:
            number = whole_number(given)
        except ValueError:
            raise typer.BadParameter(f"expected {wanted}, got {given!r}") from None
        if number < least or (most is not None and number > most):
            raise typer.BadParameter(f"expected {wanted}, got {number}")
        return number

    return integer
