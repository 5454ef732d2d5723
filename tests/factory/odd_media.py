"""Media with odd headers: bytes of MP4 boxes changed after writing, packets dropped or moved."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

Matrix = tuple[float, float, float, float]
"""a, b, c, d of a display matrix."""


def with_matrix(path: Path, matrix: Matrix, target: Path) -> Path:
    """The MP4 with this display matrix in the header of its first track."""
    data = bytearray(path.read_bytes())
    box = data.index(b"tkhd")
    at = box + 8 + (20 if data[box + 4] == 0 else 32) + 16
    a, b, c, d = (round(65536 * value) for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    target.write_bytes(data)
    return target


def with_sample_duration(path: Path, ticks: int, target: Path, *, track: int = 0) -> Path:
    """The MP4 whose samples of a track last so many ticks (stts), without an edit list."""
    data = bytearray(path.read_bytes().replace(b"edts", b"free"))
    box = -1
    for _ in range(track + 1):
        box = data.index(b"stts", box + 1)
    (entries,) = struct.unpack_from(">I", data, box + 8)
    for entry in range(entries):
        struct.pack_into(">I", data, box + 16 + 8 * entry, ticks)
    target.write_bytes(data)
    return target


def with_timescale(path: Path, ticks_per_s: int, target: Path, *, track: int = 0) -> Path:
    """The MP4 whose track counts so many ticks a second (mdhd), without an edit list."""
    data = bytearray(path.read_bytes().replace(b"edts", b"free"))
    box = -1
    for _ in range(track + 1):
        box = data.index(b"mdhd", box + 1)
    struct.pack_into(">I", data, box + 16, ticks_per_s)
    target.write_bytes(data)
    return target


def with_zeroed_media(path: Path, target: Path, begin: float = 0.4, share: float = 0.25) -> Path:
    """The MP4 with a stretch of its media data overwritten by zeros; shares of its length."""
    data = bytearray(path.read_bytes())
    box = data.index(b"mdat")
    (size,) = struct.unpack_from(">I", data, box - 4)
    first, last = box + round(begin * size), box + round((begin + share) * size)
    data[first:last] = bytes(last - first)
    target.write_bytes(data)
    return target


def remuxed(
    path: Path,
    target: Path,
    change: Callable[[Any, float], bool | None],
    only: str | None = None,
) -> Path:
    """The packets of a file in another one. `change(packet, seconds)` may edit a packet; False
    drops it. `only`: "video" or "audio".
    """
    with av.open(str(path)) as file, av.open(str(target), "w") as out:
        streams = [s for s in file.streams if only in (None, s.type)]
        copies: dict[int, Any] = {s.index: out.add_stream_from_template(s) for s in streams}
        for packet in file.demux(streams):
            if packet.dts is None:
                continue
            seconds = float(packet.pts * packet.time_base)
            if change(packet, seconds) is False:
                continue
            packet.stream = copies[packet.stream.index]
            out.mux(packet)
    return target


def moved(packet: Any, seconds: float) -> None:
    """Shift a packet in time."""
    ticks = round(Fraction(seconds).limit_denominator(1000) / packet.time_base)
    packet.pts += ticks
    packet.dts += ticks
