"""Download of a model, only when a user requests it by name."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast

from evolvisense.atomic_file import atomic_path
from evolvisense.errors import ModelCorruptError, ModelDownloadError
from evolvisense.models.registry import ModelSpec, cache_dir, find_file

TIMEOUT_S = 30.0
CHUNK_BYTES = 64 * 1024
MAX_BYTES = 256 * 1024**2


def download(spec: ModelSpec, on_bytes: Callable[[int], None] | None = None) -> Path:
    """Put the model's file into the cache and return its path; a file already there is kept.

    The file appears under its name only when it is complete and has the spec's sha256.
    Raises ModelDownloadError (also when EVOLVISENSE_OFFLINE=1) or ModelCorruptError.
    """
    present = find_file(spec)
    if present is not None or spec.url is None:
        return cast("Path", present)
    if os.environ.get("EVOLVISENSE_OFFLINE") == "1":
        raise ModelDownloadError(f"EVOLVISENSE_OFFLINE=1 forbids downloading '{spec.id}'")
    directory = cache_dir()
    directory.mkdir(parents=True, exist_ok=True)
    with atomic_path(directory / spec.file) as path:
        found = _fetch(spec.url, path, on_bytes)
        if found != spec.sha256:
            raise ModelCorruptError(
                f"{spec.url} sent a file with sha256 {found}, expected {spec.sha256}: not kept"
            )
    return directory / spec.file


def _fetch(url: str, path: Path, on_bytes: Callable[[int], None] | None) -> str:
    """Write the body to `path`; its sha256."""
    if not url.startswith(("https://", "http://127.0.0.1")):
        raise ModelDownloadError(f"only https addresses are fetched, not {url}")
    digest, received = hashlib.sha256(), 0
    try:
        with (
            cast("HTTPResponse", urllib.request.urlopen(url, timeout=TIMEOUT_S)) as response,  # noqa: S310
            path.open("wb") as file,
        ):
            while chunk := response.read(CHUNK_BYTES):
                received += len(chunk)
                if received > MAX_BYTES:
                    raise ModelDownloadError(f"{url} sends more than {MAX_BYTES} bytes")
                digest.update(chunk)
                file.write(chunk)
                if on_bytes is not None:
                    on_bytes(received)
    except (OSError, HTTPException) as error:
        raise ModelDownloadError(f"cannot fetch {url}: {error}") from error
    return digest.hexdigest()
