"""Annotations of people are read, and compared with a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evolvisense.cli import app
from evolvisense.errors import FileUnreadableError, InvalidOptionError
from evolvisense.report import Report, to_eaf, to_json, to_textgrid
from evolvisense.report.annotations import Span, Tier, tiers_of
from evolvisense.report.coding import read_annotations
from evolvisense.report.validate import compare

run = CliRunner().invoke


@pytest.mark.parametrize("suffix", [".eaf", ".TextGrid"])
def test_a_report_agrees_with_its_own_tiers(sample: Report, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"own{suffix}"
    path.write_bytes(to_eaf(sample) if suffix == ".eaf" else to_textgrid(sample))
    tiers = read_annotations(path)
    wanted = {t.name: t.spans for t in tiers_of(sample) if t.spans}
    found = {tier.name: tier.spans for tier in tiers if tier.spans}
    assert found.keys() == wanted.keys()
    for name, spans in wanted.items():
        assert [s.label for s in found[name]] == [s.label for s in spans]
        assert [s.start_s for s in found[name]] == pytest.approx(
            [s.start_s for s in spans], abs=6e-4
        )
    entries = {entry.compared_with: entry for entry in compare(sample, tiers)}
    assert len(entries) == 7
    for entry in entries.values():
        assert entry.kappa is None or entry.kappa > 0.99
        assert entry.events is None or entry.events.f1 == 1
    left_out_s = entries["person 1 expression"].unknown_s
    told_s = sum(span.end_s - span.start_s for span in wanted["person 1 expression"])
    assert left_out_s == pytest.approx(37.56 - told_s, abs=0.1)


def test_points_of_praat_are_events(tmp_path: Path) -> None:
    from pympi.Praat import TextGrid

    grid = TextGrid(xmax=10)
    points = grid.add_tier("blinks", tier_type="TextTier")
    points.add_point(2.5, "b")
    grid.to_file(str(tmp_path / "a.TextGrid"))
    content = (tmp_path / "a.TextGrid").read_bytes()
    (tmp_path / "b.TextGrid").write_bytes(content.decode().encode("utf-16"))
    for name in ("a.TextGrid", "b.TextGrid"):
        assert read_annotations(tmp_path / name) == (Tier("blinks", (Span(2.5, 2.5, "b"),)),)


@pytest.mark.parametrize(
    "text",
    [
        "tier,start,end,label\nx,1,2.5,a\nx,0,1,b\n",
        "Tier;Begin_ms;End_ms;Annotation\nx;1000;2500;a\nx;0;1000;b\n",
        "tier\tonset_s\tduration_s\tcode\nx\t1\t1.5\ta\nx\t0\t1\tb\nx\t9\t1\t\n",
        "\ufefftier,start,stop,value\nx,00:00:01.000,0:02.5,a\nx,0:00,0:01,b\n",
    ],
)
def test_tables_of_several_kinds(text: str, tmp_path: Path) -> None:
    path = tmp_path / "coding.csv"
    path.write_text(text, encoding="utf-8")
    assert read_annotations(path) == (Tier("x", (Span(0, 1, "b"), Span(1, 2.5, "a"))),)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "start,label\n1,x\n", "has the columns start, label: expected start, end"),
        ("a.csv", "start,end,label\none,2,x\n", r"a\.csv is not a valid \.csv"),
        ("a.csv", "start,end,label\n2,1,x\n", "ends at 1.0 s, before its start"),
        ("a.eaf", "no XML", "is not a valid"),
        ("a.TextGrid", "nothing", "is not a valid"),
        ("a.docx", "", "is not an annotation file: use .eaf"),
    ],
)
def test_what_is_no_annotation_file_is_said(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidOptionError, match=message):
        read_annotations(tmp_path / name)
    with pytest.raises(FileUnreadableError):
        read_annotations(
            tmp_path / f"none{Path(name).suffix}" if name != "a.docx" else tmp_path / "x.csv"
        )


def test_labels_events_and_ratings_of_a_person(sample: Report) -> None:
    blinks = [blink.start_s for blink in sample.people[0].blinks or ()]
    tiers = [
        Tier("Emotion", (Span(0, 1.5, "Joy"), Span(3, 7, "sad"))),
        Tier("blink", tuple(Span(t + 0.1, t + 0.2, "b") for t in blinks[:5])),
        Tier("AU12", (Span(0, 1.5, "5"), Span(4, 6, "1"), Span(13, 14, "4"))),
        Tier("notes", (Span(0, 9, "long"),)),
    ]
    labels, events, ratings = compare(sample, tiers)
    assert labels.compared_with == "person 1 expression"
    assert labels.confusion_s is not None
    assert labels.confusion_s["happy", "happy"] == pytest.approx(1.5, abs=0.2)
    assert labels.observed == pytest.approx(1.5 / 5.5, abs=0.05)
    assert events.events is not None
    assert (events.events.reference, events.events.matched) == (5, 5)
    assert events.events.found == len(blinks)
    assert events.events.offset_s == pytest.approx(-0.1, abs=0.002)
    assert ratings.ratings is not None
    assert ratings.ratings.targets == 3
    assert (ratings.ratings.consistency or 0) > 0.8
    (part,) = compare(sample, tiers, pairs={"blink": "blinks"}, start_s=0, end_s=blinks[4])
    assert part.events is not None
    assert part.events.found == 4


def test_what_the_report_cannot_tell_is_not_held_against_it(sample: Report) -> None:
    person = sample.people[0].model_copy(
        update={"blinks": None, "blinks_absent_reason": "sampled_too_slowly"}
    )
    blind = sample.model_copy(update={"people": [person]})
    (entry,) = compare(blind, [Tier("blinks", (Span(1, 1.2, "b"),))])
    assert entry.events is not None
    assert entry.events.f1 is None
    assert entry.unknown_s == pytest.approx(37.56, abs=0.1)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (None, "no tier corresponds"),
        ({"x": "blinks"}, "there is no tier 'x'"),
        ({"notes": "mood"}, "cannot be compared with 'mood'"),
        ({"notes": "AU12"}, "its labels are not numbers"),
    ],
)
def test_tiers_that_do_not_correspond_are_named(
    sample: Report, pairs: dict[str, str] | None, message: str
) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        compare(sample, [Tier("notes", (Span(0, 1, "long"),))], pairs=pairs)


def test_the_command_prints_figures_and_json(sample: Report, tmp_path: Path) -> None:
    report, coding = tmp_path / "r.json", tmp_path / "c.csv"
    report.write_text(to_json(sample))
    coding.write_text("tier,start,end,label\nmine,0,1.5,happiness\nmine,3,7,neutral\n")
    words = run(app, ["agree", str(report), str(coding), "--tier", "mine=expression"])
    assert words.exit_code == 0, words.output
    assert "Cohen's kappa" in words.stdout
    told = run(app, ["agree", str(report), str(coding), "--tier", "mine=expression", "--json"])
    (entry,) = json.loads(told.stdout)
    assert entry["kappa"] > 0.5
    assert entry["confusion"][0]["yours"] == "happy"
    for arguments in ([str(report), str(coding)], [str(coding), str(coding)]):
        assert run(app, ["agree", *arguments]).exit_code == 2
