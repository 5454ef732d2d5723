from __future__ import annotations

import httpx
import pytest

from benchmarks.reliability.clips import small_clip
from benchmarks.reliability.ledger import leftovers
from benchmarks.reliability.process import Server, wait_until
from benchmarks.reliability.slow_upload import ask, dripping


@pytest.mark.parametrize("path", ["/analyze-video/", "/v1/analyses"])
def test_slow_uploads_do_not_keep_others_out(server: Server, path: str):
    with dripping(server, 20, path=path):
        assert ask(server, small_clip(), 2).codes == {200: 2}
    wait_until(lambda: not leftovers(server.data), "the unfinished uploads are gone")


def test_headers_that_never_end_do_not_keep_others_out(server: Server):
    with dripping(server, 100, headers_only=True):
        assert ask(server, small_clip(), 1).codes == {200: 1}


def test_more_uploads_than_allowed_are_refused_with_a_time_to_wait(server: Server):
    with dripping(server, 70, path="/v1/analyses"), server.client() as client:
        answer = client.post("/v1/analyses", files={"file": ("a", b"x")})
    assert answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert int(answer.headers["Retry-After"]) > 0
