"""`/v1/analyses/{id}/figures`: drawn from the report, for whoever may see it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from evolvisense.api.schemas import Figures
from evolvisense.errors import InvalidOptionError
from evolvisense.report import Report, observations_only, to_json
from evolvisense.report.figures import FIGURES, FigureOptions, figures_of
from evolvisense.report.words import clock_of
from evolvisense.service.http.errors import ReportOutdatedError
from evolvisense.service.http.figures import figure_names
from evolvisense.service.http.reports import ReportCache, parse
from tests.service.http.v1.conftest import OpenShelf, Shelf
from tests.service.http.v1.test_analyses import problem


def test_figures_are_those_of_the_library(shelf: Shelf, talk: Report):
    address = f"/v1/analyses/{shelf.put(talk)}/figures"
    answer = shelf.get(address)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    stored = Report.model_validate_json(to_json(talk))
    assert found["figures"] == [json.loads(json.dumps(f.to_json())) for f in figures_of(stored)]
    assert [figure["name"] for figure in found["figures"]] == list(FIGURES)
    assert (found["start_s"], found["end_s"]) == (0, clock_of(stored).end_s)
    Figures.model_validate(found)


def test_everything_can_be_chosen(shelf: Shelf, talk: Report):
    wanted: dict[str, Any] = {
        "person": 2,
        "theme": "dark",
        "start_s": 0.2,
        "end_s": 0.8,
        "points": 5,
        "emotions_as": "areas",
    }
    names = "expression, actions"
    address = f"/v1/analyses/{shelf.put(talk)}/figures"
    found = shelf.get(address, names=names, actions="jawOpen", **wanted).json()
    options = FigureOptions(2, "dark", 0.2, 0.8, 5, ("jawOpen",), "areas")
    stored = Report.model_validate_json(to_json(talk))
    expected = figures_of(stored, options, ("expression", "actions"))
    assert found["figures"] == [json.loads(json.dumps(f.to_json())) for f in expected]
    assert (found["start_s"], found["end_s"]) == (0.2, 0.8)
    assert found["figures"][0] != shelf.get(address, names="expression").json()["figures"][0]


@pytest.mark.parametrize(
    "wanted",
    [
        {"names": "expression,nothing"},
        {"names": ","},
        {"person": 9},
        {"person": 0},
        {"theme": "blue"},
        {"start_s": -1},
        {"start_s": "nan"},
        {"start_s": 99},
        {"start_s": 1, "end_s": 1},
        {"end_s": "inf"},
        {"points": 1},
        {"points": 10**9},
        {"actions": "noSuchAction"},
        {"emotions_as": "pies"},
    ],
)
def test_wrong_parameters(shelf: Shelf, talk: Report, wanted: dict[str, Any]):
    answer = shelf.get(f"/v1/analyses/{shelf.put(talk)}/figures", **wanted)
    problem(answer, 422, "invalid_option")


def test_names_come_once_and_in_their_order():
    assert figure_names("voice,expression, voice,") == ("voice", "expression")
    with pytest.raises(InvalidOptionError, match="nothing"):
        figure_names("nothing")


def test_what_is_withheld_is_not_drawn(shelf: Shelf, talk: Report):
    address = f"/v1/analyses/{shelf.put(observations_only(talk))}/figures"
    found = {figure["name"]: figure for figure in shelf.get(address).json()["figures"]}
    for name in ("expression", "voice_emotion"):
        assert found[name]["data"] == []
        assert "withheld" in found[name]["absent_reason"]
    assert found["behaviour"]["data"]


def test_without_a_report_there_are_no_figures(shelf: Shelf, talk: Report):
    sent = shelf.client.post(
        "/v1/analyses", files={"file": b"refuse"}, headers={"Prefer": "wait=60"}
    )
    problem(shelf.get(f"/v1/analyses/{sent.json()['id']}/figures"), 409, "no_report")
    gone = shelf.put(talk)
    assert shelf.get(f"/v1/analyses/{gone}/figures").status_code == 200
    assert len(shelf.service.reports) > 0
    before = len(shelf.service.reports)
    shelf.client.delete(f"/v1/analyses/{gone}")
    assert len(shelf.service.reports) == before - 1, "nothing of it stays in memory"
    problem(shelf.get(f"/v1/analyses/{gone}/figures"), 404, "analysis_not_found")


def test_another_key_sees_none(open_shelf: OpenShelf, talk: Report):
    with open_shelf() as shelf:
        keys = [shelf.service.keys.create(name, ["analyze", "read"])[1] for name in ("a", "b")]
        one, other = (shelf.put(talk, key=key) for key in keys)
        address = f"/v1/analyses/{one}/figures"
        assert shelf.get(address, key=keys[0]).status_code == 200
        problem(shelf.get(address, key=keys[1]), 404, "analysis_not_found")
        problem(shelf.get(address), 401, "unauthenticated")
        both = shelf.get("/v1/comparison", key=keys[0], first=one, second=other)
        problem(both, 404, "analysis_not_found")


def test_a_report_of_another_version_is_told(shelf: Shelf, talk: Report):
    old = json.loads(to_json(talk)) | {"schema_version": "1.2"}
    with pytest.raises(ReportOutdatedError, match="another version"):
        parse(json.dumps(old).encode())
    one = shelf.put(talk)
    job = shelf.service.store.get(one)
    assert job is not None
    assert job.report is not None
    shelf.service.files.report_path(job.report).write_text(json.dumps(old))
    problem(shelf.get(f"/v1/analyses/{one}/figures"), 409, "report_outdated")
    problem(shelf.get(f"/v1/analyses/{one}/report", format="csv"), 409, "report_outdated")
    assert shelf.get(f"/v1/analyses/{one}/report").json()["schema_version"] == "1.2"
    with pytest.raises(ValueError, match="validation error"):
        parse(json.dumps(json.loads(to_json(talk)) | {"media": None}).encode())


def test_a_report_is_read_once_and_forgotten(
    tmp_path: Path, talk: Report, monkeypatch: pytest.MonkeyPatch
):
    reads: list[Path] = []
    real = Path.read_bytes

    def counting(self: Path) -> bytes:
        if self.is_relative_to(tmp_path):  # threads of other tests' servers read theirs
            reads.append(self)
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", counting)
    paths = [tmp_path / f"{i}" for i in range(3)]
    for path in paths:
        path.write_text(to_json(talk))

    async def use() -> None:
        cache, hasty = ReportCache(most=2), ReportCache(kept_s=0.01)
        first = await asyncio.gather(*(cache.get(paths[0]) for _ in range(5)))
        assert reads == paths[:1]
        assert all(report is first[0] for report in first)
        await cache.get(paths[1])
        await cache.get(paths[2])
        assert len(cache) == 2
        await cache.get(paths[0])
        assert reads == [*paths, paths[0]], "the one that was not used longest is gone"
        with pytest.raises(FileNotFoundError):
            await cache.get(tmp_path / "nothing")
        await hasty.get(paths[0])
        paths[0].unlink()
        await cache.get(paths[0])
        while len(hasty):
            await asyncio.sleep(0.01)
        with pytest.raises(FileNotFoundError):
            await hasty.get(paths[0])

    asyncio.run(use())
