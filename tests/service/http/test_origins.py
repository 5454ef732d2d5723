"""Which pages may send."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from evolvisense.service.http.origins import may_send


@pytest.mark.parametrize(
    ("origin", "site", "scheme", "passes"),
    [
        (None, None, "http", True),
        (None, "none", "http", True),
        (None, "same-origin", "http", True),
        (None, "cross-site", "http", False),
        (None, "same-site", "http", False),
        ("http://here:7860", None, "http", True),
        ("https://here:7860", None, "http", True),  # a proxy speaks TLS
        ("http://here:7860", None, "https", False),
        ("ws://here:7860", None, "ws", False),
        ("http://HERE:7860", "same-origin", "http", True),
        ("http://here:7860", "cross-site", "http", False),
        ("http://here", None, "http", False),
        ("http://there:7860", None, "http", False),
        ("http://there:7860", "same-origin", "http", False),
        ("http://here:7860.there", None, "http", False),
        ("http://there@here:7860x", None, "http", False),
        ("null", None, "http", False),
        ("", None, "http", False),
        ("http://[", None, "http", False),
        ("https://app.example", "cross-site", "http", True),
        ("HTTPS://APP.example", "cross-site", "http", True),
        ("https://app.example.evil", "cross-site", "http", False),
    ],
)
def test_pages(origin: str | None, site: str | None, scheme: str, passes: bool) -> None:
    headers = [(b"host", b"here:7860")]
    headers += [] if origin is None else [(b"origin", origin.encode())]
    headers += [] if site is None else [(b"sec-fetch-site", site.encode())]
    connection = HTTPConnection({"type": "http", "scheme": scheme, "headers": headers})
    assert may_send(connection, {"https://app.example"}) is passes
    assert may_send(connection, {"*"})


def test_default_ports_need_not_be_named() -> None:
    for origin, host in (
        ("https://here", b"here"),
        ("https://here", b"here:443"),
        ("http://here", b"here:80"),
        ("http://[::1]:7860", b"[::1]:7860"),
    ):
        headers = [(b"host", host), (b"origin", origin.encode())]
        assert may_send(HTTPConnection({"type": "http", "scheme": "http", "headers": headers}), ())


def test_two_origins_are_none() -> None:
    headers = [(b"host", b"here"), (b"origin", b"http://here"), (b"origin", b"http://here")]
    assert not may_send(HTTPConnection({"type": "http", "scheme": "http", "headers": headers}), ())
