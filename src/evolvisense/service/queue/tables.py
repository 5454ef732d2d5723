"""Tables of the database. A change here is a new SCHEMA_VERSION."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

SCHEMA_VERSION = 4

STEPS: dict[int, tuple[str, ...]] = {
    2: ("ALTER TABLE jobs ADD COLUMN overlay TEXT",),
    3: (
        "ALTER TABLE evolvisense_schema ADD COLUMN database_id TEXT",
        "ALTER TABLE evolvisense_schema ADD COLUMN moved_from TEXT",
        "CREATE TABLE deleted_jobs (id TEXT NOT NULL PRIMARY KEY, "
        "deleted_s DOUBLE PRECISION NOT NULL)",
    ),
    4: (
        "ALTER TABLE jobs ADD COLUMN caller TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE turns (caller TEXT NOT NULL PRIMARY KEY, served BIGINT NOT NULL)",
    ),
}
"""Version -> what makes a database of the version before one of this version."""

metadata = MetaData()

# SQLite counts only INTEGER keys, and those have 64 bits.
SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")

schema = Table(
    "evolvisense_schema",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    # Made once and kept by a data folder too, so that a folder and a database know each other.
    Column("database_id", Text),
    # Id of the database that this one was copied from by `evolvisense data move`.
    Column("moved_from", Text),
)

deleted_jobs = Table(
    "deleted_jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("deleted_s", Double, nullable=False),
)
"""Ids whose files a sweep may delete: jobs deleted on purpose, and uploads not accepted yet.

A file whose id is neither here nor in `jobs` belongs to something this database does not know, and
is kept."""

jobs = Table(
    "jobs",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("caller", Text, nullable=False, default="", server_default=""),
    Column("state", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("stage", Text, nullable=False, default=""),
    Column("percent", Double, nullable=False, default=0.0),
    Column("version", BigInteger, nullable=False, default=1),
    Column("attempts", Integer, nullable=False, default=0),
    Column("options", Text, nullable=False),
    Column("media_bytes", BigInteger, nullable=False),
    Column("media_sha256", Text, nullable=False),
    Column("report", Text),
    Column("overlay", Text),
    Column("failure_code", Text),
    Column("failure_detail", Text),
    Column("created_s", Double, nullable=False),
    Column("started_s", Double),
    Column("finished_s", Double),
    Column("expires_s", Double),
    Column("waiter", Text, nullable=False),
    Column("webhook", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("submission", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("worker", Text),
    Column("lease", Text),
    Column("beat", BigInteger, nullable=False, default=0),
    # Without it SQLite would give the number of a deleted newest job again.
    sqlite_autoincrement=True,
)
Index("jobs_by_turn", jobs.c.state, jobs.c.priority.desc(), jobs.c.seq)
Index("jobs_by_owner", jobs.c.owner, jobs.c.seq)
Index("jobs_by_submission", jobs.c.submission, jobs.c.seq)
Index("jobs_by_key", jobs.c.owner, jobs.c.idempotency_key)
Index("jobs_by_waiter", jobs.c.waiter)
Index("jobs_by_expiry", jobs.c.expires_s)

idempotency = Table(
    "idempotency",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("caller", Text, primary_key=True),
    # The number of the caller's latest turn: claims are counted.
    Column("served", BigInteger, nullable=False),
)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", SEQUENCE, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try_s", Double, nullable=False),
    Column("state", Text, nullable=False, default="pending"),
    sqlite_autoincrement=True,
)
Index("deliveries_by_time", deliveries.c.state, deliveries.c.next_try_s)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_s", Double, nullable=False),
    Column("revoked_s", Double),
)
