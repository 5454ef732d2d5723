"""Who asks, whether they may, and whether not too often.

    a key in the database           its own analyses; with the scope `admin` all of them
    the token made at the start     as a key, as long as no key was ever made (`token.py`)
    no key, this machine            as below; only where no key was ever made
    no key, EVOLVISENSE_ALLOW_ANONYMOUS   an analysis by its id; no list, nothing of others

Whoever comes without a key is never more than that, not even from this machine: a proxy here that
says nothing of the addresses it stands for makes every stranger look like this machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import re
import secrets
import time
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from evolvisense.service.access.hosts import is_loopback, is_loopback_host
from evolvisense.service.access.keys import ApiKeys, Scope
from evolvisense.service.access.rates import RateLimiter, client_of
from evolvisense.service.http.errors import (
    ForbiddenError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from evolvisense.service.http.origins import host_of
from evolvisense.service.http.token import WANTED, StartToken
from evolvisense.service.settings import Settings
from evolvisense.types.job import Job

KEYS_KNOWN_S = 5.0
"""Whether there are keys at all is asked so often at most."""

KEYLESS_SCOPES: frozenset[Scope] = frozenset({"analyze", "read", "live"})
"""Of callers without a key and of the token; never `admin`."""

FORWARDING_PREFIX = "x-forwarded-"
OF_PROXIES = frozenset({"forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip"})
"""Headers that proxies add. Where one is there, the request is not of this machine."""

VISITOR_COOKIE = "evolvisense-visitor"
VISITOR = re.compile(r"[A-Za-z0-9_-]{32,128}")
"""A random text that a browser without a key keeps: what belongs to it belongs to nobody else."""
TOKEN_OWNER = "token"  # noqa: S105 - a name
"""Owner of what was handed in with the token; ids of keys are 16 hexadecimal digits."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    owner: str
    """Id of the key; empty without one."""
    scopes: frozenset[Scope]
    turn: str = ""
    """Under this name requests, places and turns are counted: a key, or an address."""
    is_here: bool = False
    """Without a key on this machine, as far as that can be seen: see `is_on_this_machine`."""
    visitor: str = ""
    """Hash of the secret of a browser without a key; empty where there is none."""

    @property
    def sees_all(self) -> bool:
        """Whether the jobs of others are theirs too."""
        return "admin" in self.scopes

    @property
    def may_list(self) -> bool:
        """Whether there is anything that is known to be theirs: callers without a key share ""."""
        return bool(self.owner) or self.sees_all

    @property
    def keeper(self) -> str:
        """Whose the baselines are; empty for callers who cannot be told from others."""
        return self.owner or (f"visitor {self.visitor}" if self.visitor else "")

    def may_see(self, job: Job) -> bool:
        """Whether a job whose id they know is theirs to read, cancel and delete.

        What was handed in without a key belongs to whoever holds its id.
        """
        return self.sees_all or job.owner in ("", self.owner)


