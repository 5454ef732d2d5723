from __future__ import annotations

import time

import httpx
import pytest

from trials.clips import small_clip
from trials.ledger import leftovers
from trials.process import Server, wait_until
from trials.slow_upload import SETTLE_S, ask, dripping


@pytest.mark.trials
@pytest.mark.parametrize("path", ["/analyze-video/", "/v1/analyses"])
def test_slow_uploads_do_not_keep_others_out(server: Server, path: str):
    with dripping(server, 20, path=path, settle_s=0):
        assert ask(server, small_clip(), 1).codes == {200: 1}
    wait_until(lambda: not leftovers(server.data), "the unfinished uploads are gone")


def test_headers_that_never_end_do_not_keep_others_out(server: Server):
    with dripping(server, 100, headers_only=True, settle_s=0):
        assert ask(server, small_clip(), 1).codes == {200: 1}


@pytest.mark.trials
def test_slow_uploads_on_all_places_give_way_to_others(server: Server):
    with dripping(server, 80, settle_s=0):
        wait_until(lambda: server.metric("evolvisense_uploads") == 64, "all places are taken")
        with server.client() as client:
            refused = client.post("/v1/analyses", files={"file": ("a", b"x")})
        assert refused.status_code == httpx.codes.TOO_MANY_REQUESTS
        assert int(refused.headers["Retry-After"]) > 0
        time.sleep(SETTLE_S)
        assert ask(server, small_clip(), 2).codes == {200: 2}
    wait_until(lambda: not leftovers(server.data), "the unfinished uploads are gone")
