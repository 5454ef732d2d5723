"""One row for a recording: facts of the file, summary, indicators, features, face and voice.

`Report.to_pandas(level="recording")` and the table `summary` of a batch are made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from evolvisense.report.columns import Part
from evolvisense.report.indicator_parts import IndicatorBlock, IndicatorPart
from evolvisense.report.parts import (
    BehaviourMeasures,
    FaceTimeline,
    MediaFacts,
    Person,
    ReportData,
    VideoFacts,
)
from evolvisense.report.summary_parts import Summary, ValueName
from evolvisense.report.voice_parts import (
    PhonationMeasures,
    SoundQuality,
    Voice,
    VoiceEmotionColumns,
    VoiceMeasures,
)
from evolvisense.report.words import FEATURE_NAMES, FEATURE_UNITS, INDICATOR_MEANINGS
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
    meaning: str
    """In a sentence, with its unit."""


def recording_row(report: ReportData) -> list[Cell]:
    """The row; every report has the same columns in the same order.

    What is said of a face is about the main person. Numbers are those of the report: see
    `docs/batch.md` for the columns.
    """
    return [
        *_media(report),
        *_summary(report),
        *_indicators(report),
        *_features(report),
        *_face(next((person for person in report.people if person.is_main), None)),
        *_voice(report.voice),
        Cell("voice_absent_reason", "text", report.voice_absent_reason, "Why no voice was read."),
        Cell("language", "text", report.indicators.language, _says(IndicatorBlock, "language")),
        Cell(
            "warnings",
            "text",
            ",".join(notice.code for notice in report.warnings),
            "Codes, with commas between them.",
        ),
    ]


def _media(report: ReportData) -> Iterator[Cell]:
    media = report.media
    yield Cell("duration_s", "number", media.duration_s, _says(MediaFacts, "duration_s"))
    video = media.video
    width_px, height_px = (None, None) if video is None else (video.width_px, video.height_px)
    yield Cell("width_px", "integer", width_px, _says(VideoFacts, "width_px"))
    yield Cell("height_px", "integer", height_px, _says(VideoFacts, "height_px"))
    codec = None if video is None else video.codec
    yield Cell("video_codec", "text", codec, _says(VideoFacts, "codec"))
    sound = None if media.audio is None else media.audio.codec
    yield Cell("audio_codec", "text", sound, "The same of the sound; null where there is none.")
    yield Cell("frames", "integer", len(report.frames.number), "Frames that were analysed.")
    yield Cell("people", "integer", len(report.people), "People found in them.")


def _summary(report: ReportData) -> Iterator[Cell]:
    summary = report.summary
    main = next((person for person in summary.people if person.is_main), None)
    found = [*([] if main is None else main.values), *summary.voice, *summary.recording]
    values = {value.name: value for value in found}
    yield Cell("headline", "text", summary.headline, _says(Summary, "headline"))
    for name in get_args(ValueName):
        value = values.get(name)
        meaning = f"Value {name} of report.summary, about the main person."
        yield Cell(f"summary_{name}", "number", None if value is None else value.value, meaning)
    for name in ("expression", "voice_expression"):
        value = values.get(name)
        label = None if value is None else value.label
        yield Cell(f"summary_{name}_label", "text", label, f"What summary_{name} is the share of.")
    shares = None if main is None else main.expressions.shares
    for emotion in EMOTIONS:
        share = None if shares is None else shares[emotion]
        yield Cell(f"share_{emotion}", "number", share, "Share of the readable time, 0-1.")


def _indicators(report: ReportData) -> Iterator[Cell]:
    scores = {score.name: score for score in report.indicators.scores}
    for name in INDICATORS:
        score = scores[name]
        meaning = f"Indicator: {INDICATOR_MEANINGS[name]}. {_says(IndicatorPart, 'score')}"
        yield Cell(f"{name}_score", "number", score.score, meaning)
        for end in ("low", "high"):
            value = getattr(score, f"interval_{end}")
            yield Cell(f"{name}_{end}", "number", value, _says(IndicatorPart, f"interval_{end}"))
        yield Cell(f"{name}_coverage", "number", score.coverage, _says(IndicatorPart, "coverage"))
        yield Cell(f"{name}_missing", "text", score.no_score_reason, "Why there is no score.")


def _features(report: ReportData) -> Iterator[Cell]:
    features = {feature.name: feature for feature in report.indicators.features}
    for name in FEATURES:
        meaning = f"{FEATURE_NAMES[name].capitalize()}, {FEATURE_UNITS[name]}."
        yield Cell(f"feature_{name}", "number", features[name].value, meaning)
        reason = features[name].missing_reason
        yield Cell(f"feature_{name}_missing", "text", reason, "Why the feature is missing.")


def _face(person: Person | None) -> Iterator[Cell]:
    timeline = None if person is None else person.timeline
    share = None if person is None else person.share_of_frames
    yield Cell("face_share", "number", share, "Share of the frames with the face, 0-1.")
    for name in FACE_QUALITY:
        column = None if timeline is None else getattr(timeline, name)
        meaning = f"Median over frames. {_says(FaceTimeline, name)}"
        yield Cell(f"face_{name}_median", "number", _finite(np.median, column), meaning)
    means = None if person is None else person.mean_probabilities
    for emotion in EMOTIONS:
        mean = None if means is None else means[emotion]
        yield Cell(
            f"expression_{emotion}", "number", mean, "Mean probability over readable frames, 0-1."
        )
    yield from _part("behaviour_", BehaviourMeasures, None if person is None else person.measures)
    blinks = None if person is None else person.blinks
    yield Cell("behaviour_blinks", "integer", None if blinks is None else len(blinks), "Count.")
    reason = "no_face" if person is None else person.blinks_absent_reason
    yield Cell("behaviour_blinks_absent_reason", "text", reason, "Why blinks are not counted.")


def _voice(voice: Voice | None) -> Iterator[Cell]:
    measures = None if voice is None else voice.measures
    yield from _part("voice_", VoiceMeasures, measures, leave_out=("phonation",))
    phonation = None if measures is None else measures.phonation
    yield from _part("voice_", PhonationMeasures, phonation)
    yield from _part("sound_", SoundQuality, None if voice is None else voice.quality)
    emotion = None if voice is None else voice.emotion
    for name in EMOTIONS:
        column = None if emotion is None else emotion.probabilities[name]
        meaning = "Mean probability over windows of speech, 0-1."
        yield Cell(f"voice_emotion_{name}", "number", _finite(np.mean, column), meaning)
    arousal = None if emotion is None else emotion.arousal
    meaning = f"Mean over windows. {_says(VoiceEmotionColumns, 'arousal')}"
    yield Cell("voice_arousal", "number", _finite(np.mean, arousal), meaning)


def _part(
    prefix: str, shape: type[Part], part: Part | None, leave_out: Sequence[str] = ()
) -> Iterator[Cell]:
    """The fields of a part of a report, or as many empty cells."""
    for name, field in shape.model_fields.items():
        if name not in leave_out:
            value = None if part is None else getattr(part, name)
            yield Cell(prefix + name, _kind(field.annotation), value, _says(shape, name))


def _says(shape: type[Part], name: str) -> str:
    """What the report's own schema says of that field."""
    return shape.model_fields[name].description or ""


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
