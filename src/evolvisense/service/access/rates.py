"""How often one client may ask: a token bucket each, in bounded memory."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Lock

MOST_KNOWN = 100_000
"""Clients with a bucket of their own."""

SHARED_BUCKETS = 4096
"""Buckets that further clients share, by the hash of their name."""

SWEEP_S = 1.0
"""Idle clients are forgotten at most this often, since it costs a pass over all of them."""

SLACK_S = 1e-6
"""Rounding of float seconds: who waits as long as told is let in."""

UNKNOWN_CLIENT = "unknown"


class RateLimiter:
    """Lets each client in `burst` times at once and `per_minute` times a minute after that.

    In any window of t seconds at most burst + per_minute * t / 60 are let in, whatever else comes.
    A client whose bucket is full again is forgotten, which changes nothing for it. Where more than
    `most_known` clients are busy at the same time, newcomers share buckets: they may wait longer
    than alone, never less. Safe for use from several threads.
    """

    def __init__(
        self,
        per_minute: float,
        burst: int,
        now: Callable[[], float] = time.monotonic,
        *,
        most_known: int = MOST_KNOWN,
    ) -> None:
        if not per_minute > 0 or burst < 1:
            raise ValueError(
                f"a rate over 0 and a burst of 1 or more are needed, not {per_minute} and {burst}"
            )
        self._interval_s = 60.0 / per_minute
        self._depth_s = (burst - 1) * self._interval_s
        self._now = now
        self._most_known = most_known
        # When each bucket will be full again, in seconds of the clock.
        self._full_at: dict[str, float] = {}
        self._shared_full_at = array("d", [float("-inf")]) * SHARED_BUCKETS
        self._next_sweep = float("-inf")
        self._lock = Lock()

    def take(self, who: str) -> float:
        """Take one token: 0.0 where there was one, else the seconds to wait for the next.

        A refusal costs nothing. `who` is any name; for addresses see `client_of`.
        """
        with self._lock:
            now = self._now()
            if now >= self._next_sweep:
                self._forget_idle(now)
            slot = hash(who) % SHARED_BUCKETS
            # A newcomer may have come by a shared bucket before, and owes what that one owes.
            known = self._full_at.get(who)
            full_at = max(now, self._shared_full_at[slot] if known is None else known)
            wait_s = full_at - now - self._depth_s
            if wait_s > SLACK_S:
                return wait_s
            full_at += self._interval_s
            if known is not None or len(self._full_at) < self._most_known:
                self._full_at[who] = full_at
            else:
                self._shared_full_at[slot] = full_at
            return 0.0

    @property
    def known(self) -> int:
        """Clients that have a bucket of their own now."""
        return len(self._full_at)

    def _forget_idle(self, now: float) -> None:
        self._full_at = {who: full_at for who, full_at in self._full_at.items() if full_at > now}
        self._next_sweep = now + SWEEP_S


def client_of(address: str) -> str:
    """The name under which the requests of an address are counted.

    An IPv4 address is itself, also where it comes as IPv6 (::ffff:a.b.c.d). Of IPv6 the network of
    64 bits counts, since one machine owns all of it. What is no address is `unknown`.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN_CLIENT
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Network((int(ip) >> 64 << 64, 64)))