class CallerIdentifier:
    """Lets callers in."""

    def __init__(self, settings: Settings, keys: ApiKeys, token: StartToken | None = None) -> None:
        """`token` is what strangers need while there are no keys; None where none was made."""
        self._settings, self._keys, self._token = settings, keys, token
        self._has_keys = False
        self._asked_s = -math.inf
        # Addresses are kept with jobs, for fair turns: only as something that cannot be undone.
        self._salt = secrets.token_bytes(16)
        self._has_warned = False
        self._limiter = (
            RateLimiter(settings.rate_per_minute, settings.rate_burst)
            if settings.rate_per_minute > 0
            else None
        )

    async def caller(
        self,
        connection: HTTPConnection,
        scope: Scope,
        given: str | None = None,
        *,
        or_here: bool = False,
    ) -> Caller:
        """The caller, who has `scope`.

        Args:
            connection: the request or WebSocket.
            scope: what the key has to be good for.
            given: a key that came otherwise than in a header.
            or_here: whoever is on a machine without keys may do it too.

        Raises:
            UnauthenticatedError: a key is needed, or the one given is not good.
            ForbiddenError: it lacks the scope, or the server is not open to this address.
            TooManyRequestsError: the key or the address has to wait.
        """
        secret = given or key_of(connection)
        if await self.wants_token() and (self._is_token(secret) or self._has_cookie(connection)):
            caller = Caller(TOKEN_OWNER, KEYLESS_SCOPES, TOKEN_OWNER)
        elif secret:
            caller = await self._with_key(connection, secret)
        else:
            self.require_pace(self._turn_of(connection))
            caller = await asyncio.to_thread(self._without_key, connection)
        if caller.owner:
            self.require_pace(caller.turn)
        is_enough = scope in caller.scopes or "admin" in caller.scopes
        if not is_enough and not (or_here and caller.is_here):
            raise ForbiddenError(
                f"this key does not have the scope `{scope}`"
                if caller.owner
                else f"this needs a key with the scope `{scope}`: `evolvisense keys create`"
            )
        return caller

    def requires_keys(self) -> bool:
        """Whether callers without a key are refused. Asks the database now and then."""
        if self._settings.allow_anonymous:
            return False
        return self._token is not None or self._any_keys() or self._settings.profile == "strict"

    async def wants_token(self) -> bool:
        """Whether the token made at the start counts: there is one, and no key was ever made."""
        return self._token is not None and not await asyncio.to_thread(self._any_keys)

    def holds_token(self, connection: HTTPConnection) -> bool:
        """Whether a request brings the token, in a header or as the cookie made from it."""
        return self._is_token(key_of(connection)) or self._has_cookie(connection)

    def require_pace_of(self, connection: HTTPConnection) -> None:
        """Count a request without a key. Raises TooManyRequestsError."""
        self.require_pace(self._turn_of(connection))

    def require_pace(self, turn: str) -> None:
        """Count a request. Raises TooManyRequestsError."""
        wait_s = 0.0 if self._limiter is None else self._limiter.take(turn)
        if wait_s > 0:
            retry_s = math.ceil(wait_s)
            raise TooManyRequestsError(f"too many requests; try again in {retry_s} s", retry_s)

    async def _with_key(self, connection: HTTPConnection, secret: str) -> Caller:
        record = await asyncio.to_thread(self._keys.find, secret)
        if record is None:
            self.require_pace(self._turn_of(connection))
            raise UnauthenticatedError("this key is not known here, or it was revoked")
        return Caller(record.id, frozenset(record.scopes), record.id)

    def _without_key(self, connection: HTTPConnection) -> Caller:
        if not self._settings.allow_anonymous:
            if self.requires_keys():
                raise UnauthenticatedError(
                    WANTED
                    if self._token is not None and not self._has_keys
                    else "send a key as `Authorization: Bearer evs_...` or `X-Api-Key: evs_...`"
                )
            if self._settings.trusted_proxies or not is_on_this_machine(connection):
                raise ForbiddenError(
                    "this server has no keys yet and answers on this machine only; its operator "
                    "makes one with `evolvisense keys create`, or sets "
                    "EVOLVISENSE_ALLOW_ANONYMOUS=1 to serve everybody"
                )
        return Caller(
            "",
            KEYLESS_SCOPES,
            self._turn_of(connection),
            is_here=not self._settings.allow_anonymous,
            visitor=visitor_of(connection),
        )

    def _turn_of(self, connection: HTTPConnection) -> str:
        """The name under which a caller without a key is counted, made from the address."""
        if not self._has_warned and not self._settings.trusted_proxies:
            self._warn_of_proxy(connection)
        address = client_of(connection.client.host if connection.client else "")
        return "~" + hashlib.blake2b(address.encode(), key=self._salt, digest_size=8).hexdigest()

    def _warn_of_proxy(self, connection: HTTPConnection) -> None:
        if is_forwarded(connection):
            self._has_warned = True
            log.warning(
                "requests come through a proxy, whose address counts for all its clients: set "
                "EVOLVISENSE_TRUSTED_PROXIES to its address, so that theirs count"
            )

    def _is_token(self, secret: str) -> bool:
        return self._token is not None and self._token.is_text(secret)

    def _has_cookie(self, connection: HTTPConnection) -> bool:
        return self._token is not None and self._token.is_in_cookies(connection)

    def _any_keys(self) -> bool:
        """Whether a key was ever made: revoking the last one opens nothing."""
        now_s = time.monotonic()
        if not self._has_keys and now_s - self._asked_s >= KEYS_KNOWN_S:
            self._has_keys, self._asked_s = self._keys.any_made(), now_s
        return self._has_keys


def key_of(connection: HTTPConnection) -> str:
    """The key in the headers; empty without one."""
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        return secret.strip()
    return connection.headers.get("x-api-key", "").strip()


def visitor_of(connection: HTTPConnection) -> str:
    """What stands for the secret in the cookie of a browser without a key; empty without one."""
    secret = connection.cookies.get(VISITOR_COOKIE, "")
    if not VISITOR.fullmatch(secret):
        return ""
    return hashlib.sha256(f"visitor {secret}".encode()).hexdigest()


def is_forwarded(connection: HTTPConnection) -> bool:
    """Whether a header says that a proxy stands between."""
    return any(
        name in OF_PROXIES or name.startswith(FORWARDING_PREFIX) for name in connection.headers
    )


def is_on_this_machine(connection: HTTPConnection) -> bool:
    """Whether both ends of the connection are this machine's own, and no proxy is seen between.

    A proxy on this machine that passes neither the client's address nor its Host on (nginx without
    further settings) is not seen.
    """
    ends = (connection.scope.get("server"), connection.scope.get("client"))
    # A Unix socket has no port: whoever may open it is on this machine.
    is_here = all(end is None or end[1] is None or is_loopback(end[0]) for end in ends)
    return is_here and not is_forwarded(connection) and is_loopback_host(host_of(connection))
