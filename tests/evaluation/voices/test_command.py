"""`python -m evaluation voice` and `voice-compare`: what programs and people get."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.__main__ import main
from evaluation.voices import answers, engines
from evaluation.voices.run import Options, evaluate
from evolvisense.indicators import GATES, Gates
from evolvisense.types.indicators import INDICATORS
from evolvisense.types.scores import EMOTIONS
from tests.evaluation.voices.conftest import AllSpeech, Tones, tone, write, write_table

ROOT = Path(__file__).parents[3]
FEW = ("--bootstrap", "50")
BOTH = ("auc", "auc_within_speaker")


def record(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    assert main([*map(str, arguments), "--json", *FEW]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def rows_of(table: Path) -> list[dict[str, Any]]:
    with table.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def change_gain(table: Path, gains: dict[str, float]) -> None:
    """Write the clips again, those of each label with its gain."""
    for row in rows_of(table):
        gain = 0.1 * gains.get(row["label"], 1.0)
        write(table.parent / row["path"], tone(row["label"], gain=gain))


def test_emotions(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "voice", table)
    assert found["table"] == str(table)
    assert found["scores"] == "emotion"
    assert found["models"] == [{"id": "tones", "version": "0", "sha256": "0" * 64}]
    assert (found["n"], found["speakers"], found["aroused"], found["calm"]) == (21, 3, 6, 3)
    assert found["classes"] == found["classes_present"] == list(EMOTIONS)
    assert found["accuracy"]["value"] == pytest.approx(20 / 21, abs=1e-6)
    assert found["uar"]["value"] == pytest.approx((6 + 2 / 3) / 7, abs=1e-6)
    assert found["ece"]["value"] == pytest.approx(20 / 21 - Tones.SURE, abs=1e-3)
    sad, neutral = EMOTIONS.index("sad"), EMOTIONS.index("neutral")
    assert found["confusion"][sad][neutral] == 1
    assert found["per_class"]["sad"]["recall"] == pytest.approx(2 / 3, abs=1e-6)
    assert sum(found["reliability"]["count"]) == 21
    for name in (*BOTH, "auc_arousal", "auc_arousal_within_speaker"):
        assert found[name] == {"value": 1, "low": 1, "high": 1}
    for name in ("uar", "accuracy", "ece"):
        assert found[name]["low"] <= found[name]["high"]
    assert found["skipped"] == {"other_labels": {}, "unreadable": 0}
    assert found["speech_level_dbfs"] == -23
    assert found["no_answer"] == 0
    assert found["out_of_fold"] is False
    assert found["past_gate"] == 0
    assert found["by"] is None


def test_calm_is_neutral_and_boredom_is_left_out(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = rows_of(table)
    for row in rows:
        row["label"] = {"neutral": "Calm", "disgust": "Boredom"}.get(row["label"], row["label"])
    found = record(capsys, "voice", write_table(table, rows))
    assert (found["n"], found["calm"]) == (18, 3)
    assert found["skipped"]["other_labels"] == {"boredom": 3}
    assert found["per_class"]["neutral"]["support"] == 3
    assert "disgust" not in found["classes_present"]
    assert found["uar"]["value"] == pytest.approx((5 + 2 / 3) / 6, abs=1e-6)
    assert main(["voice", str(table), *FEW]) == 0
    assert "label boredom is no class of ours (3 rows left out)" in capsys.readouterr().out


def test_v1_follows_gain_unless_loudness_is_normalised(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = record(capsys, "voice", table, "--scores", "v1")
    plain = record(capsys, "voice", table, "--scores", "v1", "--no-normalise-loudness")
    assert before["uar"] is before["accuracy"] is before["ece"] is None
    assert "no classes" in before["no_classes_reason"]
    assert before["auc_of"].startswith("v1 voice stress")
    change_gain(table, {"angry": 0.2, "fear": 0.1, "neutral": 3.0})
    after = record(capsys, "voice", table, "--scores", "v1")
    # Sixteen bits round a soft tone to within a hundredth of its level.
    for mean in ("mean_aroused", "mean_calm"):
        then, now = (r["rankings"]["voice_stress"][mean] for r in (before, after))
        assert now == pytest.approx(then, abs=1)
    assert after["auc"] == before["auc"]
    loud = record(capsys, "voice", table, "--scores", "v1", "--no-normalise-loudness")
    assert loud["speech_level_dbfs"] is None
    moved = [r["rankings"]["voice_stress"]["mean_calm"] for r in (plain, loud)]
    assert moved[1] > moved[0] + 10
    assert loud["auc"]["value"] == 0, "the calm clips are the loud ones"


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".mp3"])
def test_formats(
    tmp_path: Path, fakes: None, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    rows = [{"path": f"{e}{suffix}", "label": e, "speaker": 1} for e in EMOTIONS]
    for emotion in EMOTIONS:
        write(tmp_path / f"{emotion}{suffix}", tone(emotion))
    found = record(capsys, "voice", write_table(tmp_path / "voices.csv", rows))
    assert found["uar"] == {"value": 1, "low": None, "high": None}, "one speaker: no interval"
    assert found["auc_within_speaker"]["value"] == 1


def test_unreadable_files_are_told_skipped_and_counted(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = rows_of(table)
    (table.parent / "broken.wav").write_bytes(b"no sound")
    rows[0]["path"], rows[1]["path"] = "absent[1].wav", "broken.wav"
    write_table(table, rows)
    assert main(["voice", str(table), "--json", *FEW]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["n"], found["skipped"]["unreadable"]) == (19, 2)
    assert f"{table}: row 2: absent[1].wav: no such file; paths are absolute or" in shown.err
    assert "row 3: broken.wav: " in shown.err


def test_clips_that_are_too_short_have_no_answer(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(table.parent / "clips" / "1_neutral.wav", tone("neutral", duration_s=0.3))
    found = record(capsys, "voice", table)
    assert (found["n"], found["no_answer"]) == (21, 1)
    neutral = EMOTIONS.index("neutral")
    assert sum(found["confusion"][neutral]) == 2
    assert found["per_class"]["neutral"]["recall"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["rankings"]["anger_or_fear"]["no_score"] == 1
    assert found["auc"]["value"] == pytest.approx((2 + 0.5) / 3), "a tie with every clip"
    assert main(["voice", str(table), *FEW]) == 0
    assert "1 with too little speech for an answer (wrong)" in capsys.readouterr().out


def test_clips_in_which_no_speech_is_found(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = record(capsys, "voice", table)
    all_speech = AllSpeech.push
    monkeypatch.setattr(AllSpeech, "push", lambda self, mono: 0 * all_speech(self, mono))
    monkeypatch.setattr(AllSpeech, "flush", lambda self: np.zeros(0, np.float32))
    lifted = record(capsys, "voice", table)
    assert (lifted["past_gate"], lifted["no_answer"]) == (21, 0)
    assert lifted["accuracy"] == expected["accuracy"]
    assert lifted["auc"] == expected["auc"]
    kept = record(capsys, "voice", table, "--gates", "kept")
    assert (kept["past_gate"], kept["no_answer"]) == (0, 21)
    assert kept["accuracy"]["value"] == 0
    assert kept["auc"]["value"] == 0.5
    assert main(["voice", str(table), *FEW]) == 0
    assert "21 with too little speech, read all the same" in capsys.readouterr().out


def test_figures_by_a_column(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "voice", table, "--by", "Sex")["by"]
    assert found["column"] == "sex"
    assert list(found["values"]) == ["female", "male"]
    assert found["values"]["female"]["n"] == 7
    assert found["values"]["female"]["uar"]["value"] == 1
    assert found["values"]["male"]["uar"]["value"] == pytest.approx((6 + 1 / 2) / 7, abs=1e-6)
    assert main(["voice", str(table), "--by", "sex", *FEW]) == 0
    assert "female" in capsys.readouterr().out


@pytest.fixture
def indicators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indicators without a reference set: activation is 90 where v1 stress is low, else None."""

    def invented(reading: Any, reference: object, gates: Gates) -> dict[str, float | None]:
        if gates is GATES:
            return dict.fromkeys(INDICATORS)
        high = reading.emotion is not None and reading.emotion.arousal[0] > 0.5
        return {"activation": 90.0 if high else 20.0, "tension": None, "slowing": 1.0} | {
            "assertiveness": 50.0
        }

    monkeypatch.setattr(answers, "_indicators", invented)
    monkeypatch.setattr(engines, "load_reference", lambda language: language)


