"""HTML from values: whatever is not markup already is escaped. The scripts of the page.

The page has two scripts and a Content-Security-Policy that lets no other run.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from evolvisense.errors import FormatUnavailableError
from evolvisense.extras import sentence
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


CLOSING = re.compile("</(?=script)|<!--", re.IGNORECASE)
"""What would end a script, or hide its end; both stand in strings only."""


def plotly_path() -> Path:
    """Plotly's JavaScript, as the installed package carries it; the package is not imported.

    Raises FormatUnavailableError without the extra [report].
    """
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FormatUnavailableError(sentence("report", "HTML", "plotly"))
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


def scripts() -> tuple[Markup, Markup]:
    """Plotly and what draws with it, as elements of the page."""
    return (element("script", Markup(_plotly())), element("script", Markup(_draw())))


def json_block(name: str, content: object) -> Markup:
    """Values for the scripts, as data that nothing runs."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return element("script", Markup(text.replace("<", "\\u003c")), type="application/json", id=name)


@cache
def content_policy() -> str:
    """The Content-Security-Policy of the page: its two scripts by their hashes, its own styles, and
    pictures that plotly draws into it. The page says so itself; a server should say so too.
    """
    hashes = " ".join(_hash(text) for text in (_plotly(), _draw()))
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _plotly() -> str:
    # Not kept: it is 5 MB, and a server must not hold it for the one report an hour.
    return _inline(plotly_path().read_text("utf-8"))


def _draw() -> str:
    return _inline(files("evolvisense.report.html").joinpath("draw.js").read_text("utf-8"))


def _inline(text: str) -> str:
    return CLOSING.sub(lambda found: found[0].replace("<", "\\x3c"), text)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
