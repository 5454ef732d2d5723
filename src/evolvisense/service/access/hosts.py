"""Which addresses are this machine's own.

Which host names a request may be addressed to.

A page of a stranger can make its own name resolve to 127.0.0.1 (DNS rebinding). For the browser its
requests are then of the same origin, and only the Host header still names the stranger. So every
request, HTTP or WebSocket, has to name a host that this server is known by. An address in digits is
not a risk: no name server can make the origin of a page into one.

    Host                       answered
    localhost, 127.x.x.x, [::1]   always
    the host of `serve --host`    always
    EVOLVISENSE_ALLOWED_HOSTS     always; `*.example.org` for what lies below, `*` for every name
    SPACE_HOST (Hugging Face)     always
    another address in digits     where the server listens on every interface
    anything else, or none        421

The test of all routes: tests/service/http/test_strangers.py.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable


def is_loopback(host: str) -> bool:
    """Whether only this machine is reached by that address."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.I | re.A)
PATTERN = re.compile(r"\*|(?:\*\.)?[a-z0-9._-]+|\[?[0-9a-f:]+\]?", re.A)
SPACE_VARIABLE = "SPACE_HOST"
EVERY_INTERFACE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not listened on


class AllowedHosts:
    """Decides about Host headers.

    >>> hosts = AllowedHosts(["*.example.org"], bound="127.0.0.1")
    >>> hosts.allows("localhost:7860"), hosts.allows("a.example.org"), hosts.allows("evil.example")
    (True, True, False)
    """

    def __init__(self, patterns: Iterable[str], *, bound: str | None = None) -> None:
        """Take the entries of the setting, and what the server listens on.

        Args:
            patterns: as in EVOLVISENSE_ALLOWED_HOSTS, see `checked_patterns`.
            bound: address or name; None where it is not known (`uvicorn app:app`).
        """
        space = os.environ.get(SPACE_VARIABLE, "")
        self._names = {name for name in (*patterns, space.lower()) if name}
        self._any = "*" in self._names
        self._below = tuple(name[1:] for name in self._names if name.startswith("*."))
        self._any_address: bool | None = None
        if bound is not None:
            self._any_address = bound in EVERY_INTERFACE
            if not self._any_address:
                self._names.add(bound.lower())

    def allows(self, header: str | None, arrived_at: str | None = None) -> bool:
        """Whether a request with that Host header is answered.

        Args:
            header: the Host header; None where there is none, or more than one.
            arrived_at: this machine's address of the connection, where it is known.
        """
        if self._any:
            return True
        found = HOST.fullmatch(header) if header is not None else None
        if found is None:
            return False
        host = _bare(found[1])
        if is_loopback(host) or host in self._names or f"[{host}]" in self._names:
            return True
        if _is_address(host):
            if self._any_address is None:
                return arrived_at is not None and not is_loopback(arrived_at)
            return self._any_address
        return any(host.endswith(below) and len(host) > len(below) for below in self._below)


def checked_patterns(patterns: Iterable[str]) -> list[str]:
    """Entries of EVOLVISENSE_ALLOWED_HOSTS in small letters. Raises ValueError for what is none."""
    found = [pattern.lower() for pattern in patterns]
    for pattern in found:
        if not PATTERN.fullmatch(pattern):
            raise ValueError(
                f"{pattern!r} is not the name of a host: write names without scheme, port and "
                "path, as in `video.example.org` or `*.example.org`; `*` allows every name"
            )
    return found


def is_loopback_host(header: str | None) -> bool:
    """Whether a Host header names this machine itself: localhost, 127.x.x.x or [::1]."""
    found = HOST.fullmatch(header) if header is not None else None
    return found is not None and is_loopback(_bare(found[1]))


def _bare(host: str) -> str:
    return host.lower().strip("[]").removesuffix(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
