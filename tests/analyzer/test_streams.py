"""A producer beside its consumer."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from evolvisense.media.prefetch import prefetch


def test_order_is_kept() -> None:
    with prefetch(range(100), depth=3) as items:
        assert list(items) == list(range(100))


def test_the_producer_is_never_further_ahead_than_the_depth() -> None:
    made: list[int] = []

    def produce() -> Iterator[int]:
        for i in range(50):
            made.append(i)
            yield i

    with prefetch(produce(), depth=4) as items:
        for item in items:
            assert len(made) <= item + 1 + 4 + 1  # queue, and the one that waits to enter


def test_an_error_arrives_where_its_item_would_have() -> None:
    def produce() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    got: list[int] = []
    with pytest.raises(ValueError, match="broken"), prefetch(produce(), depth=1) as items:
        got.extend(items)
    assert got == [1, 2]


def test_leaving_early_ends_the_thread_and_the_producer() -> None:
    closed = threading.Event()

    def produce() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.set()

    before = threading.active_count()
    source = produce()
    with prefetch(source, depth=2) as items:
        next(iter(items))
    source.close()
    assert closed.is_set()
    assert threading.active_count() == before