def test_v2(table: Path, indicators: None, capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "voice", table, "--scores", "v2")
    assert found["uar"] is None
    assert found["auc"]["value"] == 1
    assert found["gates"] == "lifted"
    assert ["v2" in text for text in found["gates_lifted"]] == [True]
    assert found["language"] == "any"
    assert list(found["rankings"]) == ["activation", "tension", "slowing", "assertiveness"]
    assert found["rankings"]["tension"]["no_score"] == 9
    assert found["rankings"]["tension"]["auc"]["value"] == 0.5
    assert found["rankings"]["tension"]["mean_calm"] is None
    assert main(["voice", str(table), "--scores", "v2", *FEW]) == 0
    shown = capsys.readouterr().out
    assert "are lifted" in shown
    assert "No UAR, accuracy and calibration: v2 gives indicators" in shown
    kept = record(capsys, "voice", table, "--scores", "v2", "--gates", "kept")
    assert (kept["gates"], kept["gates_lifted"]) == ("kept", [])
    assert kept["rankings"]["activation"]["no_score"] == 9


def test_comparison(table: Path, indicators: None, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = record(capsys, "voice-compare", table, "--by", "sex")["tables"]
    v1, v2, emotion = found["results"]
    assert [each["scores"] for each in found["results"]] == ["v1", "v2", "emotion"]
    assert found["baseline"] == "v1"
    assert v1["auc_gain"] is v1["auc_within_speaker_gain"] is None
    for name in BOTH:
        for each in (v2, emotion):
            gain = each[name]["value"] - v1[name]["value"]
            assert each[f"{name}_gain"]["value"] == pytest.approx(gain, abs=1e-6)
    assert v2["auc_gain"]["value"] > 0
    assert emotion["uar"]["value"] > 0.9
    assert len(found["by"]["values"]["male"]["results"]) == 3
    alone = record(capsys, "voice", table, "--scores", "v1")
    assert alone["rankings"] == v1["rankings"]
    assert main(["voice-compare", str(table), str(table), "--by", "sex", *FEW]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Gain: AUC minus that of v1") == 2
    assert "male, emotion" in shown


def test_each_speaker_is_read_by_the_network_of_its_fold(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folds = tmp_path / "folds"
    folds.mkdir()
    (folds / "folds.json").write_text('{"1": 0, "2": 1, "3": 0, "4": 2}')
    wrong = {"fold0.onnx": 0, "fold1.onnx": 1}
    monkeypatch.setattr(engines, "_open_file", lambda file: Tones(wrong[file.name]))
    found = record(capsys, "voice", table, "--folds", folds, "--by", "speaker")
    recalls = {name: part["uar"]["value"] for name, part in found["by"]["values"].items()}
    assert recalls == {"1": 1, "2": 0, "3": pytest.approx(6 / 7, abs=1e-6)}
    assert found["out_of_fold"] is True
    assert len(found["models"]) == 2
    other = record(capsys, "voice", table, "--engine-file", "fold1.onnx")
    assert other["uar"]["value"] == 0
    (folds / "folds.json").write_text('{"1": 0, "2": 1}')
    assert main(["voice", str(table), "--folds", str(folds)]) == 2
    assert "row 16: speaker '3' is in no fold" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot read"), ("[", "cannot read"), ("[]", "no JSON object")]
)
def test_folds_that_cannot_be_read(
    table: Path, capsys: pytest.CaptureFixture[str], content: str | None, message: str
) -> None:
    if content is not None:
        (table.parent / "folds.json").write_text(content)
    assert main(["voice", str(table), "--folds", str(table.parent)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot read the network"), (b"x", "is no network")]
)
def test_a_network_that_cannot_be_read(
    table: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    path = table.parent / "network.onnx"
    if content is not None:
        path.write_bytes(content)
    assert main(["voice", str(table), "--model", str(path)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.csv"], "cannot read the table absent.csv"),
        (
            ["voices.csv", "--by", "corpus"],
            "voices.csv has no column 'corpus'; it has path, label, speaker, sex",
        ),
        (["lost.csv"], "none of the 1 clips of lost.csv can be read; row 2: a.wav: no such file"),
    ],
)
def test_errors_have_a_text_and_status_2(
    table: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(table.parent)
    Path("lost.csv").write_text("path,label,speaker\na.wav,sad,1\n")
    assert main(["voice", "--json", *arguments]) == 2
    shown = capsys.readouterr()
    assert f"error: {message}" in " ".join(shown.err.split())
    assert not shown.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["voice"],
        ["voice", "x.csv", "--scores", "v3"],
        ["voice", "x.csv", "--workers", "0"],
        ["voice", "x.csv", "--language", "fr"],
        ["voice", "x.csv", "--folds", "a", "--engine-file", "b"],
        ["voice-compare", "x.csv", "--scores", "v1,v3"],
        ["voice-compare", "x.csv", "--scores", ","],
    ],
)
def test_wrong_options_have_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_clips_from_a_zip_file(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = record(capsys, "voice", table)
    with zipfile.ZipFile(table.with_suffix(".zip"), "w") as archive:
        for row in rows_of(table):
            archive.write(table.parent / row["path"], row["path"])
    shutil.rmtree(table.parent / "clips")
    assert record(capsys, "voice", table) == expected


def test_processes_change_nothing(tmp_path: Path) -> None:
    """With the shipped engines of v1: other processes do not see the fakes."""
    rows: list[dict[str, object]] = []
    for number, emotion in enumerate(("angry", "neutral", "fear", "calm", "sad", "angry")):
        path = write(tmp_path / f"{number}.wav", tone("angry", gain=0.05 * (number + 1)))
        rows.append({"path": path, "label": emotion, "speaker": number // 2})
    rows.append({"path": "absent.wav", "label": "angry", "speaker": 0})
    table = write_table(tmp_path / "voices.csv", rows)
    recipe = engines.Recipe(("v1",), normalise=False)
    one, two = (evaluate(table, Options(recipe, 50, workers)) for workers in (1, 2))
    assert one.whole == two.whole
    assert one.unreadable == two.unreadable != {}
    assert np.isfinite(one.whole.scores[0].rankings[0].auc.value)


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    for name in ("angry", "neutral"):
        write(tmp_path / f"{name}.wav", tone(name))
    rows = [{"path": f"{n}.wav", "label": n, "speaker": 1} for n in ("angry", "neutral")]
    table = write_table(tmp_path / "voices.csv", rows)
    command = [sys.executable, "-m", "evaluation", "voice", str(table), "--scores", "v1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["n"] == 2
    assert found["uar"] is None
