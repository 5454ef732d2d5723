"""The `strict` profile: who confirmed consent, and what an analysis is for.

Nothing here is logged: the names that people give stay in the job and, hashed, in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from evolvisense.errors import ConsentMissingError, PurposeRefusedError

CONSENT_VERSION = "1"

CONSENT_TEXT = """\
I confirm for this recording:
1. Everybody who is seen or heard in it was told that software will estimate facial expressions \
and properties of the voice from it, and what for.
2. Everybody who is seen or heard in it, or who may decide for them, agreed to that freely, and \
knows that they may take it back and have the recording and the report deleted.
3. The result will not be used on employees, applicants, pupils or students, by police, at a \
border or for insurance, nor to decide about anybody.
4. The numbers describe visible and audible behaviour in this recording. They do not measure how \
anybody feels and do not diagnose any condition.
"""
"""What the person who confirms has read. A change of the text needs a new CONSENT_VERSION."""

PurposeKind = Literal["self-reflection", "research", "software-testing", "clinical-supervised"]

PURPOSES: Mapping[PurposeKind, str] = {
    "self-reflection": "people look at recordings of themselves",
    "research": "a study that an ethics committee knows; `ethics_id` names its decision",
    "software-testing": "recordings made to test software, of people who agreed to that",
    "clinical-supervised": "a health professional looks at the result and answers for it",
}
"""What an analysis may be for."""

REFUSED_PURPOSES: Mapping[str, str] = {
    "employment": "reading emotions at work is prohibited in the EU (AI Act, Article 5(1)(f))",
    "education": "reading emotions in education is prohibited in the EU (AI Act, Article 5(1)(f))",
    "policing": "these numbers say nothing about truth or guilt",
    "border": "these numbers say nothing about truth or intent",
    "insurance": "these numbers say nothing about anybody's health or risk",
}
"""What it may never be for. Every other name that is not in PURPOSES is refused as well."""

LONGEST_TEXT = 200
"""Characters of a name or of an ethics id."""

CLOCK_ERROR = timedelta(minutes=5)
"""How far the clock of the one who confirmed may be ahead of ours."""

CONSENT_FIELDS = ("confirmed_by", "confirmed_at", "text_version")
PURPOSE_FIELDS = ("kind", "ethics_id")


@dataclass(frozen=True)
class Consent:
    """Somebody's word that the people in the recording agreed."""

    confirmed_by: str
    """Name or id of the person who confirmed, as given; 1-200 characters."""
    confirmed_at: datetime
    """When; UTC."""
    text_version: str
    """Which text was confirmed: CONSENT_VERSION."""


@dataclass(frozen=True)
class Purpose:
    """What an analysis is for."""

    kind: PurposeKind
    ethics_id: str | None
    """The ethics committee's decision, 1-200 characters; never absent for research."""


@dataclass(frozen=True)
class Declaration:
    """What the strict profile asks of every analysis."""

    consent: Consent
    purpose: Purpose

    def to_json(self) -> dict[str, Any]:
        """As `parse_consent` reads it, to be kept with the job."""
        return {
            "consent": {
                "confirmed_by": self.consent.confirmed_by,
                "confirmed_at": self.consent.confirmed_at.isoformat(),
                "text_version": self.consent.text_version,
            },
            "purpose": {"kind": self.purpose.kind, "ethics_id": self.purpose.ethics_id},
        }


def _utc_now() -> datetime:
    return datetime.now(UTC)


def parse_consent(
    options: Mapping[str, Any], now: Callable[[], datetime] = _utc_now
) -> Declaration:
    """Read `consent` and `purpose` of a request's options.

    Expected are `{"consent": {"confirmed_by", "confirmed_at", "text_version"}, "purpose": {"kind",
    "ethics_id"}}`; a purpose without an ethics id may be its name alone. Raises
    PurposeRefusedError for whatever is wrong with the purpose, ConsentMissingError for whatever is
    wrong with the consent.
    """
    purpose = _purpose(options.get("purpose"))
    return Declaration(_consent(options.get("consent"), now()), purpose)


