"""Figures of a network on clips that it has not been trained on."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import nn

from evolvisense.types.scores import EMOTIONS
from evolvisense.voice import mel
from training.voice.copies import PERIODICITY_STEPS, Copy
from training.voice.dataset import CORPORA, NO_TARGET, Clips

TENSE = ("angry", "fearful")
QUIET = ("neutral", "calm")
BATCH = 16


def logits(
    network: nn.Module, copy: Copy, rows: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Logits of emotions (R, 7), of arousal (R,) and of valence (R,) of whole clips."""
    network.eval()
    emotion = np.zeros((len(rows), len(EMOTIONS)), np.float32)
    arousal, valence = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
    # Clips of nearly one length together, cut to the shortest of them: at most a few frames.
    places = np.argsort(copy.count[rows], kind="stable")
    with torch.inference_mode():
        for together in np.array_split(places, max(len(rows) // BATCH, 1)):
            count = int(copy.count[rows[together]].min())
            features = np.stack([clip_features(copy, row, count) for row in rows[together]])
            one, two, three = network(torch.from_numpy(features))
            emotion[together], arousal[together] = one.numpy(), two.numpy()
            valence[together] = three.numpy()
    return emotion, arousal, valence


def clip_features(copy: Copy, row: int, count: int) -> NDArray[np.float32]:
    frames = slice(copy.start[row], copy.start[row] + count)
    power = 10 ** (copy.mel_db[frames].astype(np.float32) / 10)
    lags = copy.periodicity[frames].astype(np.float32) / PERIODICITY_STEPS
    return np.concatenate([mel.relative_db(power), lags], axis=1)


def mean_recall(expected: NDArray[np.intp], predicted: NDArray[np.intp]) -> float:
    """UAR: mean recall of the classes that occur."""
    return float(np.mean([(predicted[expected == c] == c).mean() for c in np.unique(expected)]))


def tension_auc(source: NDArray[np.str_], score: NDArray[np.floating]) -> float:
    """Area under the curve of angry and fearful against neutral and calm."""
    tense, quiet = np.isin(source, TENSE), np.isin(source, QUIET)
    asked = tense | quiet
    return float(roc_auc_score(tense[asked], score[asked]))


def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    grown = np.exp(values - values.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def tension(probs: NDArray[np.float32]) -> NDArray[np.float32]:
    """p(angry) + p(fear) - p(neutral), (R,)."""
    angry, fear, neutral = (EMOTIONS.index(name) for name in ("angry", "fear", "neutral"))
    return probs[:, angry] + probs[:, fear] - probs[:, neutral]


def figures(
    network: nn.Module, clips: Clips, copy: Copy, rows: NDArray[np.intp]
) -> dict[str, dict[str, float]]:
    """UAR and AUC of a network for each corpus and together, see `of_logits`."""
    return of_logits(clips, rows, *logits(network, copy, rows))


def of_logits(
    clips: Clips,
    rows: NDArray[np.intp],
    emotion: NDArray[np.float32],
    arousal: NDArray[np.float32],
    valence: NDArray[np.float32],
) -> dict[str, dict[str, float]]:
    """Figures for each corpus and together.

    `uar` with all seven emotions as possible answers, `uar_own` with those that the corpus has;
    AUC of angry and fearful against neutral and calm by arousal and by
    p(angry) + p(fear) - p(neutral), of aroused against calm emotions, of happy against the
    unpleasant ones.
    """
    probs = softmax(emotion)
    found: dict[str, dict[str, float]] = {}
    for corpus in (*CORPORA, "all"):
        here = np.ones(len(rows), bool) if corpus == "all" else clips.corpus[rows] == corpus
        if not here.any():
            continue
        mine = rows[here]
        asked = clips.aroused[mine] != NO_TARGET
        own = np.isin(np.arange(len(EMOTIONS)), clips.emotion[mine])
        sided = clips.pleasant[mine] != NO_TARGET
        found[corpus] = {
            "uar": round(mean_recall(clips.emotion[mine], probs[here].argmax(axis=1)), 3),
            "uar_own": round(
                mean_recall(clips.emotion[mine], np.where(own, probs[here], -1).argmax(axis=1)), 3
            ),
            "auc_arousal": round(tension_auc(clips.source_label[mine], arousal[here]), 3),
            "auc_probs": round(tension_auc(clips.source_label[mine], tension(probs[here])), 3),
            "auc_aroused": round(
                float(roc_auc_score(clips.aroused[mine][asked], arousal[here][asked])), 3
            ),
            "auc_valence": round(
                float(roc_auc_score(clips.pleasant[mine][sided], valence[here][sided])), 3
            ),
        }
    return found
