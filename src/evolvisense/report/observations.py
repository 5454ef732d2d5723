"""A report of what was seen and heard alone: no emotion, and no score that stands on one."""

from __future__ import annotations

from evolvisense.report.indicator_parts import (
    BaselinePart,
    FeaturePart,
    IndicatorBlock,
    IndicatorPart,
)
from evolvisense.report.schema import Person, Report, Withheld
from evolvisense.types.indicators import Feature

EMOTION_FEATURES: frozenset[Feature] = frozenset({"voice_anger_or_fear", "voice_fear"})
"""Features that are an emotion heard in a voice."""

FIELDS_ALWAYS = ("v1",)
FIELDS_OF_PEOPLE = ("people[].mean_probabilities", "people[].timeline.probabilities")


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
        *(("voice.emotion",) if has_heard else ()),
        *_withheld_of(report.indicators),
    ]
    return report.model_copy(
        update={
            "indicators": _indicators(report.indicators),
            "people": [_person(person) for person in report.people],
            "voice": None if voice is None else voice.model_copy(update={"emotion": None}),
            "v1": None,
            "withheld": Withheld(reason="observations_only", parts=withheld),
        }
    )


def _person(person: Person) -> Person:
    timeline = person.timeline.model_copy(update={"probabilities": None})
    return person.model_copy(update={"mean_probabilities": None, "timeline": timeline})


def _indicators(block: IndicatorBlock) -> IndicatorBlock:
    return block.model_copy(
        update={
            "scores": [_score(score) for score in block.scores],
            "features": [_feature(feature) for feature in block.features],
            "baseline": None if block.baseline is None else _baseline(block.baseline),
        }
    )


def _score(score: IndicatorPart) -> IndicatorPart:
    if not _stands_on_emotion(score):
        return score
    nothing = dict.fromkeys(("score", "interval_low", "interval_high"))
    return score.model_copy(
        update={**nothing, "no_score_reason": "withheld", "contributions": []},
    )


def _feature(feature: FeaturePart) -> FeaturePart:
    if feature.name not in EMOTION_FEATURES:
        return feature
    return FeaturePart(name=feature.name, value=None, missing_reason="withheld", stands_on_s=None)


def _baseline(baseline: BaselinePart) -> BaselinePart:
    changes = [change for change in baseline.changes if change.feature not in EMOTION_FEATURES]
    return baseline.model_copy(update={"changes": changes})


def _withheld_of(block: IndicatorBlock) -> list[str]:
    scores = [f"indicators.scores[{s.name}]" for s in block.scores if _stands_on_emotion(s)]
    features = [f"indicators.features[{f.name}]" for f in block.features if _is_heard(f)]
    changes = block.baseline.changes if block.baseline is not None else []
    return [
        *scores,
        *features,
        *(
            f"indicators.baseline.changes[{c.feature}]"
            for c in changes
            if c.feature in EMOTION_FEATURES
        ),
    ]


def _stands_on_emotion(score: IndicatorPart) -> bool:
    return any(part.feature in EMOTION_FEATURES for part in score.contributions)


def _is_heard(feature: FeaturePart) -> bool:
    return feature.name in EMOTION_FEATURES
