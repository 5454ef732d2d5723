"""One try: a POST to a checked address, with the name of the URL in Host and SNI.

httpx's transport is used without its client: no redirects, no proxies of the environment, no
cookies, no connections that are kept, and nothing that logs the URL.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import httpx

from evolvisense.errors import WebhookRefusedError
from evolvisense.service.webhooks.targets import Resolve, WebhookUrl, checked_addresses, parse_url

TRY_S = 10.0
"""Everything together: name, connection, TLS, request, answer."""

CONNECT_S = 4.0
BODY_S = 2.0
MOST_ADDRESSES = 3
MOST_ANSWER_BYTES = 64 * 1024
GONE = 410
LONGEST_TROUBLE = 200
LONGEST_WAIT_S = 24 * 3600
USER_AGENT = "EvolviSense-Webhooks/1"

MakeTransport = Callable[[], httpx.AsyncBaseTransport]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a try ended."""

    status: int | None
    """HTTP status; None where there was no answer."""
    trouble: str
    """Why there was none, for the log, without path and query; empty where there was one."""
    retry_after_s: int = 0
    """What the receiver asks for, 0 to 86,400."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def unwanted(self) -> bool:
        """Whether the receiver wants no more."""
        return self.status == GONE


def one_connection(tls: ssl.SSLContext | None = None) -> httpx.AsyncBaseTransport:
    """A transport for one try. A kept connection could serve another name at the same address.

    `tls` says whose certificates are believed: those in SSL_CERT_FILE, else certifi's list.
    """
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
    return httpx.AsyncHTTPTransport(verify=tls or _tls(), trust_env=False, limits=limits)


@dataclass(frozen=True)
class Poster:
    """How webhooks are posted: who resolves names, what connects, and where they may go."""

    resolve: Resolve
    allow_private: bool = False
    """Also to private addresses, and by http."""
    make_transport: MakeTransport = one_connection
    try_s: float = TRY_S

    async def post(self, text: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send a body to a URL, once. What the network or the receiver does wrong is an Outcome."""
        try:
            async with asyncio.timeout(self.try_s):
                url = parse_url(text, allow_private=self.allow_private)
                addresses = await checked_addresses(
                    url, self.resolve, allow_private=self.allow_private
                )
                return await self._first_answer(url, addresses, body, headers)
        except WebhookRefusedError as error:
            return Outcome(None, str(error))
        except TimeoutError:
            return Outcome(None, f"no answer within {self.try_s:g} s")
        except httpx.ConnectError as error:
            return Outcome(None, f"no connection: {error}"[:LONGEST_TROUBLE])
        except (httpx.TransportError, OSError) as error:
            return Outcome(None, type(error).__name__)

    async def _first_answer(
        self, url: WebhookUrl, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]
    ) -> Outcome:
        *others, last = addresses[:MOST_ADDRESSES]
        for address in others:
            try:
                return await _answer(self.make_transport, _request(url, address, body, headers))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                log.debug("%s at one address of a webhook", type(error).__name__)
        return await _answer(self.make_transport, _request(url, last, body, headers))


def _request(
    url: WebhookUrl, address: str, body: bytes, headers: Mapping[str, str]
) -> httpx.Request:
    host = f"[{address}]" if ":" in address else address
    return httpx.Request(
        "POST",
        f"{url.scheme}://{host}:{url.port}{url.target}",
        headers={
            "Host": url.authority,
            "User-Agent": USER_AGENT,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            **headers,
        },
        content=body,
        extensions={
            "timeout": httpx.Timeout(TRY_S, connect=CONNECT_S).as_dict(),
            "sni_hostname": url.host,
        },
    )


async def _answer(make_transport: MakeTransport, request: httpx.Request) -> Outcome:
    async with make_transport() as transport:
        response = await transport.handle_async_request(request)
        try:
            async with asyncio.timeout(BODY_S):
                await _take_body(response)
        except (httpx.TransportError, TimeoutError) as error:
            log.debug("%s after a status %d", type(error).__name__, response.status_code)
        finally:
            await response.aclose()
    return Outcome(response.status_code, "", _retry_after_s(response))


async def _take_body(response: httpx.Response) -> None:
    """Let the receiver finish a short answer; what it says is of no use here."""
    taken = 0
    # Not aiter_raw: it belongs to httpx's client.
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        taken += len(chunk)
        if taken >= MOST_ANSWER_BYTES:
            return


def _retry_after_s(response: httpx.Response) -> int:
    """Retry-After where it is in seconds; a date is not read, the schedule counts then."""
    text = response.headers.get("Retry-After", "").strip()
    if not (text.isascii() and text.isdigit()):
        return 0
    return min(int(text[:9]), LONGEST_WAIT_S)


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
