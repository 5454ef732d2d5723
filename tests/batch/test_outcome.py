"""Outcomes as bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.batch.outcome import Head, Outcome, table_streams
from evolvisense.batch.plan import key_of
from evolvisense.options import AnalysisOptions
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.job import Failure

OUTCOME = Outcome(
    "key", "a b.mp4", "00", {"frames": b"1", "summary": b"22"}, None, b"{}", 1.5, 60.0, "CPU"
)
REPORTED = replace(OUTCOME, report_json=b'{"a": 1}' * 20, host="here")
FAILED = Outcome("key", "x", "00", {"failures": b"3"}, Failure("not_a_video", "no"))


@pytest.mark.parametrize("outcome", [OUTCOME, REPORTED, FAILED])
def test_packed_and_unpacked_it_is_the_same(outcome: Outcome, tmp_path: Path) -> None:
    packed = tmp_path / "outcome"
    packed.write_bytes(outcome.pack())
    assert Outcome.unpack(packed.read_bytes()) == outcome
    assert Head.of(packed) == ("key", outcome.failure, outcome.report_json is not None)
    streams = dict(table_streams(packed))
    assert streams == outcome.tables


@pytest.mark.parametrize("content", [b"", b"no zip file", OUTCOME.pack()[:-20]])
def test_what_is_damaged_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "outcome").write_bytes(content)
    with pytest.raises(ValueError, match="no packed outcome"):
        Outcome.unpack(content)
    with pytest.raises(ValueError, match="no packed outcome"):
        Head.of(tmp_path / "outcome")
    with pytest.raises(ValueError, match="no packed outcome"):
        list(table_streams(tmp_path / "outcome"))


def test_the_key_depends_on_content_options_models_and_version() -> None:
    model, newer = ModelIdentity("face", "1", "MIT", "0"), ModelIdentity("face", "2", "MIT", "1")
    keys = [
        key_of("0", AnalysisOptions(), [model], {"av": "1"}),
        key_of("1", AnalysisOptions(), [model], {"av": "1"}),
        key_of("0", AnalysisOptions(frame_skip=2), [model], {"av": "1"}),
        key_of("0", AnalysisOptions(), [newer], {"av": "1"}),
        key_of("0", AnalysisOptions(), [model], {"av": "2"}),
    ]
    assert len(set(keys)) == 5
    assert keys[0] == key_of("0", AnalysisOptions(), [model], {"av": "1"})


@given(at=st.integers(0, len(REPORTED.pack()) - 1), mask=st.integers(1, 255))
def test_a_changed_byte_is_seen_or_without_effect(at: int, mask: int) -> None:
    content = bytearray(REPORTED.pack())
    content[at] ^= mask
    try:
        read = Outcome.unpack(bytes(content))
    except ValueError:
        return
    assert read.tables == REPORTED.tables
    assert read.report_json == REPORTED.report_json
