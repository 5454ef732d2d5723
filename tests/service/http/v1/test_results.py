"""`/v1/analyses/{id}/report` in its formats, and what `/v1/limits` says about them."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from typing import Any, get_args
from xml.etree import ElementTree

import httpx
import pytest

from evolvisense.api.schemas import REPORT_FORMATS, ReportFormat
from evolvisense.report import Report, observations_only, to_csv, to_json
from evolvisense.report.annotations import to_textgrid
from evolvisense.report.html import content_policy
from evolvisense.service.http.results import WRITTEN, accepted, writable_formats
from tests.service.http.v1.conftest import OpenShelf, Shelf
from tests.service.http.v1.test_analyses import problem

HEADS = {
    "json": b"{",
    "csv": b"frame_number,",
    "parquet": b"PAR1",
    "html": b"<!doctype html>",
    "eaf": b"<?xml",
    "textgrid": b'File type = "ooTextFile"',
}


def test_every_format(shelf: Shelf, talk: Report):
    one = shelf.put(talk)
    address = f"/v1/analyses/{one}/report"
    for name, written in WRITTEN.items():
        answer = shelf.get(address, format=name)
        assert answer.content.startswith(HEADS[name]), name
        kind = answer.headers["content-type"]
        assert kind.split(";")[0] == written.media_type
        file = f'filename="{one}.{written.suffix}"'
        assert answer.headers["content-disposition"] == f"inline; {file}"
        saved = shelf.get(address, format=name, download="1")
        assert saved.headers["content-disposition"] == f"attachment; {file}"
        asked = shelf.client.get(address, headers={"Accept": written.media_type})
        assert asked.headers["content-type"] == kind
    assert tuple(WRITTEN) == REPORT_FORMATS == get_args(ReportFormat)
    problem(shelf.get(address, format="docx"), 422, "invalid_option")


def test_contents_are_those_of_the_library(shelf: Shelf, talk: Report):
    stored = Report.model_validate_json(to_json(talk))
    address = f"/v1/analyses/{shelf.put(talk)}/report"
    assert shelf.get(address, format="csv").text == to_csv(stored)
    assert shelf.get(address, format="textgrid").content == to_textgrid(stored)
    page = shelf.get(address, format="html")
    assert page.headers["content-security-policy"] == content_policy()
    tree = ElementTree.fromstring(shelf.get(address, format="eaf").content)
    tiers = {tier.get("TIER_ID") for tier in tree.iter("TIER")}
    assert any("speech" in str(tier) for tier in tiers)
    bare = f"/v1/analyses/{shelf.put(observations_only(talk))}/report"
    tree = ElementTree.fromstring(shelf.get(bare, format="eaf").content)
    kept = {tier.get("TIER_ID") for tier in tree.iter("TIER")}
    assert kept < tiers, "no tier of expressions"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("application/json, text/plain, */*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9", "html"),
        ("text/plain, text/csv", "csv"),
        ("TEXT/X-EAF+XML;q=1", "eaf"),
        ("text/praat-textgrid", "textgrid"),
    ],
)
def test_accept_headers(header: str, name: str):
    assert accepted(header) == name


def test_limits_name_what_can_be_had(
    shelf: Shelf, open_shelf: OpenShelf, monkeypatch: pytest.MonkeyPatch
):
    found = shelf.get("/v1/limits").json()
    assert found["report_formats"] == list(REPORT_FORMATS)
    assert (found["keys_required"], found["baselines"]) == (False, True)
    real = importlib.util.find_spec

    def without_pyarrow(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "pyarrow" else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_pyarrow)
    assert set(REPORT_FORMATS) - set(writable_formats()) == {"parquet"}
    with open_shelf(profile="strict") as strict:
        key = strict.service.keys.create("clinic", ["read"])[1]
        assert strict.get("/v1/limits", key=key).json()["keys_required"] is True


def test_marks_go_into_the_answer_and_are_not_stored(shelf: Shelf, talk: Report):
    address = f"/v1/analyses/{shelf.put(talk)}/report"
    mark = {"start_s": 0.5, "end_s": 1.5, "note": "a look aside"}

    def wanted(**more: Any) -> httpx.Response:
        return shelf.client.post(address, json={"marks": [mark], **more})

    assert wanted().json()["marks"] == [mark]
    assert shelf.get(address).json()["marks"] == []
    eaf = ElementTree.fromstring(wanted(format="eaf", media_name="a talk.mp4").content)
    assert "a look aside" in [value.text for value in eaf.iter("ANNOTATION_VALUE")]
    assert [m.get("MEDIA_URL") for m in eaf.iter("MEDIA_DESCRIPTOR")] == ["a talk.mp4"]
    problem(wanted(format="docx"), 422, "invalid_option")
    mark["end_s"] = 0.25
    problem(wanted(), 422, "invalid_option")


def test_a_document_for_elan_names_a_recording(shelf: Shelf, talk: Report):
    # The server does not know the file's own name: ELAN asks for it.
    address = f"/v1/analyses/{shelf.put(talk)}/report"
    eaf = ElementTree.fromstring(shelf.get(address, format="eaf").content)
    (media,) = eaf.iter("MEDIA_DESCRIPTOR")
    assert str(media.get("RELATIVE_MEDIA_URL")).startswith("./recording.")
