"""How often neutral speech is read as an emotion: `python -m training.face.speech [CLIP ...]`.

Counts, in clips in which people talk without showing an emotion, the frames whose expression may be
read and among them those whose likeliest expression is not neutral. Uses the product as it is
installed, so that two versions can be compared. By default the clips that training never sees.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np

import evolvisense
from evolvisense.types.scores import EMOTIONS
from training.face.folders import data_dir

HELD_OUT = ("talk_3.mp4", "talk_hd_2.mp4", "crema_1001_dfa_neu.flv")


def read_clip(path: Path, every: int) -> dict[str, object]:
    """Readable frames of the main person, how many are not neutral, and what they are called."""
    report = evolvisense.analyze(path, frame_skip=every, voice=False)
    person = next(p for p in report.people if p.is_main)
    line = person.timeline
    assert line.probabilities is not None
    best = np.stack([line.probabilities[e] for e in EMOTIONS], axis=1).argmax(axis=1)
    readable = np.array([reason == "" for reason in line.uncertain])
    called = Counter(EMOTIONS[i] for i in best[readable])
    other = int(readable.sum()) - called["neutral"]
    return {
        "clip": path.name,
        "frames": len(best),
        "readable": int(readable.sum()),
        "not_neutral": other,
        "share": round(other / max(int(readable.sum()), 1), 3),
        "called": dict(called.most_common()),
        "blinks": None if person.blinks is None else len(person.blinks),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="*", default=HELD_OUT)
    parser.add_argument("--every", type=int, default=3, help="every so many frames")
    options = parser.parse_args()
    found = [read_clip(data_dir() / "clips" / name, options.every) for name in options.clips]
    for line in found:
        print(json.dumps(line), flush=True)
    print(f"mean share over clips: {np.mean([line['share'] for line in found]):.3f}")


if __name__ == "__main__":
    main()
