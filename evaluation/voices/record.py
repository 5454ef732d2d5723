"""Results on voices as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from evaluation.record import DIGITS, class_figures, reliability
from evaluation.scoring import Estimate
from evaluation.voices.choices import GATES_LIFTED, MEANINGS, NO_CLASSES
from evaluation.voices.loudness import TARGET_DBFS
from evaluation.voices.run import Part, VoiceResult
from evaluation.voices.scoring import Classified, Ranking, VoiceScores
from evolvisense.types.scores import EMOTIONS

Figure = dict[str, float | None] | None


def voice_record(result: VoiceResult) -> dict[str, Any]:
    """One table scored in one way. A figure that does not exist is null."""
    (scores,) = result.whole.scores
    return {
        **_about(result),
        "scores": scores.scores,
        **_figures(result.whole, scores),
        "by": _by(result, lambda part: _figures(part, part.scores[0])),
    }


def comparison_record(results: list[VoiceResult]) -> dict[str, Any]:
    """Several ways to score, table by table."""
    return {"tables": [_compared(result) for result in results]}


def _compared(result: VoiceResult) -> dict[str, Any]:
    return {
        **_about(result),
        "baseline": result.options.recipe.scores[0],
        "results": _results(result.whole),
        "by": _by(result, lambda part: {"results": _results(part)}),
    }


def _results(part: Part) -> list[dict[str, Any]]:
    """Each way to score, with its gain over the first; null for the first itself."""
    return [
        {
            "scores": scores.scores,
            **_figures(part, scores),
            "auc_gain": _estimate(gain.auc) if gain else None,
            "auc_within_speaker_gain": _estimate(gain.within_speaker) if gain else None,
        }
        for scores in part.scores
        for gain in (part.gains.get(scores.scores),)
    ]


def _about(result: VoiceResult) -> dict[str, Any]:
    """What was read, and how."""
    options, table = result.options, result.table
    recipe = options.recipe
    return {
        "table": str(table.path),
        "models": [
            {"id": model.id, "version": model.version, "sha256": model.sha256}
            for model in result.models
        ],
        "out_of_fold": recipe.folds is not None,
        "speech_level_dbfs": TARGET_DBFS if recipe.normalise else None,
        "language": recipe.language if "v2" in recipe.scores else None,
        "gates": "lifted" if recipe.lifts_gates else "kept",
        "gates_lifted": [
            GATES_LIFTED[name]
            for name in recipe.scores
            if recipe.lifts_gates and name in GATES_LIFTED
        ],
        "bootstrap": options.bootstrap,
        "skipped": {
            "other_labels": dict(table.other_labels),
            "unreadable": len(result.unreadable),
        },
    }


def _figures(part: Part, scores: VoiceScores) -> dict[str, Any]:
    first = scores.rankings[0]
    labels = {clip.emotion for clip in part.clips}
    found: dict[str, Any] = {
        "n": len(part.clips),
        "speakers": part.speakers,
        "classes": list(EMOTIONS),
        "classes_present": [name for name in EMOTIONS if name in labels],
        "auc_of": MEANINGS[first.name],
        "auc": _estimate(first.auc),
        "auc_within_speaker": _estimate(first.within_speaker),
        "aroused": part.aroused,
        "calm": part.calm,
    }
    if scores.scores == "emotion":
        arousal = scores.rankings[1]
        found["auc_arousal"] = _estimate(arousal.auc)
        found["auc_arousal_within_speaker"] = _estimate(arousal.within_speaker)
    found["rankings"] = {ranking.name: _ranking(ranking) for ranking in scores.rankings}
    if scores.classified is None:
        reason = NO_CLASSES[scores.scores]
        return {**found, "uar": None, "accuracy": None, "ece": None, "no_classes_reason": reason}
    return {**found, **_classified(part, scores.classified)}


def _ranking(ranking: Ranking) -> dict[str, Any]:
    return {
        "meaning": MEANINGS[ranking.name],
        "auc": _estimate(ranking.auc),
        "auc_within_speaker": _estimate(ranking.within_speaker),
        "no_score": ranking.no_score,
        "mean_aroused": _number(ranking.mean_aroused),
        "mean_calm": _number(ranking.mean_calm),
    }


def _classified(part: Part, classified: Classified) -> dict[str, Any]:
    return {
        "uar": _estimate(classified.uar),
        "accuracy": _estimate(classified.accuracy),
        "ece": _estimate(classified.ece),
        "no_classes_reason": None,
        "no_answer": part.no_answer,
        "past_gate": part.past_gate,
        "per_class": class_figures(classified.confusion),
        "confusion": classified.confusion[:, : len(EMOTIONS)].tolist(),
        "reliability": reliability(classified.bins),
    }


def _by(result: VoiceResult, figures: Callable[[Part], dict[str, Any]]) -> dict[str, Any] | None:
    """Figures of each value of a column; null where none was asked for."""
    if result.options.by is None:
        return None
    values = {value: figures(part) for value, part in result.parts.items()}
    return {"column": result.options.by, "values": values}


def _estimate(estimate: Estimate) -> Figure:
    """Null where there is no value; `low` and `high` are null where there is no interval."""
    if math.isnan(estimate.value):
        return None
    return {name: _number(value) for name, value in asdict(estimate).items()}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, DIGITS)
