"""Carry the norms of voice emotion to a new version: `python -m training.reference.carried`.

The norms stand on networks of folds, which version 1.2 of `voice` does not have: its networks
are those of 1.1, and its linear heads alone are new (`training/voice/heads.py`). So the change
is measured: neutral and calm clips of the reference set are read by the networks of 1.1 and by
both together (heads fitted without the speakers that they read). The difference of the mean
over speakers is added to each norm, and its spread is multiplied by the ratio of spreads; what
conditions do to it is not measured again. The networks have heard these speakers, so the change
is that of voices they know; it is no new measurement of the norms, and `build` replaces it once
there are networks of folds again.
"""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from evolvisense.types.arrays import F64
from evolvisense.types.indicators import EMOTION_FEATURES
from evolvisense.types.scores import EMOTIONS
from training.reference import probe
from training.reference.build import REFERENCE_PACKS, TARGET, rounded
from training.reference.speakers import LANGUAGE_OF
from training.voice.dataset import FOLDS, Clips, load_clips
from training.voice.export import SPECS
from training.voice.heads import (
    COPIES,
    HEADS,
    Sums,
    joint,
    networks_answers,
    networks_of,
    statistics,
)
from training.voice.heads import softmax as softmax_of

NOTE = (
    "Norms of voice emotion: those of voice 1.1, moved by the measured change of neutral and calm "
    "speech of the reference set (training/reference/carried.py)."
)


def subset(clips: Clips, rows: NDArray[np.intp]) -> Clips:
    """Some of the clips; the samples stay shared."""
    names = [name for name in clips.__dataclass_fields__ if name != "samples"]
    return Clips(**{name: getattr(clips, name)[rows] for name in names}, samples=clips.samples)


def heads_out_of_fold(clips: Clips, rows: NDArray[np.intp]) -> F64:
    """(R, 9) answers of heads that were fitted without the speakers of the row's fold."""
    copies = [statistics(number, clips) for number in COPIES]
    found = np.zeros((len(rows), len(HEADS)))
    for fold in range(FOLDS):
        others = np.flatnonzero(clips.fold != fold)
        sums = Sums(subset(clips, others), [copy[others] for copy in copies])
        here = clips.fold[rows] == fold
        found[here] = sums.heads(sorted(set(clips.corpus))).read(copies[0][rows[here]])
    return found


def by_speaker(clips: Clips, rows: NDArray[np.intp], probs: F64) -> dict[str, F64]:
    """Language -> (S, 2) mean p(fear) and p(angry) + p(fear), in the order of EMOTION_FEATURES."""
    fear = probs[:, EMOTIONS.index("fear")]
    values = {"voice_fear": fear, "voice_anger_or_fear": fear + probs[:, EMOTIONS.index("angry")]}
    table = np.stack([values[name] for name in EMOTION_FEATURES], axis=1)
    found: dict[str, list[F64]] = {}
    for speaker in np.unique(clips.speaker[rows]):
        here = clips.speaker[rows] == speaker
        language = LANGUAGE_OF[str(clips.corpus[rows[here]][0])]
        found.setdefault(language, []).append(table[here].mean(axis=0))
    return {language: np.array(means) for language, means in found.items()}


def spread(means: dict[str, F64]) -> dict[str, tuple[F64, F64]]:
    """Language -> mean (2,) and sd (2,) between speakers; `any` adds that between languages."""
    found = {name: (values.mean(axis=0), values.std(axis=0)) for name, values in means.items()}
    centre = np.array([mean for mean, _ in found.values()])
    inner = np.mean([sd**2 for _, sd in found.values()], axis=0)
    found["any"] = (centre.mean(axis=0), np.sqrt(inner + centre.var(axis=0, ddof=1)))
    return found


def main() -> None:
    document = json.loads(TARGET.read_text("utf-8"))
    if document["about"]["extractors"]["voice"] != "1.1":
        raise SystemExit(f"{TARGET} is not of voice 1.1: take it from the history")
    clips = load_clips()
    known = load_clips(REFERENCE_PACKS)
    is_asked = np.isin(clips.corpus, np.unique(known.corpus))
    rows = np.flatnonzero(is_asked & np.isin(clips.source_label, ("neutral", "calm")))
    probs, arousal = networks_answers(clips, networks_of(SPECS / "voice.onnx"))
    probs, arousal = probs[rows], arousal[rows]
    new = softmax_of(joint(probs, arousal, heads_out_of_fold(clips, rows))[0])
    before, after = (spread(by_speaker(clips, rows, one)) for one in (probs, new))
    for language, features in document["norms"].items():
        for place, feature in enumerate(EMOTION_FEATURES):
            (mean, sd), (mean_now, sd_now) = before[language], after[language]
            ratio = float(sd_now[place] / sd[place])
            norm, old = features[feature], dict(features[feature])
            norm["mean"] = rounded(norm["mean"] + mean_now[place] - mean[place])
            norm["sd"] = rounded(norm["sd"] * ratio)
            norm["noise_var_s"] = rounded(norm["noise_var_s"] * ratio**2)
            print(language, feature, old, "->", norm)
    about = document["about"]
    about["probe"] |= {
        name: rounded(value) for name, value in probe.features().items() if name in EMOTION_FEATURES
    }
    about["extractors"]["voice"] = json.loads((SPECS / "voice.json").read_text("utf-8"))["version"]
    about["carried"] = NOTE
    TARGET.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
