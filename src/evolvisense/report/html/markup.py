"""HTML from values: whatever is not markup already is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from evolvisense.report.words import CANNOT_TELL

NONE = "\u2013"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str | None) -> Markup:
    """`<name ...>children</name>`; strings that are no Markup are escaped, as attributes are.

    `class_` is the attribute class, `aria_label` is aria-label; None leaves an attribute out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{joined(children)}</{name}>")


def joined(children: Iterable[str]) -> Markup:
    """Several pieces as one."""
    return Markup("".join(c if isinstance(c, Markup) else escape(c) for c in children))


def section(title: str, *children: str, class_: str = "card") -> Markup:
    """A part of the page with its heading."""
    return element("section", element("h2", title), *children, class_=class_)


def tiles(facts: Iterable[tuple[str, str, str]]) -> Markup:
    """A list of facts: name, value, note; the value CANNOT_TELL is shown pale."""
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", name),
                element(
                    "dd",
                    value,
                    Markup(" "),
                    element("small", note) if note else "",
                    class_=_look(value),
                ),
            )
            for name, value, note in facts
        ),
        class_="tiles",
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Markup:
    """A table that scrolls by itself where it is too wide; the first column names its rows."""
    body = (
        element(
            "tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])
        )
        for row in rows
    )
    return element(
        "div",
        element(
            "table",
            element("caption", caption) if caption else "",
            element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
            element("tbody", *body),
        ),
        class_="scroll",
        tabindex="0",
        role="group",
        aria_label="Table",
    )


def percent(share: float) -> str:
    """`0.25` as `25 %`."""
    return f"{100 * share:.0f} %"


def signed(value: float, decimals: int = 2) -> str:
    """With a sign, and a minus as wide as a plus."""
    return f"{value:+.{decimals}f}".replace("-", "\u2212")


def _look(value: str) -> str | None:
    return "unknown" if value == CANNOT_TELL else None
