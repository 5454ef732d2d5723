"""API keys."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import Engine, select

from evolvisense.errors import InvalidOptionError
from evolvisense.service.access.keys import SCOPES, ApiKeys
from evolvisense.service.queue.database import reading
from evolvisense.service.queue.tables import api_keys


@pytest.fixture
def keys(engine: Engine) -> ApiKeys:
    return ApiKeys(engine, now=lambda: 1.7e9)


def test_a_key_is_found_by_its_text(keys: ApiKeys) -> None:
    assert not keys.any_active()
    record, text = keys.create("Anna's laptop", {"read", "analyze"})
    assert keys.find(text) == record
    assert (record.name, record.scopes) == ("Anna's laptop", ("analyze", "read"))
    assert (record.created_s, record.revoked_s) == (1.7e9, None)
    assert keys.any_active()
    assert keys.list() == (record,)


def test_secrets_are_long_new_and_not_stored(keys: ApiKeys, engine: Engine) -> None:
    texts = [keys.create("x", SCOPES)[1] for _ in range(20)]
    secrets = [text.split("_", 2)[2] for text in texts]
    assert len(set(secrets)) == 20
    assert {len(secret) for secret in secrets} == {43}
    with reading(engine) as connection:
        stored = [dict(row) for row in connection.execute(select(api_keys)).mappings()]
    assert not any(secret in str(stored) for secret in secrets)
    hashes = {hashlib.sha256(secret.encode()).hexdigest() for secret in secrets}
    assert {row["secret_sha256"] for row in stored} == hashes


def test_a_wrong_text_finds_nothing(keys: ApiKeys) -> None:
    _, one = keys.create("one", ["read"])
    _, two = keys.create("two", ["admin"])
    mixed = f"{one.rsplit('_', 1)[0][:20]}_{two.split('_', 2)[2]}"
    wrong_end = one[:-1] + ("A" if one[-1] != "A" else "B")
    for text in (
        "",
        "evs_",
        one[:-1],
        one + "x",
        wrong_end,
        mixed,
        one.upper(),
        f" {one}",
        f"{one}\n",
    ):
        assert keys.find(text) is None
    unknown = f"evs_{'0' * 16}_{one.split('_', 2)[2]}"
    assert keys.find(unknown) is None
    assert keys.find(f"evs_{'0' * 16}_{'A' * 43}") is None


def test_a_revoked_key_is_useless_and_still_listed(keys: ApiKeys) -> None:
    record, text = keys.create("one", ["read"])
    assert keys.revoke(record.id)
    assert not keys.revoke(record.id)
    assert not keys.revoke("unknown")
    assert keys.find(text) is None
    assert not keys.any_active()
    assert [(key.id, key.revoked_s) for key in keys.list()] == [(record.id, 1.7e9)]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "a\x00"])
def test_a_name_is_printable(keys: ApiKeys, name: str) -> None:
    with pytest.raises(InvalidOptionError, match="printable"):
        keys.create(name, ["read"])


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "everything"]])
def test_only_known_scopes_are_granted(keys: ApiKeys, scopes: list[str]) -> None:
    with pytest.raises(InvalidOptionError, match="analyze, read, live, admin"):
        keys.create("x", scopes)
    assert keys.list() == ()
