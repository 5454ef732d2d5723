"""Where webhooks may go: every address family and every way to write an address."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evolvisense.errors import WebhookRefusedError
from evolvisense.service.webhooks import targets
from evolvisense.service.webhooks.targets import (
    SystemResolver,
    check_url,
    checked_addresses,
    is_allowed,
    parse_url,
)

PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]


class Names:
    """A resolver with answers of its own; later answers come at later questions."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def check(url: str, *answers: Sequence[str], allow_private: bool = False) -> None:
    asyncio.run(check_url(url, Names(*(answers or (PUBLIC,))), allow_private=allow_private))


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://hooks.example", "hooks.example", 443, "/", "hooks.example"),
        ("HTTPS://Hooks.Example/A?b=C", "hooks.example", 443, "/A?b=C", "hooks.example"),
        ("https://hooks.example?x=1", "hooks.example", 443, "/?x=1", "hooks.example"),
        ("https://hooks.example:8443/a/b", "hooks.example", 8443, "/a/b", "hooks.example:8443"),
        ("https://hooks.example:443/", "hooks.example", 443, "/", "hooks.example"),
        ("https://hooks.example:80/", "hooks.example", 80, "/", "hooks.example:80"),
        ("https://hooks.example./", "hooks.example", 443, "/", "hooks.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", None),
        ("https://93.184.215.14/", "93.184.215.14", 443, "/", "93.184.215.14"),
        ("https://[2606:2800::1]:1024/", "2606:2800::1", 1024, "/", "[2606:2800::1]:1024"),
        ("https://a.example/%C3%BC/~x;y=1,2?q=[1]", "a.example", 443, None, None),
    ],
)
def test_a_url_is_taken_apart(
    url: str, host: str, port: int, target: str | None, authority: str | None
) -> None:
    parsed = parse_url(url)
    assert (parsed.scheme, parsed.host, parsed.port) == ("https", host, port)
    assert target in (None, parsed.target)
    assert authority in (None, parsed.authority)
    check(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "//hooks.example/",
        "https://",
        "https:///x",
        "https:hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "http://hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example/ x",
        " https://hooks.example/",
        "https://hooks.example/\n",
        "https://hooks.example/\r\nHost: x",
        "https://hooks.example\t/",
        "https://hooks.example\\@127.0.0.1/",
        "https:\\\\hooks.example/",
        "https://hooks.example/%zz",
        "https://bücher.example/",
        "https://hooks。example/",
        "https://①②⑦.⓪.⓪.①/",
        "https://loc\u212aalhost.example/",
        "https://hoo\u017f.example/",
        "https://hooks%2eexample/",
        "https://hooks_.example/",
        "https://-hooks.example/",
        "https://hooks..example/",
        "https://.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://hooks.example/" + "a" * 2048,
        "https://hooks.example:/",
        "https://hooks.example:x/",
        "https://hooks.example:-1/",
        "https://hooks.example:443:80/",
        "https://[::1/",
        "https://[::1%25eth0]/",
        "https://[1.2.3.4]/",
        "https://[]/",
        "https://[v1.x]/",
    ],
)
def test_what_is_no_plain_https_url_is_refused(url: str) -> None:
    with pytest.raises(WebhookRefusedError):
        parse_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user@hooks.example/",
        "https://user:secret@hooks.example/",
        "https://:@hooks.example/",
        "https://hooks.example@127.0.0.1/",
        "https://hooks.example:443@127.0.0.1/",
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_credentials_are_refused_and_not_repeated(url: str, allow_private: bool) -> None:
    with pytest.raises(WebhookRefusedError, match="user name or password") as caught:
        parse_url(url, allow_private=allow_private)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 79, 81, 442, 444, 1023, 65536, 99999])
@pytest.mark.parametrize("allow_private", [False, True])
def test_ports_of_other_services_are_refused(port: int, allow_private: bool) -> None:
    with pytest.raises(WebhookRefusedError, match=f"port {port} is not 80, 443"):
        parse_url(f"https://hooks.example:{port}/", allow_private=allow_private)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.0.0.1",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.0x1",
        "127.0.0.1.",
        "0",
        "0x",
        "256.1.1.1",
        "1.2.3.4.5",
        "3232235777",
        "hooks.example.1",
        "127.0.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::169.254.169.254]",
        "[fe80::1]",
    ],
)
def test_numbers_that_are_addresses_of_this_machine_are_refused_however_written(host: str) -> None:
    with pytest.raises(WebhookRefusedError):
        check(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "localhost.localdomain",
        "printer.local",
        "metadata.google.internal",
        "nas.lan",
        "wiki.intranet",
        "router.home.arpa",
        "intern",
        "com.",
    ],
)
def test_names_of_local_networks_are_refused_whatever_they_resolve_to(host: str) -> None:
    with pytest.raises(WebhookRefusedError, match="name of a local network"):
        check(f"https://{host}/", PUBLIC)


PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("100.64.0.1", "100.127.255.255", "::1", "fc00::1", "fd12:3456::1"),
]
NEVER = [
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.0.192", "192.0.2.1"),
    *("192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16"),
    *("::", "::7f00:1", "::ffff:10.0.0.1", "::ffff:93.184.215.14", "64:ff9b::7f00:1"),
    *("64:ff9b::5db8:d70e", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:5db8:d70e::1"),
    *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2001:10::1", "2001:20::1"),
    *("100::1", "3fff::1", "5f00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    *("fd00:ec2::254", "fd20:ce::254", "4000::1", "", "hooks.example", "1.2.3"),
]


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_an_address_that_not_everybody_can_reach_is_refused(address: str) -> None:
    assert not is_allowed(address)
    with pytest.raises(WebhookRefusedError, match="private or reserved network"):
        check("https://hooks.example/", [address])


@pytest.mark.parametrize("address", [*PRIVATE, *PUBLIC])
def test_private_addresses_are_allowed_by_setting(address: str) -> None:
    assert is_allowed(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_reserved_addresses_and_the_metadata_of_clouds_are_never_allowed(address: str) -> None:
    assert not is_allowed(address, allow_private=True)


@pytest.mark.parametrize("url", ["http://localhost:8000/", "http://10.0.0.1/", "http://nas/x"])
def test_the_setting_allows_local_names_and_http_too(url: str) -> None:
    check(url, ["10.0.0.2"], allow_private=True)
    with pytest.raises(WebhookRefusedError):
        check(url, ["10.0.0.2"])


@given(address=st.ip_addresses() | st.ip_addresses(network="2000::/3"))
@example(address=IPv4Address("93.184.215.14"))
def test_only_what_the_standard_library_calls_global_is_ever_allowed(
    address: IPv4Address | IPv6Address,
) -> None:
    if is_allowed(str(address)):
        assert address.is_global
        assert not address.is_multicast
    elif isinstance(address, IPv4Address):
        odd = {ip_address("168.63.129.16"), ip_address("100.100.100.200")}
        is_relay = str(address).startswith("192.88.99.") or str(address).startswith("192.0.0.")
        assert not address.is_global or address.is_multicast or is_relay or address in odd


@given(address=st.ip_addresses(v=4))
def test_no_ipv4_address_in_the_disguise_of_an_ipv6_address_is_allowed(
    address: IPv4Address,
) -> None:
    number = int(address)
    disguises = [
        number,
        0xFFFF << 32 | number,
        0xFFFF << 48 | number,
        0x64FF9B << 96 | number,
        0x0064FF9B0001 << 80 | number,
        0x2002 << 112 | number << 80 | 1,
        0x20010000 << 96 | (number ^ 0xFFFFFFFF),
    ]
    for disguise in disguises:
        assert not is_allowed(str(IPv6Address(disguise)), allow_private=True) or disguise == 1


@pytest.mark.parametrize(
    "answers", [[*PUBLIC, "10.0.0.1"], ["10.0.0.1", *PUBLIC], ["::1", PUBLIC[0]]]
)
def test_one_private_address_among_several_refuses_all(answers: list[str]) -> None:
    with pytest.raises(WebhookRefusedError, match="private or reserved network"):
        check("https://hooks.example/", answers)


def test_a_name_is_resolved_once_and_its_addresses_are_given_back() -> None:
    names = Names(PUBLIC, ["127.0.0.1"])
    url = parse_url("https://hooks.example:8443/")
    assert asyncio.run(checked_addresses(url, names)) == tuple(PUBLIC)
    assert names.asked == [("hooks.example", 8443)]


def test_an_address_is_not_resolved() -> None:
    names = Names(["127.0.0.1"])
    asyncio.run(check_url("https://93.184.215.14/", names))
    assert names.asked == []


async def _unknown(host: str, port: int) -> Sequence[str]:
    raise OSError(-2, "Name or service not known")


async def _never(host: str, port: int) -> Sequence[str]:
    await asyncio.Event().wait()
    return PUBLIC


@pytest.mark.parametrize("resolve", [_unknown, _never, Names([])])
def test_a_name_without_an_address_is_refused(
    resolve: targets.Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "RESOLVE_S", 0.05)
    with pytest.raises(WebhookRefusedError, match="no address of the webhook's host"):
        asyncio.run(check_url("https://hooks.example/", resolve))


def test_the_system_resolves_the_names_that_it_knows() -> None:
    resolver = SystemResolver()
    found = asyncio.run(resolver("localhost", 80))
    resolver.close()
    assert found
    assert all(ip_address(address).is_loopback for address in found)


pieces = st.lists(
    st.sampled_from([*"az09.:/?#@[]%\\-_ \t&", "https", "127.0.0.1", "::1", "example", "%2e"]),
    max_size=12,
)


@given(rest=pieces.map("".join))
@example(rest="a.example:8443/x?y@z")
@example(rest="93.184.215.14/a@b:80")
def test_what_is_taken_reads_the_same_to_other_readers_of_urls(rest: str) -> None:
    text = f"https://{rest}"
    try:
        parsed = parse_url(text)
    except WebhookRefusedError:
        return
    split, other = urlsplit(text), httpx.URL(text)
    for host, port in ((split.hostname, split.port), (other.host, other.port)):
        assert (host or "").removesuffix(".") == parsed.host
        assert (port or 443) == parsed.port
    assert split.username is None
    assert other.userinfo == b""
