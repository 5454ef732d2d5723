"""Which Host headers are answered."""

from __future__ import annotations

import pytest

from evolvisense.service.access.hosts import AllowedHosts, checked_patterns, is_loopback_host


@pytest.mark.parametrize(
    ("bound", "host", "arrived_at", "allowed"),
    [
        ("127.0.0.1", "localhost:7860", "127.0.0.1", True),
        ("127.0.0.1", "localhost.", "127.0.0.1", True),
        ("127.0.0.1", "[::1]", "::1", True),
        ("127.0.0.1", "192.0.2.7:7860", "127.0.0.1", False),
        ("127.0.0.1", "0177.0.0.1", "127.0.0.1", False),
        ("127.0.0.1", "2130706433", "127.0.0.1", False),
        ("127.0.0.1", "localhost.evil.example", "127.0.0.1", False),
        ("127.0.0.1", "localhost@evil.example", "127.0.0.1", False),
        ("127.0.0.1", "localhost/", "127.0.0.1", False),
        ("127.0.0.1", "localhost:", "127.0.0.1", False),
        ("127.0.0.1", "", "127.0.0.1", False),
        ("127.0.0.1", None, "127.0.0.1", False),
        ("192.0.2.7", "192.0.2.7:7860", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8:7860", "192.0.2.7", False),
        ("Video.example.org", "video.EXAMPLE.org", "192.0.2.7", True),
        ("2001:db8::1", "[2001:db8::1]:7860", "2001:db8::1", True),
        ("0.0.0.0", "192.0.2.7:7860", "172.17.0.2", True),
        ("0.0.0.0", "0.0.0.0:7860", "127.0.0.1", True),
        ("0.0.0.0", "evil.example:7860", "172.17.0.2", False),
        ("::", "[2001:db8::1]:7860", "2001:db8::1", True),
        # `uvicorn app:app` says nothing of where it listens.
        (None, "192.0.2.7:7860", "192.0.2.7", True),
        (None, "192.0.2.7:7860", "127.0.0.1", False),
        (None, "192.0.2.7:7860", None, False),
        (None, "evil.example", "192.0.2.7", False),
    ],
)
def test_hosts(bound: str | None, host: str | None, arrived_at: str | None, allowed: bool):
    assert AllowedHosts([], bound=bound).allows(host, arrived_at) is allowed


def test_names_of_the_setting_and_of_a_space(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPACE_HOST", "Me-Video.hf.space")
    hosts = AllowedHosts(checked_patterns(["Video.example.org", "*.example.net"]))
    for host in ("video.example.org", "a.example.net:1", "me-video.hf.space"):
        assert hosts.allows(host)
    for host in ("example.net", ".example.net", "xexample.net", "a.video.example.org", "hf.space"):
        assert not hosts.allows(host)
    assert AllowedHosts(["*"]).allows("evil.example")


@pytest.mark.parametrize(
    "wrong", ["https://a.example", "a.example:80", "a.example/", "a.*.b", "**"]
)
def test_what_is_not_the_name_of_a_host_is_told(wrong: str):
    with pytest.raises(ValueError, match="is not the name of a host"):
        checked_patterns([wrong])


def test_names_of_this_machine():
    assert [is_loopback_host(h) for h in ("localhost:1", "127.9.9.9", "[::1]:1")] == [True] * 3
    assert [is_loopback_host(h) for h in ("a.example", None, "192.0.2.7")] == [False] * 3
