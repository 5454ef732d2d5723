"""Token buckets: the law they keep, their memory, and whom an address stands for."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.service.access.rates import SHARED_BUCKETS, RateLimiter, client_of


class Clock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def accepted_at(
    limiter: RateLimiter, clock: Clock, calls: Sequence[tuple[float, str]]
) -> dict[str, list[float]]:
    """When each client was let in, after steps of time."""
    times: dict[str, list[float]] = {}
    for step_s, who in calls:
        clock.now += step_s
        if limiter.take(who) == 0.0:
            times.setdefault(who, []).append(clock.now)
    return times


def most_over_law(times: Sequence[float], per_minute: float, burst: int) -> float:
    """By how much the fullest window exceeds burst + rate * t; at most 0 where the law holds."""
    return max(
        (j - i + 1) - (burst + (times[j] - times[i]) * per_minute / 60)
        for i in range(len(times))
        for j in range(i, len(times))
    )


steps = st.one_of(st.just(0.0), st.floats(0, 2), st.floats(0, 200))


@given(
    per_minute=st.floats(0.5, 6000),
    burst=st.integers(1, 8),
    most_known=st.integers(1, 3),
    calls=st.lists(st.tuples(steps, st.sampled_from("abcdef")), min_size=1, max_size=80),
)
def test_no_window_ever_holds_more_than_burst_and_rate_allow(
    per_minute: float, burst: int, most_known: int, calls: list[tuple[float, str]]
) -> None:
    clock = Clock()
    limiter = RateLimiter(per_minute, burst, clock, most_known=most_known)
    times = accepted_at(limiter, clock, calls)
    assert times
    assert max(most_over_law(t, per_minute, burst) for t in times.values()) <= 1e-3


@given(
    per_minute=st.floats(0.5, 6000),
    burst=st.integers(1, 8),
    calls=st.lists(st.tuples(steps, st.sampled_from("ab")), min_size=1, max_size=60),
)
def test_who_waits_as_long_as_told_is_let_in_and_nobody_is_told_to_wait_with_a_token_left(
    per_minute: float, burst: int, calls: list[tuple[float, str]]
) -> None:
    clock = Clock()
    limiter = RateLimiter(per_minute, burst, clock)
    tokens: dict[str, tuple[float, float]] = {}
    for step_s, who in calls:
        clock.now += step_s
        had, since = tokens.get(who, (float(burst), clock.now))
        has = min(burst, had + (clock.now - since) * per_minute / 60)
        wait_s = limiter.take(who)
        assert wait_s == 0.0 or has < 1 + 1e-3
        if wait_s:
            clock.now += wait_s
            assert limiter.take(who) == 0.0
            has = 1.0
        tokens[who] = (has - 1, clock.now)


def test_a_burst_is_let_in_and_then_one_each_interval() -> None:
    clock = Clock()
    limiter = RateLimiter(per_minute=60, burst=3, now=clock)
    assert [limiter.take("a") for _ in range(5)] == [0.0, 0.0, 0.0, 1.0, 1.0]
    clock.now += 0.5
    assert limiter.take("a") == 0.5
    clock.now += 0.5
    assert limiter.take("a") == 0.0
    assert limiter.take("a") == 1.0


def test_clients_do_not_use_up_each_others_tokens() -> None:
    limiter = RateLimiter(1, 1, Clock())
    assert [limiter.take(who) for who in "aabb"] == [0.0, 60.0, 0.0, 60.0]


def test_a_million_busy_addresses_keep_memory_bounded_and_old_clients_their_buckets() -> None:
    clock = Clock()
    limiter = RateLimiter(per_minute=1, burst=1, now=clock, most_known=1000)
    assert limiter.take("first") == 0.0
    let_in = 0
    for i in range(1_000_000):
        clock.now += 1e-5
        let_in += limiter.take(f"address {i}") == 0.0
    assert limiter.known == 1000
    assert let_in <= 999 + SHARED_BUCKETS
    assert limiter.take("first") > 0


def test_idle_clients_are_forgotten() -> None:
    clock = Clock()
    limiter = RateLimiter(per_minute=60, burst=2, now=clock)
    for i in range(500):
        limiter.take(f"client {i}")
    assert limiter.known == 500
    clock.now += 60
    limiter.take("somebody")
    assert limiter.known == 1


def test_threads_together_get_the_burst_and_no_more() -> None:
    limiter = RateLimiter(per_minute=1, burst=100, now=Clock())
    let_in: list[bool] = []

    def ask() -> None:
        let_in.extend(limiter.take("a") == 0.0 for _ in range(100))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_in) == 800
    assert sum(let_in) == 100


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_a_rate_or_burst_of_nothing_is_an_error(per_minute: float, burst: int) -> None:
    with pytest.raises(ValueError, match="a rate over 0 and a burst of 1 or more"):
        RateLimiter(per_minute, burst)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "unknown"),
        ("testclient", "unknown"),
        ("1.2.3.4, 5.6.7.8", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_an_address_counts_as(address: str, client: str) -> None:
    assert client_of(address) == client


def test_a_million_addresses_of_one_network_are_one_client() -> None:
    limiter = RateLimiter(per_minute=1, burst=5, now=Clock())
    let_in = sum(limiter.take(client_of(f"2001:db8::{i:x}")) == 0.0 for i in range(1, 3000))
    assert (let_in, limiter.known) == (5, 1)
