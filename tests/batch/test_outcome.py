"""Outcomes as bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from evolvisense.batch.identity import key_of
from evolvisense.batch.outcome import Head, Outcome, table_streams
from evolvisense.jobs.records import Failure
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.options import AnalysisOptions

OUTCOME = Outcome(
    "key", "a b.mp4", "00", {"frames": b"1", "summary": b"22"}, None, b"{}", 1.5, 60.0, "CPU"
)
FAILED = Outcome("key", "x", "00", {"failures": b"3"}, Failure("not_a_video", "no"))


@pytest.mark.parametrize("outcome", [OUTCOME, FAILED])
def test_packed_and_unpacked_it_is_the_same(outcome: Outcome, tmp_path: Path) -> None:
    packed = tmp_path / "outcome"
    packed.write_bytes(outcome.pack())
    assert Outcome.unpack(packed.read_bytes()) == outcome
    assert Head.of(packed) == ("key", outcome.failure, outcome.report_json is not None)
    streams = {name: stream.read() for name, stream in table_streams(packed)}
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
        key_of("0", AnalysisOptions(), [model], "1"),
        key_of("1", AnalysisOptions(), [model], "1"),
        key_of("0", AnalysisOptions(frame_skip=2), [model], "1"),
        key_of("0", AnalysisOptions(), [newer], "1"),
        key_of("0", AnalysisOptions(), [model], "2"),
    ]
    assert len(set(keys)) == 5
    assert keys[0] == key_of("0", AnalysisOptions(), [model], "1")
