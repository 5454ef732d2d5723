"""Parts of the report that come first: what was seen and heard, and the telling stretches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from evolvisense.report.columns import Part
from evolvisense.types.scores import Emotion

ValueName = Literal[
    "expression",
    "smile_share",
    "blinks",
    "blinks_per_min",
    "head_speed_deg_s",
    "speaking_share",
    "speech_s",
    "f0_median_hz",
    "f0_range_st",
    "level_sd_db",
    "syllable_rate_hz",
    "pause_share",
    "voice_expression",
    "eye_distance_px",
    "brightness",
    "snr_db",
]

MomentKind = Literal[
    "smile", "expression_change", "pause", "high_pitch", "loud", "head_turn", "unreadable"
]


class UsualRange(Part):
    """What is usual for a value, in its own unit."""

    low: float = Field(description="Lower end.")
    high: float = Field(description="Upper end.")
    source: str = Field(description="Paper or data set that the range comes from.")


WHOLE_FROM = 20.0
"""Ends of a range are shown without decimals from here on."""


def _short(end: float) -> str:
    return f"{end:.0f}" if end >= WHOLE_FROM else f"{end:.1f}" if end >= 1 else f"{end:.2f}"


class SummaryValue(Part):
    """One thing that was seen or heard: a number and a sentence, or why there is none."""

    name: ValueName = Field(description="Stable, for programs.")
    title: str = Field(description="The same for people.")
    value: float | None = Field(description="In `unit`; null where `missing` says why.")
    unit: str = Field(description="Unit of `value`; `share` is 0-1, empty a count.")
    label: Emotion | None = Field(
        default=None, description="The expression that `value` is the share or probability of."
    )
    interval_low: float | None = Field(
        default=None, description="Lower end of the 90 % interval; null where none is computed."
    )
    interval_high: float | None = Field(default=None, description="Upper end.")
    usual: UsualRange | None = Field(
        default=None, description="null where no source gives a range."
    )
    sentence: str = Field(description="The value in plain words.")
    missing: str | None = Field(default=None, description="Why `value` is null, in plain words.")
    note: str | None = Field(
        default=None, description="What limits the value, in plain words; null where nothing does."
    )

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    def text(self) -> str:
        """The sentence with the usual range and the note.

        >>> rate = Quantity("blinks_per_min", "Blink rate", "1/min",
        ...     UsualRange(low=10.5, high=32.5, source="conversation (Doughty 2001)"))
        >>> rate.found(18.0, "18 blinks a minute.").text()
        '18 blinks a minute. Usual: 10.5-32 1/min.'
        """
        parts = [self.sentence]
        if self.usual is not None and self.is_known:
            low, high = (_short(end) for end in (self.usual.low, self.usual.high))
            parts.append(f"Usual: {low}-{high} {self.unit}.")
        if self.note is not None:
            parts.append(self.note)
        return " ".join(parts)


class ExpressionShares(Part):
    """How often each expression was the most probable one, over the time in which the expression
    could be read.
    """

    readable_s: float = Field(description="Seconds that the shares stand on.")
    shares: dict[Emotion, float] | None = Field(
        description="Share of that time, 0-1; the seven sum to 1. null where no frame could be "
        "read, or where withheld."
    )


class PersonSummary(Part):
    """What was seen of one person."""

    person_id: int = Field(description="`id` of the person in `people`.")
    is_main: bool = Field(description="True for the one that voice and indicators are taken with.")
    seen_s: float = Field(description="Seconds in which the face was found.")
    readable_share: float = Field(
        description="Share of that time in which the expression could be read, 0-1."
    )
    expressions: ExpressionShares
    expressions_speaking: ExpressionShares = Field(
        description="The same while the person speaks: a moving mouth makes it less reliable."
    )
    expressions_silent: ExpressionShares = Field(description="The same while the person is silent.")
    values: list[SummaryValue] = Field(description="In the order to show them.")


class Summary(Part):
    """What was seen and heard, in the order to show it."""

    headline: str = Field(description="All of it in one or two sentences.")
    people: list[PersonSummary] = Field(description="The main person first; may be empty.")
    voice: list[SummaryValue] = Field(description="Empty where no voice was read.")
    recording: list[SummaryValue] = Field(
        description="How well the recording lets a face and a voice be read."
    )
    limits: list[str] = Field(description="What limits the answer, in plain words; may be empty.")
    indicators: str = Field(
        description="The indicators in one sentence, or what is missing for them."
    )


class Moment(Part):
    """A telling stretch of the recording."""

    kind: MomentKind = Field(description="Rule that found it.")
    start_s: float = Field(description="Begin on the file's clock.")
    end_s: float = Field(description="End on the file's clock.")
    size: float = Field(description="How large it is, in `unit`.")
    unit: str = Field(description="Unit of `size`.")
    person_id: int | None = Field(description="Person that it was seen on; null for the voice.")
    sentence: str = Field(description="What happens and why it is listed, in plain words.")


LONGEST_NOTE = 300
"""Characters of a mark's note."""


class Mark(Part):
    """A moment or a range that a person marked while watching, with a note of theirs."""

    start_s: float = Field(allow_inf_nan=False, description="Begin on the file's clock.")
    end_s: float = Field(
        allow_inf_nan=False, description="End on the file's clock; `start_s` for a moment."
    )
    note: str = Field(default="", max_length=LONGEST_NOTE, description="May be empty.")

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.end_s < self.start_s:
            raise ValueError(f"end_s {self.end_s:g} is before start_s {self.start_s:g}")
        return self

    def label(self) -> str:
        """The note on one line, or "mark" where there is none."""
        words = " ".join(self.note.split())
        return "".join(c for c in words if c.isprintable()) or "mark"


@dataclass(frozen=True)
class Quantity:
    """A kind of value of the summary."""

    name: ValueName
    title: str
    unit: str
    usual: UsualRange | None = None

    def found(
        self,
        value: float,
        sentence: str,
        *,
        label: Emotion | None = None,
        interval: tuple[float, float] | None = None,
        note: str | None = None,
    ) -> SummaryValue:
        """The value with its sentence."""
        low, high = (None, None) if interval is None else interval
        return SummaryValue(
            name=self.name,
            title=self.title,
            value=round(value, 4),
            unit=self.unit,
            label=label,
            interval_low=None if low is None else round(low, 2),
            interval_high=None if high is None else round(high, 2),
            usual=self.usual,
            sentence=sentence,
            note=note,
        )

    def absent(self, why: str, *, note: str | None = None) -> SummaryValue:
        """No value, with its reason in plain words."""
        return SummaryValue(
            name=self.name,
            title=self.title,
            value=None,
            unit=self.unit,
            usual=self.usual,
            sentence=f"{self.title}: cannot tell, {why}.",
            missing=why,
            note=note,
        )
