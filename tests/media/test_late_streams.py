from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evolvisense.media.container import packets


class Announcing:
    """What PyAV does where a damaged FLV or TS announces streams on its way.

    It looks past its own list of streams, so that a file shows it by chance only.
    """

    def demux(self, *_streams: object) -> Iterator[str]:
        yield "a packet"
        raise IndexError("list index out of range")


def test_streams_announced_late_end_the_packets_and_nothing_else():
    container: Any = Announcing()
    stream: Any = None
    assert list(packets(container, stream)) == ["a packet"]
