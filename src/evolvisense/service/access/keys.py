"""API keys: a text `evs_<id>_<secret>` of which only a hash of the secret is stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from sqlalchemy import Engine, RowMapping, insert, select, update

from evolvisense.errors import InvalidOptionError
from evolvisense.service.queue.database import reading, writing
from evolvisense.service.queue.tables import api_keys

Scope = Literal["analyze", "read", "live", "admin"]
"""analyze: submit, cancel and delete one's own jobs; read: list and get one's own; live: live
streams; admin: everything of everyone, and /metrics."""
SCOPES: tuple[Scope, ...] = get_args(Scope)

KEY = re.compile(r"evs_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
ID_BYTES = 8
SECRET_BYTES = 32
LONGEST_NAME = 100


@dataclass(frozen=True)
class KeyRecord:
    """A key without its secret. Times are unix seconds."""

    id: str
    name: str
    """For people; need not be unique."""
    scopes: tuple[Scope, ...]
    """In the order of SCOPES."""
    created_s: float
    revoked_s: float | None
    """None while the key is good."""


class ApiKeys:
    """The keys in the database. All methods raise BusyError, StorageFullError or DatabaseError."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = now

    def create(self, name: str, scopes: Collection[str]) -> tuple[KeyRecord, str]:
        """A new key and its text, which cannot be had again. Raises InvalidOptionError."""
        if not name.isprintable() or not 1 <= len(name.strip()) <= len(name) <= LONGEST_NAME:
            raise InvalidOptionError(
                f"the name of a key has 1 to {LONGEST_NAME} printable characters"
            )
        granted = _granted(scopes)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        record = KeyRecord(secrets.token_hex(ID_BYTES), name, granted, self._now(), None)
        with writing(self._engine) as connection:
            connection.execute(
                insert(api_keys).values(
                    id=record.id,
                    name=name,
                    secret_sha256=_sha256(secret),
                    scopes=",".join(granted),
                    created_s=record.created_s,
                )
            )
        return record, f"evs_{record.id}_{secret}"

    def list(self) -> tuple[KeyRecord, ...]:
        """All keys, revoked ones too, oldest first."""
        query = select(api_keys).order_by(api_keys.c.created_s, api_keys.c.id)
        with reading(self._engine) as connection:
            return tuple(_record_of(row) for row in connection.execute(query).mappings())

    def revoke(self, key_id: str) -> bool:
        """Make a key useless for ever; False where no good key has that id."""
        statement = (
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.revoked_s.is_(None))
            .values(revoked_s=self._now())
        )
        with writing(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def find(self, text: str) -> KeyRecord | None:
        """The good key with that text.

        An unknown id, a wrong secret and a revoked key cost the same work.
        """
        parts = KEY.fullmatch(text)
        if parts is None:
            return None
        key_id, secret = parts.groups()
        query: Any = select(api_keys).where(api_keys.c.id == key_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        expected = _sha256("") if row is None else row["secret_sha256"]
        is_right = hmac.compare_digest(_sha256(secret), expected)
        if row is None or not is_right or row["revoked_s"] is not None:
            return None
        return _record_of(row)

    def any_made(self) -> bool:
        """Whether a key was ever made; revoked ones stay in the table, so this stays true."""
        with reading(self._engine) as connection:
            return connection.execute(select(api_keys.c.id).limit(1)).first() is not None

    def any_active(self) -> bool:
        """Whether there is a good key."""
        query = select(api_keys.c.id).where(api_keys.c.revoked_s.is_(None)).limit(1)
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None


def _granted(scopes: Collection[str]) -> tuple[Scope, ...]:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidOptionError(
            f"scopes are {', '.join(SCOPES)}; got {', '.join(unknown) or 'none'}"
        )
    return tuple(scope for scope in SCOPES if scope in scopes)


def _record_of(row: RowMapping) -> KeyRecord:
    scopes = cast("tuple[Scope, ...]", tuple(row["scopes"].split(",")))
    return KeyRecord(row["id"], row["name"], scopes, row["created_s"], row["revoked_s"])


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
