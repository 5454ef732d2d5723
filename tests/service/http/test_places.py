from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from evolvisense.service.http import uploads as places
from evolvisense.service.http.uploads import UploadSlots

SLOW = 1000.0


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(places, "GRACE_S", 0.0)


def test_a_place_is_free_again_after_its_block():
    found = UploadSlots(1, 1, SLOW)
    with found.take("a") as pace:
        pace.add(10**9)
        assert len(found) == 1
        assert not found.has_room
    assert len(found) == 0
    assert found.has_room


def test_the_slowest_gives_way():
    found = UploadSlots(2, 2, SLOW)
    with ExitStack() as stack:
        slow, slower = (stack.enter_context(found.take("a")) for _ in range(2))
        slow.add(1)
        assert found.has_room
        fast = stack.enter_context(found.take("a"))
        assert (slow.gave_way, slower.gave_way, fast.gave_way) == (False, True, False)
        assert len(found) == 2


def test_nobody_gives_way_in_the_time_of_grace(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(places, "GRACE_S", 60.0)
    found = UploadSlots(1, 1, SLOW)
    with found.take("a"):
        assert not found.has_room


def test_giving_way_ends_the_wait_for_bytes():
    async def wait_for_ever() -> None:
        found = UploadSlots(1, 1, SLOW)
        with found.take("a") as pace:
            asyncio.get_running_loop().call_soon(pace.give_way)
            async with asyncio.timeout(600) as timeout:
                with pace.waiting(timeout):
                    await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(wait_for_ever())


def test_uploads_are_counted_by_caller():
    found = UploadSlots(4, 2, SLOW)
    with found.take("a"), found.take("a"), found.take("b"):
        assert (found.count_of("a"), found.count_of("b"), found.count_of("c")) == (2, 1, 0)
    assert found.count_of("a") == 0