def _purpose(given: object) -> Purpose:
    fields: dict[str, Any] = {"kind": given} if isinstance(given, str) else _object(given)
    kind = fields.get("kind")
    if not isinstance(kind, str) or not kind.strip():
        raise PurposeRefusedError(f"`purpose` is missing: say what it is for. {_allowed()}")
    if kind in REFUSED_PURPOSES:
        raise PurposeRefusedError(f"purpose '{kind}': {REFUSED_PURPOSES[kind]}. {_allowed()}")
    if kind not in PURPOSES:
        raise PurposeRefusedError(
            f"purpose {_short(kind)} is not one of those allowed. {_allowed()}"
        )
    if unknown := sorted(set(fields) - set(PURPOSE_FIELDS)):
        raise PurposeRefusedError(
            f"`purpose` has the field {_short(unknown[0])}, which nothing here reads: "
            f"its fields are {', '.join(PURPOSE_FIELDS)}"
        )
    ethics_id = fields.get("ethics_id")
    if ethics_id is None and kind == "research":
        raise PurposeRefusedError(
            "purpose 'research' needs `ethics_id`: the reference of the ethics committee's decision"
        )
    if ethics_id is not None and not _is_text(ethics_id):
        raise PurposeRefusedError(
            f"`ethics_id` must be printable text of 1 to {LONGEST_TEXT} characters"
        )
    return Purpose(cast("PurposeKind", kind), None if ethics_id is None else ethics_id.strip())


def _consent(given: object, now: datetime) -> Consent:
    fields = _object(given)
    for name in CONSENT_FIELDS:
        if not _is_text(fields.get(name)):
            raise ConsentMissingError(
                f"`consent.{name}` is missing: this server analyses a recording only after "
                f"somebody confirmed the consent text, version {CONSENT_VERSION}, for the people "
                f"in it. `consent` holds {', '.join(CONSENT_FIELDS)}, each a text of 1 to "
                f"{LONGEST_TEXT} characters"
            )
    if unknown := sorted(set(fields) - set(CONSENT_FIELDS)):
        raise ConsentMissingError(
            f"`consent` has the field {_short(unknown[0])}, which nothing here reads: "
            f"its fields are {', '.join(CONSENT_FIELDS)}"
        )
    if fields["text_version"] != CONSENT_VERSION:
        raise ConsentMissingError(
            f"version {_short(fields['text_version'])} of the consent text is not the current "
            f"one: show version {CONSENT_VERSION} and have that confirmed"
        )
    return Consent(
        confirmed_by=fields["confirmed_by"].strip(),
        confirmed_at=_time(fields["confirmed_at"], now),
        text_version=CONSENT_VERSION,
    )


def _time(text: str, now: datetime) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
        if time.tzinfo is None:
            raise ValueError("no zone")
        time = time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConsentMissingError(
            f"`consent.confirmed_at` is {_short(text)}, expected a time as ISO 8601 with its zone, "
            "such as 2026-03-02T14:05:00+01:00 or 2026-03-02T13:05:00Z"
        ) from None
    if time > now + CLOCK_ERROR:
        raise ConsentMissingError(
            f"`consent.confirmed_at` is {time.isoformat()}, which is still to come: "
            f"here it is {now.astimezone(UTC).isoformat(timespec='seconds')}"
        )
    return time


def _object(given: object) -> dict[str, Any]:
    return dict(cast("Mapping[str, Any]", given)) if isinstance(given, Mapping) else {}


def _is_text(value: object) -> bool:
    return (
        isinstance(value, str)
        and bool(value.strip())
        and len(value) <= LONGEST_TEXT
        and value.isprintable()
    )


def _allowed() -> str:
    return "Allowed are: " + "; ".join(f"{kind} ({what})" for kind, what in PURPOSES.items())


def _short(text: str) -> str:
    """A given text as it may stand in an answer."""
    return repr(text if len(text) <= 40 else text[:40] + "...")
