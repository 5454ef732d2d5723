"""What both clients tell httpx."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from evolvisense.client.calls import Call


def settings(base_url: str, api_key: str | None, timeout_s: float) -> dict[str, Any]:
    """Arguments of httpx.Client. Raises ValueError for an address or a key that is none."""
    url = httpx.URL(base_url)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"expected an address such as https://host:port, got {base_url!r}")
    headers = {"User-Agent": f"evolvisense-client/{version('evolvisense')}"}
    if api_key:
        if not (api_key.isascii() and api_key.isprintable()):
            raise ValueError("the key holds characters that no key has")
        headers["Authorization"] = f"Bearer {api_key}"
    return {"base_url": url, "headers": headers, "timeout": timeout_s}


def request(call: Call, timeout: httpx.Timeout, files: Any = None) -> dict[str, Any]:  # noqa: ANN401 - httpx keeps the type of its files to itself
    """Arguments of httpx's `build_request`."""
    silence_s = call.silence_s
    if silence_s is None and timeout.read is not None:
        silence_s = timeout.read + call.answer_s
    found: dict[str, Any] = {
        "method": call.method,
        "url": call.path,
        "params": dict(call.params),
        "headers": dict(call.headers),
        "timeout": httpx.Timeout(
            connect=timeout.connect, read=silence_s, write=timeout.write, pool=timeout.pool
        ),
    }
    if call.form is not None:
        found |= {"data": {"options": call.form.options}, "files": files}
    if call.json is not None:
        found["json"] = dict(call.json)
    return found


@contextmanager
def saving(target: Path) -> Generator[BinaryIO]:
    """A file that takes the place of `target` once all of it is written."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
