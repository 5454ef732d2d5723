"""Numbers and yes or no, written as text: one spelling each, everywhere.

Python's and pydantic's own readers accept `1_0`, `+5`, ` 5 `, `1e1` and digits of other scripts for
whole numbers, and `true` in JSON for 1. What a client meant by these is not known, so they are
refused: in forms, queries, settings and the command by the functions here, in JSON by pydantic's
strict mode. JSON has one spelling of a whole number too: 5, not 5.0.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import ErrorDetails

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
LONGEST_NUMBER = 40
TRUTHS = {"true": True, "1": True, "false": False, "0": False}

AS_WHOLE = "must be a whole number in digits, such as 10"
AS_DECIMAL = "must be a number in digits, such as 10 or 2.5"
AS_TRUTH = "must be true or false"
SHOWN_CHARACTERS = 60


def whole_number(given: object) -> int:
    """A whole number.

    Args:
        given: text, or an int that is kept.

    Returns:
        Its value.

    Raises:
        ValueError: where it is anything else.

    >>> whole_number("10")
    10
    >>> whole_number("1_0")
    Traceback (most recent call last):
    ValueError: must be a whole number in digits, such as 10
    """
    if isinstance(given, str) and len(given) <= LONGEST_NUMBER and WHOLE.fullmatch(given):
        return int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise ValueError(AS_WHOLE)


def decimal_number(given: object) -> float:
    """A number without exponent. Raises ValueError; as `whole_number`."""
    if isinstance(given, str) and len(given) <= LONGEST_NUMBER and DECIMAL.fullmatch(given):
        return float(given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return given
    raise ValueError(AS_DECIMAL)


def truth(given: object) -> bool:
    """True or false, from `true`, `false`, `1` or `0`. Raises ValueError; as `whole_number`."""
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given in TRUTHS:
        return TRUTHS[given]
    raise ValueError(AS_TRUTH)


WholeText = Annotated[int, BeforeValidator(whole_number)]
DecimalText = Annotated[float, BeforeValidator(decimal_number)]
TruthText = Annotated[bool, BeforeValidator(truth)]


def error_texts(details: list[ErrorDetails], *, skip: int = 0) -> str:
    """What is wrong with which field and which value, for the one who sent it.

    Args:
        details: of pydantic's ValidationError, with inputs.
        skip: first parts of each field's place to leave out.

    Returns:
        One line; values that are not scalars, and those of keys, are left out.
    """
    return "; ".join(_text(one, skip) for one in details)


def shown(value: Any) -> str:  # noqa: ANN401 - whatever a client sent
    """A value for an error text, cut to a line."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."


def _text(one: ErrorDetails, skip: int) -> str:
    place = ".".join(str(part) for part in one["loc"][skip:])
    text = one["msg"].removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    value = one.get("input")
    is_shown = isinstance(value, str | int | float | bool) and "key" not in place
    if one["type"] in ("missing", "json_invalid", "extra_forbidden"):
        is_shown = False
    return ": ".join(filter(None, (place, text + (f", got {shown(value)}" if is_shown else ""))))
