"""The Parquet file says what the CSV says, with types and with where it comes from."""

from __future__ import annotations

import csv
import io
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.errors import FormatUnavailableError
from evolvisense.report import LIMITS_NOTICE, Report, observations_only, to_csv, to_parquet
from evolvisense.report.tables import require_pyarrow
from tests.factory.findings import geometry, observations
from tests.report.conftest import with_people

NAMES = ("full", "expressions_only", "scored")


def read(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))


def assert_same_rows(report: Report) -> None:
    table = read(to_parquet(report))
    rows = list(csv.reader(io.StringIO(to_csv(report))))
    assert table.schema.names == rows[0]
    assert table.num_rows == len(rows) - 1
    for index, field in enumerate(table.schema):
        cells = [row[index] for row in rows[1:]]
        values = table.column(index).to_pylist()
        pairs = zip(cells, values, strict=True)
        assert [expected(cell, field.type, value) for cell, value in pairs] == values


def expected(cell: str, kind: pa.DataType, value: object) -> object:
    """The value that a cell of the CSV means; the CSV writes null and the empty text alike."""
    if cell == "":
        assert value in (None, "")
        return value
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}[cell]
    if pa.types.is_integer(kind):
        return int(cell)
    if pa.types.is_float32(kind):
        return float(np.float32(cell))
    return float(cell) if pa.types.is_floating(kind) else cell


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_those_of_the_csv(name: str, request: pytest.FixtureRequest) -> None:
    assert_same_rows(request.getfixturevalue(name))


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_observations_are_those_of_their_csv(
    name: str, request: pytest.FixtureRequest
) -> None:
    assert_same_rows(observations_only(request.getfixturevalue(name)))


@settings(max_examples=20, deadline=None)
@given(
    seen=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=18, max_size=18).filter(
        lambda flags: any(a for a, _ in flags) and any(b for _, b in flags)
    ),
    with_actions=st.booleans(),
)
def test_rows_agree_whoever_is_seen_when(
    full: Report, seen: list[tuple[bool, bool]], with_actions: bool
) -> None:
    pairs = [(i, track) for i, flags in enumerate(seen) for track in (1, 2) if flags[track - 1]]
    faces = observations(
        np.array([i for i, _ in pairs]),
        [track for _, track in pairs],
        face_geometry=geometry(len(pairs)) if with_actions else None,
    )
    counts = np.array([sum(flags) for flags in seen])
    frames = full.frames.model_copy(update={"faces": counts})
    assert_same_rows(with_people(full.model_copy(update={"frames": frames}), faces))


def test_columns_have_types_and_say_what_they_are(full: Report) -> None:
    schema = read(to_parquet(full)).schema
    kinds = {
        "frame_number": pa.int64(),
        "time_s": pa.float64(),
        "is_main": pa.bool_(),
        "happy": pa.float32(),
        "uncertain": pa.string(),
        "jawOpen" if "jawOpen" in schema.names else schema.names[-1]: pa.float32(),
    }
    assert {name: schema.field(name).type for name in kinds} == kinds
    assert b"pixels" in schema.field("left_px").metadata[b"description"]
    assert all(field.metadata[b"description"] for field in schema)


def test_a_frame_of_nobody_is_null_but_for_its_number_and_time(full: Report) -> None:
    last = read(to_parquet(full)).to_pylist()[-1]
    assert {name for name, value in last.items() if value is not None} == {
        "frame_number",
        "time_s",
    }


def test_the_file_says_where_it_comes_from(full: Report) -> None:
    found = read(to_parquet(full, media_sha256="ab12")).schema.metadata
    assert found[b"evolvisense.schema_version"].decode() == full.schema_version
    assert found[b"evolvisense.limits"].decode() == LIMITS_NOTICE
    assert found[b"evolvisense.media_sha256"] == b"ab12"
    models = json.loads(found[b"evolvisense.models"])
    assert [model["id"] for model in models] == [model.id for model in full.models]
    assert json.loads(found[b"evolvisense.withheld"]) is None


def test_an_unknown_hash_of_the_media_is_left_out(full: Report) -> None:
    assert b"evolvisense.media_sha256" not in read(to_parquet(full)).schema.metadata


def test_people_are_in_the_order_of_numbers_and_not_of_letters(full: Report) -> None:
    first, second = full.people
    tenth = first.model_copy(update={"id": 10})
    report = full.model_copy(update={"people": [tenth, second]})
    ids = read(to_parquet(report)).column("person_id").to_pylist()
    assert ids[:4] == [2, 10, 2, 10]


def test_without_pyarrow_the_error_says_what_to_install(
    full: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    for ask in (require_pyarrow, lambda: to_parquet(full)):
        with pytest.raises(FormatUnavailableError, match="pip install") as caught:
            ask()
        assert caught.value.code == "format_unavailable"
