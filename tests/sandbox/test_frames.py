"""Messages as bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.sandbox.channel import MAX_FRAME_BYTES, FrameError, FrameReader, pack

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
messages = st.lists(
    st.tuples(st.dictionaries(st.text(), values), st.binary(max_size=50)), max_size=4
)


@settings(max_examples=20)
@given(messages, st.integers(1, 40))
def test_frames_come_out_as_they_went_in_whatever_the_pieces(sent, size):
    stream = b"".join(b"".join(pack(message, binary)) for message, binary in sent)
    reader, got = FrameReader(), []
    for start in range(0, len(stream), size):
        reader.feed(stream[start : start + size])
        while (frame := reader.pop()) is not None:
            got.append((frame.message, frame.binary))
    assert got == sent


def test_half_a_frame_is_none_yet():
    reader = FrameReader()
    whole = b"".join(pack({"a": 1}, b"tail"))
    reader.feed(whole[:-1])
    assert reader.pop() is None
    reader.feed(whole[-1:])
    assert reader.pop() == ({"a": 1}, b"tail")


@pytest.mark.parametrize(
    ("json_bytes", "binary_bytes"),
    [(MAX_FRAME_BYTES + 1, 0), (2, MAX_FRAME_BYTES), (2**32 - 1, 2**32 - 1)],
)
def test_a_frame_that_announces_too_much_is_refused_before_it_is_read(json_bytes, binary_bytes):
    reader = FrameReader()
    reader.feed(struct.pack(">II", json_bytes, binary_bytes))
    with pytest.raises(FrameError, match="more than"):
        reader.pop()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"1",
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=range(9),
)
def test_what_is_no_json_object_is_refused(text):
    reader = FrameReader()
    reader.feed(struct.pack(">II", len(text), 0) + text)
    with pytest.raises(FrameError):
        reader.pop()


@pytest.mark.parametrize("message", [{"a": float("nan")}, {"a": object()}])
def test_what_is_no_json_is_not_sent(message):
    with pytest.raises(FrameError):
        pack(message)


def test_too_large_a_binary_part_is_not_sent():
    with pytest.raises(FrameError):
        pack({}, bytes(MAX_FRAME_BYTES))
