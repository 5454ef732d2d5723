"""Features of all clips and of altered copies of them: `python -m training.voice.copies`.

Copy 0 is the clips as they are. Copies 1-3 pass every clip through another speed, room and codec.
Codecs take a minute of clips at a time, since starting an encoder costs more than coding. Copies 4
and 5, made and used with `--copies 6`, have another pitch and the same formants (`repitch.py`).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evolvisense.voice import mel
from training.voice import augment
from training.voice.dataset import Clips, load_clips
from training.voice.folders import cache_dir
from training.voice.repitch import repitched

COPIES = (0, 1, 4, 5)
SPEEDS = (0.86, 0.93, 1.0, 1.07, 1.15)
"""Five semitones apart in all; further a voice is no longer one."""
ALREADY_REPITCHED = "savee"
"""This corpus comes with noise and up to two semitones added; no copy changes its pitch again."""
REPITCHED_ST = {4: (2.0, 7.0), 5: (-6.0, -2.0)}
"""Copies whose pitch alone is moved, and by how many semitones."""
CHUNK_SAMPLES = 60 * augment.RATE_HZ
GAP_SAMPLES = 4_000
PERIODICITY_STEPS = 127
POWER_TINY = 1e-12


@dataclass(frozen=True)
class Copy:
    """Features of all clips one after another; rows (F,) are frames."""

    mel_db: NDArray[np.float16]
    """(F, MELS), 10 log10 of power re full scale."""
    periodicity: NDArray[np.int8]
    """(F, LAGS), times PERIODICITY_STEPS."""
    start: NDArray[np.intp]
    """(N,) first frame of each clip."""
    count: NDArray[np.intp]
    """(N,) frames of each clip."""


def load_copy(number: int) -> Copy:
    """One copy; the large arrays stay on disk."""
    folder = cache_dir() / f"copy{number}"
    count = np.load(folder / "count.npy")
    return Copy(
        np.load(folder / "mel_db.npy", mmap_mode="r"),
        np.load(folder / "periodicity.npy", mmap_mode="r"),
        np.concatenate([[0], np.cumsum(count)[:-1]]),
        count,
    )


def _altered(clips: Clips, number: int) -> list[augment.F32]:
    """Every clip through a speed, a room and a codec of its own."""
    rng = np.random.default_rng(number)
    done: list[augment.F32 | None] = [None] * len(clips)
    chunk: list[tuple[int, augment.F32]] = []
    held = 0
    order = rng.permutation(len(clips))
    for place, row in enumerate(order):
        # The speeds go around, so that a clip has another one in each copy.
        speed = SPEEDS[(row + number) % len(SPEEDS)]
        if clips.corpus[row] == ALREADY_REPITCHED:
            speed = 1.0
        mono = clips.mono(int(row))
        mono = augment.faster(mono, speed) if speed != 1 else mono
        mono = augment.random_place(mono, rng)
        # Codecs are no friends of full scale nor of a whisper.
        mono = mono * (rng.uniform(0.1, 0.9) / max(float(np.abs(mono).max()), 1e-6))
        chunk.append((int(row), mono.astype(np.float32)))
        held += len(mono) + GAP_SAMPLES
        if held >= CHUNK_SAMPLES or place == len(order) - 1:
            gap = np.zeros(GAP_SAMPLES, np.float32)
            joined = np.concatenate([part for _, one in chunk for part in (one, gap)])
            joined = augment.random_codec(joined, rng)
            begin = 0
            for index, one in chunk:
                done[index] = joined[begin : begin + len(one)]
                begin += len(one) + GAP_SAMPLES
            chunk, held = [], 0
    return [one for one in done if one is not None]


def make_copy(clips: Clips, number: int) -> None:
    folder = cache_dir() / f"copy{number}"
    if (folder / "count.npy").is_file():
        return
    folder.mkdir(exist_ok=True)
    started = time.monotonic()
    coded = number and number not in REPITCHED_ST
    sounds = _altered(clips, number) if coded else map(clips.mono, range(len(clips)))
    rng = np.random.default_rng(100 + number)
    mels: list[NDArray[np.float16]] = []
    lags: list[NDArray[np.int8]] = []
    for row, mono in enumerate(sounds):
        spectra = mel.spectra(mono)
        if number in REPITCHED_ST and clips.corpus[row] != ALREADY_REPITCHED:
            spectra = repitched(spectra, 2 ** (rng.uniform(*REPITCHED_ST[number]) / 12))
        power, periodicity = mel.describe(spectra)
        mels.append((10 * np.log10(power + POWER_TINY)).astype(np.float16))
        lags.append(np.rint(periodicity * PERIODICITY_STEPS).astype(np.int8))
    np.save(folder / "mel_db.npy", np.concatenate(mels))
    np.save(folder / "periodicity.npy", np.concatenate(lags))
    np.save(folder / "count.npy", np.array([len(one) for one in mels]))
    print(f"copy {number}: {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+", default=list(COPIES))
    clips = load_clips()
    for number in parser.parse_args().copies:
        make_copy(clips, number)


if __name__ == "__main__":
    main()
