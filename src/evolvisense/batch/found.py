"""A file that was found, and what its name says of it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple

from evolvisense.batch.stores import without_secrets
from evolvisense.types.media import MEDIA_SUFFIXES

MAGIC = frozenset("*?[")
DEEP = "**"
TRANSPORT_STREAM = ".ts"
"""Programs in TypeScript have this suffix too."""
SYNC_BYTE = b"\x47"
"""Begins every MPEG transport stream."""


class Found(NamedTuple):
    """One file, before it has a name among the others."""

    uri: str
    root: str
    """Begin of the URI that the name leaves out."""
    size_bytes: int
    state: str


def is_media(name: str) -> bool:
    """Whether files with that suffix are looked for in folders."""
    return suffix_of(name) in MEDIA_SUFFIXES


def suffix_of(name: str) -> str:
    """In small letters, with its dot."""
    return PurePosixPath(without_secrets(name)).suffix.lower()


def is_hidden(name: str) -> bool:
    """Whether desktops hide it, and leave such files everywhere."""
    return name.startswith(".")
