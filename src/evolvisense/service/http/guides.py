"""The guides of docs/ as pages of the server, so that /docs leads to them without the internet."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

WEB = Path(__file__).resolve().parents[2] / "web"
FOLDERS = (WEB / "guides", WEB.parents[2] / "docs")
"""Where the wheel has them; where a checkout has them."""

GUIDES = {
    "migrating": "Moving from the old service",
    "server": "The server",
    "client": "Python client",
    "live": "Live streams",
    "errors": "Errors",
    "report": "What a report holds",
    "indicators": "Indicators",
    "voice": "Voice",
    "settings": "Settings",
    "library": "Library",
    "batch": "Batches",
}
"""Name of the file in docs/ -> its title, in the order in which they are shown."""

PAGE = re.compile(r"([a-z]+)\.md(#.*)?")
NOT_IN_A_SLUG = re.compile(r"[^\w\- ]")


def links() -> str:
    """Links to all guides, as HTML."""
    return ", ".join(
        f'<a href="/docs/guides/{name}">{html.escape(title)}</a>' for name, title in GUIDES.items()
    )


@cache
def render(name: str) -> str:
    """The guide as HTML.

    Links between guides lead to their pages here, headings have the ids that GitHub gives them.
    Links to other files of the repository become plain text, and HTML in the text is escaped.

    Args:
        name: A key of `GUIDES`.

    Raises:
        FileNotFoundError: The installation does not carry the guide.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(_text(name))
    for heading, content in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", _slug(content.content))
    for token in tokens:
        if token.children is not None:
            token.children = list(_links_that_lead_somewhere(token.children))
    return parser.renderer.render(tokens, parser.options, {})


def _text(name: str) -> str:
    for folder in FOLDERS:
        if (path := folder / f"{name}.md").is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"the guide {name} is not part of this installation")


def _slug(heading: str) -> str:
    return NOT_IN_A_SLUG.sub("", heading.lower().replace("`", "")).replace(" ", "-")


def _links_that_lead_somewhere(tokens: list[Token]) -> Iterator[Token]:
    is_dropped = False
    for token in tokens:
        if token.type == "link_open":
            target = _target(str(token.attrGet("href")))
            is_dropped = target is None
            if target is None:
                continue
            token.attrSet("href", target)
        elif token.type == "link_close" and is_dropped:
            is_dropped = False
            continue
        elif token.type == "image":
            continue
        yield token


def _target(href: str) -> str | None:
    if href.startswith(("#", "https://", "http://")):
        return href
    found = PAGE.fullmatch(href)
    if found is None or found[1] not in GUIDES:
        return None
    return f"/docs/guides/{found[1]}{found[2] or ''}"
