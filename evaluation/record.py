"""Results as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from evaluation import metrics
from evaluation.metrics import ReliabilityBins
from evaluation.run import EngineResult, FolderResult
from evaluation.scoring import Estimate
from evolvisense.types.arrays import F64, I64
from evolvisense.types.scores import EMOTIONS

DIGITS = 6


def json_line(record: dict[str, Any]) -> str:
    """One line of strict JSON in ASCII."""
    return json.dumps(record, allow_nan=False)


def comparison(results: list[FolderResult]) -> dict[str, Any]:
    """Every engine on every folder, folder by folder."""
    return {"results": [result_record(r, engine) for r in results for engine in r.engines]}


def result_record(result: FolderResult, engine: EngineResult) -> dict[str, Any]:
    """One engine on one folder. A figure that does not exist is null."""
    scores, options, folder = engine.scores, result.options, result.folder
    support = scores.confusion.sum(axis=1)
    return {
        "folder": folder.path,
        "engine": engine.engine,
        "model": {
            "id": engine.model.id,
            "version": engine.model.version,
            "sha256": engine.model.sha256,
        },
        "n": scores.n,
        "pictures": result.pictures,
        "no_face": engine.no_face,
        **{name: _estimate(estimate) for name, estimate in scores.headline.items()},
        "accuracy_gain": _estimate(engine.gain) if engine.gain else None,
        "group_by": options.group_by.pattern if options.group_by else None,
        "bootstrap": options.bootstrap,
        "classes": list(EMOTIONS),
        "classes_present": [name for name, n in zip(EMOTIONS, support, strict=True) if n],
        "per_class": class_figures(scores.confusion),
        "confusion": scores.confusion[:, : len(EMOTIONS)].tolist(),
        "reliability": reliability(scores.bins),
        "skipped": {
            "unknown_classes": dict(folder.unknown_classes),
            "without_class": folder.without_class,
            "other_files": folder.other_files,
            "unreadable": len(result.unreadable),
        },
    }


def _estimate(estimate: Estimate) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in asdict(estimate).items()}


def class_figures(confusion: I64) -> dict[str, dict[str, float | int | None]]:
    """Recall, precision, F1 and support of each class, counts (7, 8)."""
    figures = {
        "recall": _numbers(metrics.recall(confusion)),
        "precision": _numbers(metrics.precision(confusion)),
        "f1": _numbers(metrics.f1(confusion)),
        "support": confusion.sum(axis=1).tolist(),
    }
    return {
        emotion: {name: values[index] for name, values in figures.items()}
        for index, emotion in enumerate(EMOTIONS)
    }


def reliability(bins: ReliabilityBins) -> dict[str, list[float | None]]:
    """The bins of a reliability diagram."""
    return {
        "edges": _numbers(bins.edges),
        "count": bins.count.tolist(),
        "accuracy": _numbers(bins.accuracy),
        "confidence": _numbers(bins.confidence),
    }


def _numbers(values: F64) -> list[float | None]:
    return [None if math.isnan(v) else round(v, DIGITS) for v in values.tolist()]
