"""Both clients: figures, comparisons, baselines, files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from evolvisense.api.options import BaselineChoice, Options
from evolvisense.client import ApiError, Client
from evolvisense.report import Report, to_json
from evolvisense.report.figures import FIGURES
from tests.client.conftest import Connect, Faults
from tests.factory.features import with_features
from tests.factory.quick_server import Running

Video = Callable[[str], Path]


@pytest.fixture
def find(gate: Path, report_json: str) -> Iterator[Callable[[Report], None]]:
    """Lets the next analyses find another report."""

    def put(report: Report) -> None:
        (gate / "report.json").write_text(to_json(report))

    yield put
    (gate / "report.json").write_text(report_json)


def test_figures(client: Client, video: Video):
    one = client.submit(video("talk"), wait_s=60).id
    found = client.figures(one)
    assert [figure.name for figure in found.figures] == list(FIGURES)
    window = client.figures(
        one, "behaviour", "actions", start_s=0.05, end_s=0.1, points=9, theme="dark",
        actions=("jawOpen", "jawLeft"), person=1, emotions_as="areas",
    )  # fmt: skip
    assert [figure.name for figure in window.figures] == ["behaviour", "actions"]
    assert (window.start_s, window.end_s) == (0.05, 0.1)
    (heatmap,) = [trace for trace in window.figures[1].data if trace["type"] == "heatmap"]
    assert len(heatmap["z"]) == 2
    with pytest.raises(ApiError) as caught:
        client.figures(one, "nothing")
    assert caught.value.code == "invalid_option"
    again = client.submit(video("talk"), idempotency_key="", wait_s=60).id
    compared = client.comparison(one, again)
    assert compared.figures
    assert compared.warnings == []


def test_baselines(keyed: Client, video: Video, report_json: str, find: Callable[[Report], None]):
    client = keyed
    plain = Report.model_validate_json(report_json)
    baselines = client.baselines
    assert baselines.list() == ()
    try:
        for day, pitch in enumerate((2.0, 3.0, 4.0), start=1):
            find(with_features(plain, f0_sd_st=pitch))
            one = client.submit(video("talk"), wait_s=60).id
            after = baselines.add("ada", one, task="diary", recorded=date(2026, 3, day))
            assert after.recordings == day
        assert baselines.get("ada") == after
        assert baselines.list() == (after,)
        assert after.tasks[0].is_ready
        with pytest.raises(ApiError, match="already"):
            baselines.add("ada", one)
        find(with_features(plain, f0_sd_st=9.0))
        choice = Options(baseline=BaselineChoice(name="ada", task="diary"))
        other = client.submit(video("talk"), choice, wait_s=60)
        assert other.options["baseline"] == {"name": "ada", "task": "diary"}
        change = baselines.change(other.id, "ada", task="diary", theme="dark")
        assert [c.is_reliable for c in change.baseline.changes] == [True]
    finally:
        baselines.delete("ada")
    with pytest.raises(ApiError) as caught:
        baselines.get("ada")
    assert (caught.value.status, caught.value.code) == (404, "baseline_not_found")
    with pytest.raises(ValueError, match="name of a baseline"):
        baselines.get("")


def test_files(client: Client, video: Video, tmp_path: Path, report_json: str):
    one = client.submit(video("talk"), wait_s=60).id
    target = tmp_path / "report.json"
    target.write_text("older")
    assert client.download(one, str(target), "json") == target
    assert target.read_text() == report_json
    assert client.download(one, tmp_path / "a.eaf", "eaf").read_bytes().startswith(b"<?xml")
    for format_ in ("overlay", "json"):
        wrong = one if format_ == "overlay" else "nothing"
        with pytest.raises(ApiError):
            client.download(wrong, target, format_)
    assert target.read_text() == report_json, "what is refused replaces nothing"
    assert list(tmp_path.glob(".*")) == [], "no part is left"


@pytest.mark.parametrize("fault", ["unsent", "lost", "busy"])
def test_a_file_is_asked_for_again(
    connect: Connect, server: Running, video: Video, tmp_path: Path, report_json: str, fault: str
):
    faults = Faults()
    client = connect(server.url, transport=faults)
    one = client.submit(video("talk"), wait_s=60).id
    faults.planned.append(httpx.Response(503) if fault == "busy" else fault)
    target = client.download(one, tmp_path / "report.json", "json")
    assert target.read_text() == report_json


def test_a_recording_is_added_once(connect: Connect, server: Running, video: Video):
    faults = Faults()
    client = connect(server.url, transport=faults)
    faults.planned.append(httpx.Response(503))
    with pytest.raises(ApiError):
        client.baselines.add("ada", "0")
    assert len(faults.requests) == 1
    sent = json.loads(faults.bodies[0])
    assert sent == {"analysis": "0", "task": None, "recorded": None}
