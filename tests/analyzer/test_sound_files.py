"""Sound files without a picture, from the file to the report and what is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr

from evolvisense import Analyzer
from evolvisense.cli.summary import print_summary
from evolvisense.report import Report, to_csv, to_html, to_json
from evolvisense.report.recording import recording_row
from evolvisense.types.indicators import FACE_FEATURES
from tests.factory.media import RATE_HZ, sound_file
from tests.factory.voices import ESPEAK_RATE_HZ, SENTENCES, spoken


@pytest.fixture(scope="module")
def report(analyzer: Analyzer, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return analyzer.analyze(sentence_file(tmp_path_factory.mktemp("sound") / "voice.mp3"))


def sentence_file(path: Path) -> Path:
    text = np.concatenate([spoken(sentence.text) for sentence in SENTENCES])
    mono = soxr.resample(text, ESPEAK_RATE_HZ, RATE_HZ)
    return sound_file(path, samples=np.asarray(mono, np.float32))


def test_the_voice_is_read_and_no_face_is_claimed(report: Report) -> None:
    assert report.media.video is None
    assert report.voice is not None
    assert report.voice.measures.speech_s > 15
    assert report.people == []
    assert len(report.frames.number) == 0
    assert [notice.code for notice in report.warnings] == ["no_picture"]


def test_face_features_are_missing_and_voice_features_are_not(report: Report) -> None:
    missing = {f.name: f.missing_reason for f in report.indicators.features}
    assert {missing[name] for name in FACE_FEATURES} == {"no_face"}
    assert missing["voice_fear"] is None


def test_every_way_to_write_it_works(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    assert Report.model_validate_json(to_json(report)).media.video is None
    assert len(to_csv(report).splitlines()) == 1
    assert "of sound without a picture" in to_html(report)
    cells = {cell.name: cell.value for cell in recording_row(report)}
    assert cells["width_px"] is None
    assert cells["audio_codec"] == "mp3float"
    print_summary(report, Path("voice.mp3"))
    assert "of sound without frames" in capsys.readouterr().out
