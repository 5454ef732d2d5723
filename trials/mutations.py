"""Files damaged in ways that a generator with a fixed seed chooses: the same number, the same file.

`python -m trials.mutations NUMBER PATH` writes one of them again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEED = 20_261_124
HEADER_BYTES = 2048
"""So much at either end of a file is taken for its header: an MP4 may have it last."""
NASTY = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)

Mutation = Callable[[bytes, bytes, np.random.Generator], bytes]
"""The file, another one, the generator -> what becomes of the file."""


def bit_flips(data: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """1 to 200 bits anywhere."""
    found = bytearray(data)
    for place in rng.integers(0, len(found), rng.integers(1, 200)):
        found[place] ^= 1 << int(rng.integers(8))
    return bytes(found)


def truncation(data: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """The beginning alone."""
    return data[: int(rng.integers(0, len(data)))]


def chunk_swap(data: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """Two pieces change places."""
    a, b, c, d = sorted(int(place) for place in rng.integers(0, len(data), 4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def duplication(data: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """A piece comes up to eight times more."""
    a, b = _piece(data, rng)
    return data[:b] + data[a:b] * int(rng.integers(1, 9)) + data[b:]


def removal(data: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """A piece is gone."""
    a, b = _piece(data, rng)
    return data[:a] + data[b:]


def header_fields(data: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """1 to 8 numbers of 1, 2, 4 or 8 bytes near either end become extreme ones."""
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        width = int(rng.choice([1, 2, 4, 8]))
        place = int(rng.integers(0, min(HEADER_BYTES, len(found))))
        if rng.random() < 0.3:
            place = max(0, len(found) - place - width)
        value = int(rng.choice(NASTY)) & ((1 << 8 * width) - 1)
        order = "little" if rng.random() < 0.5 else "big"
        found[place : place + width] = value.to_bytes(width, order)
    return bytes(found)


def zero_run(data: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """A piece becomes zeros."""
    a, b = _piece(data, rng)
    return data[:a] + bytes(b - a) + data[b:]


def noise_run(data: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """A piece becomes noise."""
    a, b = _piece(data, rng)
    return data[:a] + rng.bytes(b - a) + data[b:]


def splice(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The beginning of one file, the end of another."""
    return data[: int(rng.integers(0, len(data)))] + other[int(rng.integers(0, len(other))) :]


MUTATIONS: tuple[Mutation, ...] = (
    bit_flips,
    truncation,
    chunk_swap,
    duplication,
    removal,
    header_fields,
    zero_run,
    noise_run,
    splice,
)


@dataclass(frozen=True)
class Damaged:
    """One file."""

    number: int
    source: str
    mutation: str
    data: bytes


def damaged(number: int, sources: Sequence[Path]) -> Damaged:
    """File `number`: every source meets every mutation in turn, a third of them a second one."""
    rng = np.random.default_rng([SEED, number])
    source = sources[number % len(sources)]
    other = sources[int(rng.integers(len(sources)))].read_bytes()
    first = MUTATIONS[number // len(sources) % len(MUTATIONS)]
    chosen = [first]
    if rng.random() < 1 / 3:
        chosen.append(MUTATIONS[int(rng.integers(len(MUTATIONS)))])
    data = source.read_bytes()
    for mutate in chosen:
        data = mutate(data, other, rng) or b"\0"
    return Damaged(number, source.name, "+".join(m.__name__ for m in chosen), data)


def _piece(data: bytes, rng: np.random.Generator) -> tuple[int, int]:
    """Where a piece of 1 byte to a quarter of the file is; short ones are as likely as long."""
    length = int(np.exp(rng.uniform(0, np.log(max(2, len(data) // 4)))))
    start = int(rng.integers(0, max(1, len(data) - length)))
    return start, min(len(data), start + length)


if __name__ == "__main__":
    from trials.clips import small_clips

    Path(sys.argv[2]).write_bytes(damaged(int(sys.argv[1]), small_clips()).data)
