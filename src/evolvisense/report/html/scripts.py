"""The two scripts of the page, and the policy that lets no other run."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from evolvisense.report.html.markup import Markup, element

CLOSING = re.compile("</(?=script)|<!--", re.IGNORECASE)
"""What would end a script, or hide its end; both stand in strings only."""


def plotly_path() -> Path:
    """Plotly's JavaScript, as the installed package carries it; the package is not imported."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package plotly is not installed")
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
