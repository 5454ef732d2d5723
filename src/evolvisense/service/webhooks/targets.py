"""Which URLs webhooks may go to: never to what only this machine or its network can reach.

Every name is resolved here, all its addresses are checked, and the connection is made to a checked
address, not to the name. So a name that resolves to something else a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from evolvisense.errors import WebhookRefusedError

LONGEST_URL = 2048
RESOLVE_S = 5.0
RESOLVER_THREADS = 4

DEFAULT_PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024
"""Below it only 80 and 443: no mail, no name server, no remote shell."""

_HOST = r"\[[0-9a-f:.]*\]|[a-z0-9.-]+"
_PATH = r"(?:/(?:[a-z0-9._~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*)?"
_QUERY = r"(?:\?(?:[a-z0-9._~!$&'()*+,;=:@/?\[\]-]|%[0-9a-f]{2})*)?"
URL = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?({_PATH}{_QUERY})", re.I | re.A)
CREDENTIALS = re.compile(r"[a-z]+://[^/?#]*@", re.I | re.A)
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LONGEST_NAME = 253
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home.arpa")


Network = IPv4Network | IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(network) for network in text.split())


PRIVATE = _networks(
    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 "  # private
    "100.64.0.0/10 "  # behind a provider's NAT
    "127.0.0.0/8 ::1/128"  # this machine
)
"""Refused, unless a setting allows them."""

NEVER = _networks(
    "0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 "
    "203.0.113.0/24 240.0.0.0/4 2001::/23 2001:db8::/32 3fff::/20 "  # reserved, tests, examples
    "224.0.0.0/4 "  # to many
    "2002::/16 "  # 6to4: an IPv4 address in disguise
    "169.254.0.0/16 "  # the link, and where clouds tell machines their credentials
    "100.100.100.200/32 168.63.129.16/32 fd00:ec2::254/128 fd20:ce::254/128"  # the same
)
"""Refused whatever the settings are. The IANA special-purpose registries, and clouds' metadata."""

PUBLIC_V6 = IPv6Network("2000::/3")
"""All of IPv6 that is given out. Outside lie ::ffff:a.b.c.d, 64:ff9b::a.b.c.d, the link, groups."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port -> addresses. Raises OSError where there are none."""


@dataclass(frozen=True)
class WebhookUrl:
    """A URL whose text is fit for a webhook; its addresses are not known yet."""

    scheme: str
    host: str
    """A name or an address, small letters, without brackets and without a last full stop."""
    port: int
    target: str
    """Path and query, as given."""

    @property
    def authority(self) -> str:
        """Host and port as the receiver reads them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """What may be logged: paths and queries hold secrets."""
        return f"{self.scheme}://{self.authority}"


class SystemResolver:
    """The system's resolver in threads of its own, so that a slow name server stops nobody else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="webhook-names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name, in the system's order of preference."""

        def look_up() -> list[str]:
            found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            return list(dict.fromkeys(str(address[0]) for *_, address in found))

        return await asyncio.get_running_loop().run_in_executor(self._threads, look_up)

    def close(self) -> None:
        """Start no more; the threads end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def check_url(text: str, resolve: Resolve, *, allow_private: bool = False) -> WebhookUrl:
    """Refuse a URL that no webhook would be sent to, at the time it is given.

    Raises WebhookRefusedError. The check is made again at every try: see `checked_addresses`.
    """
    url = parse_url(text, allow_private=allow_private)
    await checked_addresses(url, resolve, allow_private=allow_private)
    return url


def parse_url(text: str, *, allow_private: bool = False) -> WebhookUrl:
    """Read a URL by a strict grammar of its own, so that no two readers can disagree about it.

    Raises WebhookRefusedError.
    """
    if len(text) > LONGEST_URL:
        raise WebhookRefusedError(f"the webhook's URL is longer than {LONGEST_URL} characters")
    if CREDENTIALS.match(text):
        raise WebhookRefusedError(
            "the webhook's URL holds a user name or password, which are not sent: "
            "check the signature instead"
        )
    match = URL.fullmatch(text)
    if match is None:
        raise WebhookRefusedError(
            "the webhook's URL is not of the form https://host/path in ASCII: write other "
            "characters as %XX, names of other scripts as xn--..., and leave #... off"
        )
    scheme, host, port, target = match.groups()
    scheme = scheme.lower()
    if scheme == "http" and not allow_private:
        raise WebhookRefusedError("the webhook's URL must begin with https://")
    return WebhookUrl(
        scheme=scheme,
        host=_host(host.lower(), allow_private=allow_private),
        port=_port(scheme, port),
        target=target if target.startswith("/") else f"/{target}",
    )


async def checked_addresses(
    url: WebhookUrl, resolve: Resolve, *, allow_private: bool = False
) -> tuple[str, ...]:
    """The addresses to connect to. One that is refused refuses all.

    Raises WebhookRefusedError, also where the name has no address now.
    """
    literal = _address(url.host)
    if literal is not None:
        found: Sequence[str] = [str(literal)]
    else:
        try:
            async with asyncio.timeout(RESOLVE_S):
                found = await resolve(url.host, url.port)
        except (OSError, UnicodeError):  # TimeoutError is an OSError
            found = ()
        if not found:
            raise WebhookRefusedError(f"no address of the webhook's host {url.host} was found")
    for address in found:
        if not is_allowed(address, allow_private=allow_private):
            raise WebhookRefusedError(
                f"the webhook's host {url.host} is in a private or reserved network"
            )
    return tuple(found)


def is_allowed(address: str, *, allow_private: bool = False) -> bool:
    """Whether a webhook may be sent to an address; False for what is none."""
    ip = _address(address)
    if ip is None or _is_in(ip, NEVER):
        return False
    if _is_in(ip, PRIVATE):
        return allow_private
    return isinstance(ip, IPv4Address) or ip in PUBLIC_V6


def _port(scheme: str, text: str | None) -> int:
    port = DEFAULT_PORTS[scheme] if text is None else int(text)
    if port not in DEFAULT_PORTS.values() and not FIRST_FREE_PORT <= port <= 0xFFFF:
        raise WebhookRefusedError(
            f"the webhook's port {port} is not 80, 443 or one of {FIRST_FREE_PORT} to 65535"
        )
    return port


def _host(text: str, *, allow_private: bool) -> str:
    if text.startswith("["):
        address = _address(text[1:-1])
        if not isinstance(address, IPv6Address):
            raise WebhookRefusedError(f"the webhook's host {text} is no IPv6 address")
        return str(address)
    name = text.removesuffix(".")
    labels = name.split(".")
    # Resolvers read 2130706433, 0x7f.1 and 0177.0.0.1 as addresses; here an address has one form.
    if NUMBER.fullmatch(labels[-1]):
        if _address(name) is None:
            raise WebhookRefusedError(
                f"the webhook's host {text} is a number: write an IPv4 address as 192.0.2.1"
            )
        return name
    if len(name) > LONGEST_NAME or not all(LABEL.fullmatch(label) for label in labels):
        raise WebhookRefusedError("the webhook's host is no name of a host")
    is_local = len(labels) == 1 or any(f".{name}".endswith(f".{local}") for local in LOCAL_NAMES)
    if is_local and not allow_private:
        raise WebhookRefusedError(f"the webhook's host {name} is a name of a local network")
    return name


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_in(ip: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(ip in network for network in networks)
