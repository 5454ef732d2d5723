"""Hooks of MkDocs: files outside docs/ that pages link to, the page of the API, a check at the end.

A link to `../X` becomes a page (model cards), a file of the site (pictures, examples of deploy/) or
plain text (folders, and guides of folders that are not part of the site).
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
CARDS = "src/evolvisense/models/specs"
FIGURES_OF_CARDS = "../../../../docs/figures/"
OUTSIDE = re.compile(r"(!?)\[([^\]]*)\]\(\.\./([^)#\s]+)(?:#[^)]*)?\)")
LOADED = re.compile(
    r"<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]+)"
)
"""What a browser fetches by itself; links that a reader follows are <a>."""

API = {
    "Analysis": ("evolvisense.analyze", "evolvisense.analyzer.Analyzer", "evolvisense.options"),
    "Thresholds": ("evolvisense.thresholds",),
    "Report": ("evolvisense.report.schema.Report",),
    "Values": ("evolvisense.types.face", "evolvisense.types.voice", "evolvisense.types.behaviour"),
    "Many files": (
        "evolvisense.batch.many",
        "evolvisense.batch.run.run_batch",
        "evolvisense.batch.inputs.find_inputs",
    ),
    "Live": ("evolvisense.live.LiveSession",),
    "Baselines": ("evolvisense.baselines",),
    "Engines": ("evolvisense.types.engines", "evolvisense.testing"),
    "Client": (
        "evolvisense.client.sync.Client",
        "evolvisense.client.asynchronous.AsyncClient",
        "evolvisense.client.errors",
    ),
    "Errors": ("evolvisense.errors",),
}


def on_files(files: Files, config: Any) -> Files:
    """Add the page of the API, the model cards and the files that pages link to."""
    files.append(File.generated(config, "api.md", content=api_page()))
    for card in sorted((ROOT / CARDS).glob("*.md")):
        text = card.read_text("utf-8")
        files.append(File.generated(config, f"models/{card.name}", content=text))
    linked = {
        target
        for page in (ROOT / "docs").glob("*.md")
        for _, _, target in OUTSIDE.findall(page.read_text("utf-8"))
    }
    for target in sorted(linked):
        if is_copied(target):
            content = (ROOT / target).read_bytes()
            files.append(File.generated(config, f"files/{target}", content=content))
    return files


def is_copied(target: str) -> bool:
    """Whether it is a file that the site has a copy of."""
    return (ROOT / target).is_file() and not target.endswith(".md")


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Point links that leave docs/ at the copies."""
    is_card = page.file.src_uri.startswith("models/")
    markdown = markdown.replace(FIGURES_OF_CARDS, "../figures/")

    def replaced(found: re.Match[str]) -> str:
        picture, text, target = found.groups()
        if is_card:
            return found[0]
        if is_copied(target):
            return f"{picture}[{text}](files/{target})"
        if target.startswith(CARDS):
            return f"[{text}](models/{PurePosixPath(target).name})"
        return text if "`" in text else f"`{text}`"

    return OUTSIDE.sub(replaced, markdown)


def on_post_build(config: Any) -> None:
    """Fail where a page would load something from another host."""
    found = {
        f"{path.name}: {address}"
        for path in Path(config["site_dir"]).rglob("*.html")
        for address in LOADED.findall(path.read_text("utf-8"))
    }
    if found:
        raise PluginError("pages load from other hosts: " + ", ".join(sorted(found)))


def api_page() -> str:
    """The page of the API: docstrings and signatures, read from the source by mkdocstrings."""
    lines = [
        "# API",
        "",
        "From the docstrings of the source. [library.md](library.md) is the guide.",
    ]
    for title, names in API.items():
        lines += ["", f"## {title}"]
        for name in names:
            lines += ["", f"::: {name}"]
    return "\n".join(lines) + "\n"
