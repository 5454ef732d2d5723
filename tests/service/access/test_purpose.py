"""Consent and purpose: what the strict profile takes, and what it says when it does not."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.errors import ConsentMissingError, PurposeRefusedError
from evolvisense.service.access.purpose import (
    CONSENT_TEXT,
    CONSENT_VERSION,
    PURPOSES,
    REFUSED_PURPOSES,
    Consent,
    Declaration,
    Purpose,
    parse_consent,
)

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


def options(
    consent: dict[str, Any] | None = None, purpose: object = "self-reflection"
) -> dict[str, Any]:
    whole = {
        "confirmed_by": "Ada Example",
        "confirmed_at": "2026-03-02T12:00:00Z",
        "text_version": CONSENT_VERSION,
    }
    return {"consent": {**whole, **(consent or {})}, "purpose": purpose}


def parse(given: dict[str, Any]) -> Declaration:
    return parse_consent(given, lambda: NOW)


def test_a_whole_declaration_is_read() -> None:
    given = options(purpose={"kind": "research", "ethics_id": " EK 12/2026 "})
    assert parse({**given, "frame_skip": 2}) == Declaration(
        Consent("Ada Example", datetime(2026, 3, 2, 12, tzinfo=UTC), CONSENT_VERSION),
        Purpose("research", "EK 12/2026"),
    )


@pytest.mark.parametrize("kind", PURPOSES)
def test_what_was_read_is_read_again_from_its_json(kind: str) -> None:
    declared = parse(options(purpose={"kind": kind, "ethics_id": "EK 1"}))
    assert parse(json.loads(json.dumps(declared.to_json()))) == declared


def test_the_purposes_are_those_that_the_limits_of_the_numbers_allow() -> None:
    assert set(PURPOSES) == {
        "self-reflection",
        "research",
        "software-testing",
        "clinical-supervised",
    }
    assert set(REFUSED_PURPOSES) == {"employment", "education", "policing", "border", "insurance"}


@pytest.mark.parametrize("kind", ["self-reflection", "software-testing", "clinical-supervised"])
def test_purposes_other_than_research_need_no_ethics_id(kind: str) -> None:
    assert parse(options(purpose=kind)).purpose == Purpose(kind, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [*REFUSED_PURPOSES, "hiring", "Research", "self_reflection"])
@pytest.mark.parametrize("wrap", [lambda k: k, lambda k: {"kind": k, "ethics_id": "EK 1"}])
def test_a_purpose_that_is_not_allowed_is_refused_by_its_name(kind: str, wrap: Any) -> None:
    with pytest.raises(PurposeRefusedError) as caught:
        parse(options(purpose=wrap(kind)))
    text = str(caught.value)
    assert f"'{kind}'" in text
    assert all(allowed in text for allowed in PURPOSES)


@pytest.mark.parametrize(
    "purpose", [None, "", "  ", {}, {"kind": 3}, ["research"], 7, {"kind": None}]
)
def test_a_missing_purpose_is_refused_and_the_allowed_ones_are_told(purpose: object) -> None:
    with pytest.raises(PurposeRefusedError, match=r"`purpose` is missing.*self-reflection"):
        parse(options(purpose=purpose))


def test_a_strange_name_of_a_purpose_is_quoted_short_and_escaped() -> None:
    with pytest.raises(PurposeRefusedError) as caught:
        parse(options(purpose="line\nbreak" + "x" * 5000))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("ethics_id", [None, "", "  ", 12, "x" * 201, "a\nb"])
def test_research_needs_an_ethics_id(ethics_id: object) -> None:
    with pytest.raises(PurposeRefusedError, match="ethics_id"):
        parse(options(purpose={"kind": "research", "ethics_id": ethics_id}))
    with pytest.raises(PurposeRefusedError, match="ethics_id"):
        parse(options(purpose="research"))


@pytest.mark.parametrize("field", ["confirmed_by", "confirmed_at", "text_version"])
@pytest.mark.parametrize("value", [None, "", "   ", 5, ["Ada"], "x" * 201, "a\x00b", "\ud800"])
def test_every_field_of_the_consent_is_needed(field: str, value: object) -> None:
    with pytest.raises(ConsentMissingError, match=rf"`consent\.{field}` is missing"):
        parse(options({field: value}))


@pytest.mark.parametrize("consent", [None, True, "yes", [], {}])
def test_consent_is_never_assumed(consent: object) -> None:
    with pytest.raises(ConsentMissingError, match="somebody confirmed the consent text, version 1"):
        parse({**options(), "consent": consent})


@pytest.mark.parametrize(
    "given", [options({"given_by": "Bo"}), options(purpose={"kind": "software-testing", "id": "1"})]
)
def test_a_field_that_nothing_reads_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(
        (ConsentMissingError, PurposeRefusedError), match="which nothing here reads"
    ):
        parse(given)


def test_another_version_of_the_text_is_no_consent_to_this_one() -> None:
    with pytest.raises(
        ConsentMissingError, match="version '0' of the consent text is not the current"
    ):
        parse(options({"text_version": "0"}))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T13:00:00+01:00",
        "2026-03-02T12:00:00Z",
        "2026-03-02 12:00+00:00",
        "20260302T120000Z",
        "2026-03-02T07:00:00.000-05:00",
    ],
)
def test_times_are_read_with_their_zone_and_kept_in_utc(text: str) -> None:
    confirmed_at = parse(options({"confirmed_at": text})).consent.confirmed_at
    assert confirmed_at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert confirmed_at.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T12:00:00",
        "2026-03-02",
        "yesterday",
        "1772452800",
        "2026-02-30T12:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "2026-03-02T12:00:00+99:00",
    ],
)
def test_a_time_without_zone_or_sense_is_refused(text: str) -> None:
    with pytest.raises(ConsentMissingError, match="ISO 8601 with its zone"):
        parse(options({"confirmed_at": text}))


def test_a_consent_of_the_future_is_refused_beyond_the_error_of_clocks() -> None:
    zone = timezone(timedelta(hours=9))
    near, far = NOW + timedelta(minutes=4), NOW + timedelta(minutes=6)
    assert parse(options({"confirmed_at": near.astimezone(zone).isoformat()}))
    with pytest.raises(ConsentMissingError, match="still to come"):
        parse(options({"confirmed_at": far.astimezone(zone).isoformat()}))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([*PURPOSES]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "ethics_id", "confirmed_by", "confirmed_at", "text_version"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


@given(consent=values, purpose=values)
def test_whatever_comes_is_read_or_refused(consent: object, purpose: object) -> None:
    try:
        declared = parse({"consent": consent, "purpose": purpose})
    except (ConsentMissingError, PurposeRefusedError) as error:
        assert str(error)  # noqa: PT017 - either outcome is right, not another
    else:
        assert declared.purpose.kind in PURPOSES


def test_nothing_of_what_was_declared_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    parse(options())
    with pytest.raises(ConsentMissingError):
        parse(options({"confirmed_at": "x"}))
    assert not caplog.records


def test_the_text_names_consent_its_withdrawal_and_what_is_prohibited() -> None:
    for word in ("was told", "agreed", "take it back", "employees", "diagnose"):
        assert word in CONSENT_TEXT
