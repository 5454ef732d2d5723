"""The annotation document reads back as the tiers, and says where it comes from."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pympi.Elan import Eaf

from evolvisense.report import LIMITS_NOTICE, Report, observations_only, to_eaf
from evolvisense.report.annotations import tiers_of
from evolvisense.report.parts import BlinkEvent


def read(content: bytes, folder: Path) -> Any:
    path = folder / "read.eaf"
    path.write_bytes(content)
    return Eaf(path)


def attributes(content: bytes, tag: str) -> list[dict[str, str]]:
    return [element.attrib for element in ElementTree.fromstring(content).iter(tag)]


@pytest.mark.parametrize("name", ["full", "expressions_only", "scored"])
def test_the_tiers_read_back(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    report: Report = request.getfixturevalue(name)
    found = read(to_eaf(report), tmp_path)
    tiers = tiers_of(report)
    assert list(found.get_tier_names()) == [tier.name for tier in tiers]
    for tier in tiers:
        wanted = [(round(s.start_s * 1000), round(s.end_s * 1000), s.label) for s in tier.spans]
        assert sorted(found.get_annotation_data_for_tier(tier.name)) == wanted


def test_a_person_is_the_participant(full: Report) -> None:
    found = attributes(to_eaf(full), "TIER")
    assert {t.get("PARTICIPANT") for t in found} == {None, "person 1", "person 2"}
    assert all(t["TIER_ID"].startswith(t.get("PARTICIPANT", "")) for t in found)


def test_limits_and_version_stand_in_the_document(full: Report) -> None:
    root = ElementTree.fromstring(to_eaf(full))
    properties = {p.attrib["NAME"]: p.text for p in root.iter("PROPERTY")}
    assert properties["evolvisense.limits"] == LIMITS_NOTICE
    assert properties["evolvisense.schema_version"] == full.schema_version
    assert root.attrib["AUTHOR"] == f"evolvisense {full.producer.version}"


def test_the_date_can_be_read_in_every_time_zone(
    full: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.timezone", -19_800)
    (root,) = attributes(to_eaf(full), "ANNOTATION_DOCUMENT")
    assert datetime.fromisoformat(root["DATE"]).utcoffset() is not None


@pytest.mark.parametrize(
    ("name", "kind"),
    [("talk.mp4", "video/mp4"), ('a "b" & <c>.webm', "video/webm"), ("no suffix", "video/*")],
)
def test_the_recording_is_looked_for_beside_the_document(
    full: Report, name: str, kind: str
) -> None:
    (media,) = attributes(to_eaf(full, media_name=name), "MEDIA_DESCRIPTOR")
    assert media["RELATIVE_MEDIA_URL"] == f"./{name}"
    assert media["MIME_TYPE"] == kind


def test_a_name_that_xml_cannot_hold_is_cleaned(full: Report) -> None:
    (media,) = attributes(to_eaf(full, media_name="a\x01\udcffb.mp4"), "MEDIA_DESCRIPTOR")
    assert media["MEDIA_URL"] == "ab.mp4"


def test_without_a_name_no_media_is_claimed(full: Report) -> None:
    assert not attributes(to_eaf(full), "MEDIA_DESCRIPTOR")


def test_what_is_shorter_than_a_millisecond_is_left_out(full: Report, tmp_path: Path) -> None:
    blinks = [BlinkEvent(start_s=0.1, end_s=0.1002, depth=0.9)]
    person = full.people[0].model_copy(update={"blinks": blinks})
    found = read(to_eaf(full.model_copy(update={"people": [person]})), tmp_path)
    assert found.get_annotation_data_for_tier("person 1 blinks") == []


def test_observations_only_name_no_expression(full: Report) -> None:
    assert b"expression" in to_eaf(full)
    assert b"expression" not in to_eaf(observations_only(full))
