"""A report as one row of features for modelling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from evolvisense.report import Report
from evolvisense.report.part import Part
from evolvisense.report.schema import BehaviourMeasures, Person
from evolvisense.report.voice_parts import (
    PhonationMeasures,
    SoundQuality,
    Voice,
    VoiceMeasures,
)
from evolvisense.types.indicators import FEATURES, INDICATORS
from evolvisense.types.scores import EMOTIONS

Kind = Literal["number", "integer", "boolean", "text"]

FACE_QUALITY = ("size_px", "sharpness", "brightness")


class Cell(NamedTuple):
    """One column of the row."""

    name: str
    kind: Kind
    value: Any
    """None where there is none; the columns `..._missing` and `..._absent_reason` say why."""


def summary_row(report: Report, sha256: str) -> list[Cell]:
    """The row; every report has the same columns in the same order.

    What is said of a face is about the main person. Numbers are those of the report: see
    `docs/batch.md` for the columns.
    """
    return [
        Cell("sha256", "text", sha256),
        *_media(report),
        *_indicators(report),
        *_features(report),
        *_face(next((person for person in report.people if person.is_main), None)),
        *_voice(report.voice),
        Cell("voice_absent_reason", "text", report.voice_absent_reason),
        Cell("language", "text", report.indicators.language),
        Cell("warnings", "text", ",".join(notice.code for notice in report.warnings)),
    ]


def _media(report: Report) -> Iterator[Cell]:
    media = report.media
    yield Cell("duration_s", "number", media.duration_s)
    yield Cell("width_px", "integer", media.video.width_px)
    yield Cell("height_px", "integer", media.video.height_px)
    yield Cell("video_codec", "text", media.video.codec)
    yield Cell("audio_codec", "text", None if media.audio is None else media.audio.codec)
    yield Cell("frames", "integer", len(report.frames.number))
    yield Cell("people", "integer", len(report.people))


def _indicators(report: Report) -> Iterator[Cell]:
    scores = {score.name: score for score in report.indicators.scores}
    for name in INDICATORS:
        score = scores[name]
        yield Cell(f"{name}_score", "number", score.score)
        yield Cell(f"{name}_low", "number", score.interval_low)
        yield Cell(f"{name}_high", "number", score.interval_high)
        yield Cell(f"{name}_coverage", "number", score.coverage)
        yield Cell(f"{name}_missing", "text", score.no_score_reason)


def _features(report: Report) -> Iterator[Cell]:
    features = {feature.name: feature for feature in report.indicators.features}
    for name in FEATURES:
        yield Cell(f"feature_{name}", "number", features[name].value)
        yield Cell(f"feature_{name}_missing", "text", features[name].missing_reason)


def _face(person: Person | None) -> Iterator[Cell]:
    timeline = None if person is None else person.timeline
    yield Cell("face_share", "number", None if person is None else person.share_of_frames)
    for name in FACE_QUALITY:
        column = None if timeline is None else getattr(timeline, name)
        yield Cell(f"face_{name}_median", "number", _finite(np.median, column))
    means = None if person is None else person.mean_probabilities
    for emotion in EMOTIONS:
        yield Cell(f"expression_{emotion}", "number", None if means is None else means[emotion])
    yield from _part("behaviour_", BehaviourMeasures, None if person is None else person.measures)
    blinks = None if person is None else person.blinks
    yield Cell("behaviour_blinks", "integer", None if blinks is None else len(blinks))
    reason = None if person is None else person.blinks_absent_reason
    yield Cell("behaviour_blinks_absent_reason", "text", "no_face" if person is None else reason)


def _voice(voice: Voice | None) -> Iterator[Cell]:
    measures = None if voice is None else voice.measures
    yield from _part("voice_", VoiceMeasures, measures, leave_out=("phonation",))
    phonation = None if measures is None else measures.phonation
    yield from _part("voice_", PhonationMeasures, phonation)
    yield from _part("sound_", SoundQuality, None if voice is None else voice.quality)
    emotion = None if voice is None else voice.emotion
    for name in EMOTIONS:
        column = None if emotion is None else emotion.probabilities[name]
        yield Cell(f"voice_emotion_{name}", "number", _finite(np.mean, column))
    arousal = None if emotion is None else emotion.arousal
    yield Cell("voice_arousal", "number", _finite(np.mean, arousal))


def _part(
    prefix: str, shape: type[Part], part: Part | None, leave_out: Sequence[str] = ()
) -> Iterator[Cell]:
    """The fields of a part of a report, or as many empty cells."""
    for name, field in shape.model_fields.items():
        if name not in leave_out:
            value = None if part is None else getattr(part, name)
            yield Cell(prefix + name, _kind(field.annotation), value)


def _kind(annotation: Any) -> Kind:  # noqa: ANN401 - the type of a field
    kinds = {annotation, *get_args(annotation)}
    if float in kinds:
        return "number"
    if bool in kinds:
        return "boolean"
    return "integer" if int in kinds else "text"


def _finite(statistic: Any, column: Any) -> float | None:  # noqa: ANN401 - of numpy
    if column is None:
        return None
    values = np.asarray(column, np.float64)
    values = values[np.isfinite(values)]
    return float(statistic(values)) if len(values) else None
