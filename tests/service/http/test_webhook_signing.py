"""Signatures and bodies of webhooks, against values that were computed otherwise."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.service.webhooks.signing import (
    message_id,
    owner_secret,
    payload,
    secret_bytes,
    sign,
    signed_headers,
)
from evolvisense.types.job import Job

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104, written out."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in padded) + message).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in padded) + inner).digest()


def job(**fields: object) -> Job:
    values: dict[str, object] = dict.fromkeys(Job.__dataclass_fields__, "")
    values |= {"id": "j1", "state": "succeeded", "created_s": 1.0, "finished_s": 1772452800.25}
    return Job(**{**values, **fields})  # type: ignore[arg-type]


def test_the_signature_is_that_of_the_published_example() -> None:
    signature = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', SECRET)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=st.binary(max_size=200), key=st.binary(min_size=24, max_size=64), time=st.integers(0))
def test_the_signature_is_the_hmac_of_id_time_and_body(body: bytes, key: bytes, time: int) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    expected = base64.b64encode(hmac_sha256(key, b"msg_1.%d." % time + body)).decode()
    assert sign("msg_1", time, body, secret) == f"v1,{expected}"


def test_the_headers_hold_one_signature_for_each_secret_newest_first() -> None:
    headers = signed_headers("msg_1", 1614265330, b"{}", [OTHER, SECRET])
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1614265330",
        "webhook-signature": " ".join(sign("msg_1", 1614265330, b"{}", s) for s in (OTHER, SECRET)),
    }


@pytest.mark.parametrize("message", ["", "msg_1.2", "."])
def test_an_id_with_a_full_stop_is_not_signed(message: str) -> None:
    with pytest.raises(ValueError, match="without full stops"):
        sign(message, 1, b"{}", SECRET)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_c2hvcnQ=",
        SECRET.removeprefix("whsec_"),
        "whsec_" + "!" * 40,
        SECRET + "=",
        SECRET.replace("whsec_", "WHSEC_"),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_ä" + SECRET,
    ],
)
def test_what_is_no_secret_is_an_error_that_does_not_show_it(secret: str) -> None:
    with pytest.raises(ValueError, match="a webhook secret is whsec_ and the base64") as caught:
        secret_bytes(secret)
    assert not secret[6:] or secret[6:18] not in str(caught.value)


def test_every_owner_of_jobs_has_a_secret_of_their_own() -> None:
    assert owner_secret(SECRET, "") == SECRET
    expected = hmac_sha256(secret_bytes(SECRET), b"evolvisense webhooks of k1")
    assert secret_bytes(owner_secret(SECRET, "k1")) == expected
    assert len({owner_secret(s, owner) for s in (SECRET, OTHER) for owner in ("", "k1", "k2")}) == 6


def test_the_id_is_the_same_in_every_try_and_another_for_every_job_and_event() -> None:
    assert message_id("j1", "analysis.failed") == message_id("j1", "analysis.failed")
    ids = {
        message_id(j, e) for j in ("j1", "j.2") for e in ("analysis.failed", "analysis.canceled")
    }
    assert len(ids) == 4
    assert not any("." in i for i in ids)


def test_the_body_says_that_a_job_ended_and_nothing_of_what_was_found() -> None:
    body = payload(job(report="r.json", media_sha256="ab" * 32, owner="k1"), "analysis.succeeded")
    assert json.loads(body) == {
        "type": "analysis.succeeded",
        "timestamp": "2026-03-02T12:00:00.250Z",
        "data": {"id": "j1", "state": "succeeded"},
    }
    assert b" " not in body
