"""HEAD where GET is answered; a slash at the end of an address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.service.http.conftest import Running

PAGES = ["/", "/docs", "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/models",
         "/v1/limits", "/v1/analyses", "/v1/baselines", "/static/icon.svg"]  # fmt: skip


def test_every_route_of_get_is_in_the_list_or_needs_an_id(server: Running) -> None:
    paths = server.client.get("/openapi.json").json()["paths"]
    gets = {path for path, methods in paths.items() if "get" in methods}
    without_id = {path for path in gets if "{" not in path}
    assert without_id - {"/v1/comparison"} <= set(PAGES)


@pytest.mark.parametrize("path", PAGES)
def test_head_is_get_without_the_body(server: Running, path: str) -> None:
    plain = {"Accept-Encoding": "identity"}  # else the length is that of the compressed body
    got = server.client.get(path, headers=plain)
    head = server.client.head(path, headers=plain)
    assert (head.status_code, head.content) == (got.status_code, b"")
    same = ("content-type", "cache-control", "etag")
    assert [head.headers.get(n) for n in same] == [got.headers.get(n) for n in same]
    if path != "/metrics":  # which counts the requests
        assert head.headers["content-length"] == str(len(got.content))
    # The connection goes on: nothing of a body is in the way.
    assert server.client.get("/healthz").json() == {"status": "ok"}


def test_head_of_an_analysis_of_its_report_and_of_its_events(
    server: Running, silent_video: Path
) -> None:
    address = server.submit(silent_video).headers["location"]
    # A stream of events would never end by itself.
    assert server.client.head(f"{address}/events").headers["content-type"].startswith("text/event")
    server.ended(address)
    for path in (address, f"{address}/report", f"{address}/figures", f"{address}/overlay.mp4"):
        got, head = server.client.get(path), server.client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
    assert server.client.delete(address).status_code == 204
    assert server.client.head(address).status_code == 404


def test_head_of_a_post_is_refused(server: Running) -> None:
    answer = server.client.head("/analyze-video/")
    assert (answer.status_code, answer.content) == (405, b"")


CHANGING = re.compile(rb'"(?:[^"]*_s|request_id)":[^,}]*')
"""Seconds and the id of the request, which differ from one answer to the next."""


@pytest.mark.parametrize("path", [p for p in PAGES if p not in ("/", "/static/icon.svg")])
def test_a_slash_at_the_end_changes_nothing(server: Running, path: str) -> None:
    plain, slash = server.client.get(path), server.client.get(f"{path}/")
    # Nobody without a key may list analyses.
    expected = 403 if path == "/v1/analyses" else 200
    assert (plain.status_code, slash.status_code) == (expected, expected)
    if path not in ("/metrics",):
        assert CHANGING.sub(b"", slash.content) == CHANGING.sub(b"", plain.content)


@pytest.mark.parametrize("path", ["/analyze-video", "/analyze-video/"])
def test_the_old_route_answers_with_and_without_slash_without_a_redirect(
    server: Running, silent_video: Path, path: str
) -> None:
    answer = server.post(silent_video, path)
    assert answer.status_code == 200
    assert answer.history == []


def test_a_post_with_a_slash_keeps_its_body(server: Running, silent_video: Path) -> None:
    with silent_video.open("rb") as file:
        answer = server.client.post("/v1/analyses/", files={"file": file})
    assert answer.status_code == 202
    address = answer.headers["location"]
    server.ended(f"{address}/")
    assert server.client.delete(f"{address}/").status_code == 204


def test_one_slash_only(server: Running) -> None:
    for path in ("/v1/analyses//", "/healthz//"):
        assert server.client.get(path).status_code == 404
