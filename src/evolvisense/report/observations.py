"""A report of what was seen and heard alone: no emotion, and no score that stands on one."""

from __future__ import annotations

from evolvisense.report.indicator_parts import (
    BaselinePart,
    FeaturePart,
    IndicatorBlock,
    IndicatorPart,
    WindowPart,
)
from evolvisense.report.parts import Person, Withheld
from evolvisense.report.schema import Report
from evolvisense.report.summary import with_summary
from evolvisense.types.indicators import EMOTION_FEATURES, IndicatorName

NO_SCORE = {
    **dict.fromkeys(("score", "interval_low", "interval_high")),
    "no_score_reason": "withheld",
}
FIELDS_ALWAYS = ("v1",)
FIELDS_OF_PEOPLE = (
    "people[].mean_probabilities",
    "people[].mean_probabilities_all_frames",
    "people[].timeline.probabilities",
    "summary.people[].expressions.shares",
    "summary.people[].expressions_speaking.shares",
    "summary.people[].expressions_silent.shares",
    "summary.people[].values[expression]",
)
FIELDS_OF_THE_VOICE = ("voice.emotion", "summary.voice[voice_expression]")


def observations_only(report: Report) -> Report:
    """The report without what infers an emotion: `withheld` names the fields.

    Withheld are the probabilities of expressions, the emotion heard in the voice, features and
    indicators that stand on it, and the whole v1 block. What stays describes behaviour: smile,
    blinks, speaking, head, facial actions, pitch, loudness, pauses, and the indicators made of
    these alone. `uncertain` and `certain_share` stay too: they say how well a face could be read.
    Doing it twice changes nothing.
    """
    if report.withheld is not None:
        return report
    voice = report.voice
    has_heard = voice is not None and voice.emotion is not None
    withheld = [
        *FIELDS_ALWAYS,
        *(FIELDS_OF_PEOPLE if report.people else ()),
        *(FIELDS_OF_THE_VOICE if has_heard else ()),
        *_withheld_of(report.indicators),
    ]
    kept = report.model_copy(
        update={
            "indicators": _indicators(report.indicators),
            "people": [_person(person) for person in report.people],
            "voice": None if voice is None else voice.model_copy(update={"emotion": None}),
            "v1": None,
            "withheld": Withheld(reason="observations_only", parts=withheld),
        }
    )
    return with_summary(kept)


def _person(person: Person) -> Person:
    timeline = person.timeline.model_copy(update={"probabilities": None})
    nothing = {"mean_probabilities": None, "mean_probabilities_all_frames": None}
    return person.model_copy(update={**nothing, "timeline": timeline})


def _indicators(block: IndicatorBlock) -> IndicatorBlock:
    return block.model_copy(
        update={
            "scores": [_score(score) for score in block.scores],
            "features": [_feature(feature) for feature in block.features],
            "baseline": None if block.baseline is None else _baseline(block.baseline),
            "windows": [_window(window, _withheld_names(block)) for window in block.windows],
        }
    )


def _score(score: IndicatorPart) -> IndicatorPart:
    if not _stands_on_emotion(score):
        return score
    return score.model_copy(update={**NO_SCORE, "contributions": []})


def _window(window: WindowPart, withheld: list[IndicatorName]) -> WindowPart:
    scores = [s.model_copy(update=NO_SCORE) if s.name in withheld else s for s in window.scores]
    return window.model_copy(update={"scores": scores})


def _feature(feature: FeaturePart) -> FeaturePart:
    if feature.name not in EMOTION_FEATURES:
        return feature
    return FeaturePart(name=feature.name, value=None, missing_reason="withheld", stands_on_s=None)


def _baseline(baseline: BaselinePart) -> BaselinePart:
    changes = [change for change in baseline.changes if change.feature not in EMOTION_FEATURES]
    return baseline.model_copy(update={"changes": changes})


def _withheld_of(block: IndicatorBlock) -> list[str]:
    names = _withheld_names(block)
    scores = [f"indicators.scores[{name}]" for name in names]
    windows = [f"indicators.windows[].scores[{name}]" for name in names if block.windows]
    features = [f"indicators.features[{f.name}]" for f in block.features if _is_heard(f)]
    changes = block.baseline.changes if block.baseline is not None else []
    return [
        *scores,
        *windows,
        *features,
        *(
            f"indicators.baseline.changes[{c.feature}]"
            for c in changes
            if c.feature in EMOTION_FEATURES
        ),
    ]


def _withheld_names(block: IndicatorBlock) -> list[IndicatorName]:
    return [score.name for score in block.scores if _stands_on_emotion(score)]


def _stands_on_emotion(score: IndicatorPart) -> bool:
    return any(part.feature in EMOTION_FEATURES for part in score.contributions)


def _is_heard(feature: FeaturePart) -> bool:
    return feature.name in EMOTION_FEATURES
