"""Write the numbers of `evolvisense.voice.novelty`: `python -m training.voice.novelty`.

A recording is some clips of one speaker after another, about nine seconds. Distances are those of
each corpus to the others, so they say how far speech in a language and a room never met lies.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import evolvisense.voice.novelty as shipped
from evolvisense.types.media import AudioBlock
from evolvisense.voice import VoiceReader
from evolvisense.voice.pitch import SwiftF0Pitch
from evolvisense.voice.vad import SileroActivity
from training.voice.dataset import CORPORA, RATE_HZ, Clips, load_clips

TARGET = Path(shipped.__file__).parent / shipped.FILE
RECORDINGS = 36
"""Of each corpus, spread over its speakers."""
LENGTH_S = 9.0
PAUSE_S = 0.4
QUANTILES = 101
SEED = 5


def recordings(clips: Clips, corpus: str, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """RECORDINGS sounds (N,), speakers by turns."""
    speakers = rng.permutation(np.unique(clips.speaker[clips.corpus == corpus]))
    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.float32)
    made: list[NDArray[np.float32]] = []
    for number in range(RECORDINGS):
        rows = np.flatnonzero(clips.speaker == speakers[number % len(speakers)])
        parts: list[NDArray[np.float32]] = []
        for row in rng.permutation(rows):
            parts += [clips.mono(int(row)), pause]
            if sum(map(len, parts)) > LENGTH_S * RATE_HZ:
                break
        made.append(np.concatenate(parts))
    return made


def main() -> None:
    clips, rng = load_clips(), np.random.default_rng(SEED)
    reader = VoiceReader(SileroActivity(), SwiftF0Pitch())
    found: dict[str, list[NDArray[np.float64]]] = {}
    for corpus in CORPORA:
        found[corpus] = []
        for mono in recordings(clips, corpus, rng):
            reading = reader.read([AudioBlock(0.0, RATE_HZ, mono)])
            if reading is None:
                continue
            statistics = shipped.statistics_of(reading.frames, reading.segments)
            if statistics is not None:
                found[corpus].append(statistics)
        print(corpus, len(found[corpus]), np.round(np.mean(found[corpus], axis=0), 2), flush=True)
    sets = {name: np.stack(rows) for name, rows in found.items()}
    far: list[NDArray[np.float64]] = []
    for left_out, rows in sets.items():
        others = {name: theirs for name, theirs in sets.items() if name != left_out}
        far.append(shipped.distances(rows, *fitted(others)))
        print(left_out, "median distance", round(float(np.median(far[-1])), 2), flush=True)
    mean, whitening = fitted(sets)
    distance = np.quantile(np.concatenate(far), np.linspace(0, 1, QUANTILES))
    document = {
        "about": f"{RECORDINGS} recordings of {LENGTH_S:.0f} s of each of {', '.join(sets)}; "
        "python -m training.voice.novelty",
        "statistics": list(shipped.STATISTICS),
        "mean": mean.round(4).tolist(),
        "whitening": whitening.round(5).tolist(),
        "distance": distance.round(4).tolist(),
    }
    TARGET.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def fitted(
    sets: dict[str, NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means (C, 9) and the whitening (9, 9) of the covariance within corpora, alike in weight."""
    mean = np.stack([rows.mean(axis=0) for rows in sets.values()])
    within = np.mean([np.cov(rows, rowvar=False) for rows in sets.values()], axis=0)
    values, vectors = np.linalg.eigh(within)
    return mean, vectors / np.sqrt(values)


if __name__ == "__main__":
    main()
