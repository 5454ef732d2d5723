"""Server-sent events out of bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.client.events import LARGEST_BYTES, EventReader, ServerEvent

STREAM = (
    "retry: 2000\n\n"
    "id: 1\nevent: analysis\ndata: {}\n\n"
    ": still here\n\n"
    "id: 2\r\nevent: analysis\r\ndata: one\u2028\x0bä\r\ndata:two\r\nunknown: x\r\n\r\n"
    "data\rdata\r\r"
    "event: nothing\n\n"
).encode()
EVENTS = [
    ServerEvent("analysis", "{}"),
    ServerEvent(":"),
    ServerEvent("analysis", "one\u2028\x0bä\ntwo"),
    ServerEvent("message", "\n"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_pieces_of_any_size_give_the_same_events(cuts: list[int]):
    reader = EventReader()
    places = [0, *sorted(cuts), len(STREAM)]
    found = [event for start, end in pairwise(places) for event in reader.feed(STREAM[start:end])]
    assert found == EVENTS
    assert (reader.last_id, reader.retry_s) == ("2", 2.0)


def test_an_id_counts_when_its_event_is_complete():
    reader = EventReader()
    reader.feed(b"id: 1\ndata: x\n\nid: 2\nevent: analysis\nda")
    assert reader.last_id == "1"


def test_an_event_without_end():
    reader = EventReader()
    reader.feed(b"data: " + b"x" * (LARGEST_BYTES - 6))
    with pytest.raises(ValueError, match="larger"):
        reader.feed(b"x")
    reader = EventReader()
    reader.feed(b"data: " + b"x" * (LARGEST_BYTES - 6) + b"\n")
    with pytest.raises(ValueError, match="larger"):
        reader.feed(b"data: x\n")
