"""Who asks, whether they may, and whether not too often."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from evolvisense.access.addresses import is_loopback
from evolvisense.access.keys import ApiKeys, Scope
from evolvisense.access.rates import RateLimiter, client_of
from evolvisense.server.refusals import (
    ForbiddenError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from evolvisense.server.settings import Settings

KEYS_KNOWN_S = 5.0
"""Whether there are keys at all is asked so often at most."""


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    owner: str
    """Id of the key; empty without one."""
    scopes: frozenset[Scope]

    @property
    def sees_all(self) -> bool:
        """Whether the jobs of others are theirs too."""
        return "admin" in self.scopes


EVERYBODY = Caller("", frozenset({"analyze", "read", "live", "admin"}))
"""On a machine without keys, whoever sits at it."""
STRANGER = Caller("", frozenset({"analyze", "read", "live"}))
"""Without a key on a server that is open to everybody: a job's id is what protects it."""


class Gate:
    """Lets callers in."""

    def __init__(self, settings: Settings, keys: ApiKeys) -> None:
        self._settings, self._keys = settings, keys
        self._has_keys = False
        self._asked_s = -math.inf
        self._limiter = (
            RateLimiter(settings.rate_per_minute, settings.rate_burst)
            if settings.rate_per_minute > 0
            else None
        )

    async def caller(
        self, connection: HTTPConnection, scope: Scope, given: str | None = None
    ) -> Caller:
        """The caller, who has `scope`; `given` is a key that came otherwise than in a header.

        Raises UnauthenticatedError, ForbiddenError or TooManyRequestsError.
        """
        secret = given or key_of(connection)
        if secret:
            caller = await self._with_key(connection, secret)
        else:
            caller = await asyncio.to_thread(self._without_key, connection)
        self._require_pace(connection, caller)
        if scope not in caller.scopes and "admin" not in caller.scopes:
            raise ForbiddenError(f"this key has not the scope `{scope}`")
        return caller

    def requires_keys(self) -> bool:
        """Whether nobody is served without a key. Asks the database now and then."""
        if self._settings.allow_anonymous:
            return False
        return self._any_keys() or self._settings.profile == "strict"

    async def _with_key(self, connection: HTTPConnection, secret: str) -> Caller:
        record = await asyncio.to_thread(self._keys.find, secret)
        if record is None:
            self._require_pace(connection, STRANGER)
            raise UnauthenticatedError("this key is not known here, or it was revoked")
        return Caller(record.id, frozenset(record.scopes))

    def _without_key(self, connection: HTTPConnection) -> Caller:
        if self._settings.allow_anonymous:
            return STRANGER
        if self.requires_keys():
            raise UnauthenticatedError(
                "send a key as `Authorization: Bearer evs_...` or `X-Api-Key: evs_...`"
            )
        if not is_on_this_machine(connection):
            raise ForbiddenError(
                "this server has no keys yet and answers on this machine alone; its operator "
                "makes one with `evolvisense keys create`, or sets EVOLVISENSE_ALLOW_ANONYMOUS=1 "
                "to serve everybody"
            )
        return EVERYBODY

    def _require_pace(self, connection: HTTPConnection, caller: Caller) -> None:
        address = connection.client.host if connection.client else ""
        if self._limiter is None or (not caller.owner and is_loopback(address)):
            return
        wait_s = self._limiter.take(caller.owner or client_of(address))
        if wait_s > 0:
            retry_s = math.ceil(wait_s)
            raise TooManyRequestsError(f"too many requests; try again in {retry_s} s", retry_s)

    def _any_keys(self) -> bool:
        now_s = time.monotonic()
        if not self._has_keys and now_s - self._asked_s >= KEYS_KNOWN_S:
            self._has_keys, self._asked_s = self._keys.any_active(), now_s
        return self._has_keys


def key_of(connection: HTTPConnection) -> str:
    """The key in the headers; empty without one."""
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        return secret.strip()
    return connection.headers.get("x-api-key", "").strip()


def is_on_this_machine(connection: HTTPConnection) -> bool:
    """Whether both ends of the connection are this machine's own addresses.

    A proxy in front of the server tells the client's address (`X-Forwarded-For`), which counts.
    """
    ends = (connection.scope.get("server"), connection.scope.get("client"))
    # A Unix socket has no port: whoever may open it is on this machine.
    return all(end is None or end[1] is None or is_loopback(end[0]) for end in ends)
