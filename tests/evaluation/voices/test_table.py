"""Tables become clips, or an error that names the row."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.errors import EvaluationError
from evaluation.voices.table import read_table


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "voices.csv"
    path.write_text(text, encoding)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_clips(tmp_path: Path, delimiter: str, encoding: str) -> None:
    lines = ["Path,LABEL,speaker,sex,take", '"a,b;c.wav",Anger,7,f,1', "", "c.ogg,calm,8,m,2"]
    text = "\r\n".join(line.replace(",", delimiter) for line in lines)
    path = write(tmp_path, text.replace(f"a{delimiter}b;c", "ä b"), encoding)
    table = read_table(path)
    assert [clip.path for clip in table.clips] == ["ä b.wav", "c.ogg"]
    assert [clip.emotion for clip in table.clips] == ["angry", "neutral"]
    assert [clip.speaker for clip in table.clips] == ["7", "8"]
    assert [clip.line for clip in table.clips] == [2, 4]
    assert table.clips[0].columns["sex"] == "f"
    assert table.columns == ("path", "label", "speaker", "sex", "take")
    assert table.other_labels == {}


def test_quoted_cells_may_hold_the_delimiter(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'path,label,speaker\n"a, b.wav",sad,1\n'))
    assert table.clips[0].path == "a, b.wav"


def test_labels_that_are_no_class_are_counted(tmp_path: Path) -> None:
    rows = "a.wav,Boredom,1\nb.wav,boredom,1\nc.wav,excited,1\nd.wav,sad,1\n"
    table = read_table(write(tmp_path, "path,label,speaker\n" + rows))
    assert len(table.clips) == 1
    assert table.other_labels == {"boredom": 2, "excited": 1}


def test_the_training_pack_names_labels_emotion_and_has_corpora(tmp_path: Path) -> None:
    rows = "a.ogg,x,03,fearful\nb.ogg,y,03,neutral\n"
    table = read_table(write(tmp_path, "path,corpus,speaker,emotion\n" + rows))
    assert [clip.emotion for clip in table.clips] == ["fear", "neutral"]
    assert [clip.speaker for clip in table.clips] == ["x 03", "y 03"], "two people"


def test_short_rows_have_empty_cells(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "path,label,speaker,sex\na.wav,sad,1\n"))
    assert table.clips[0].columns["sex"] == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "row 1 has no column path and no column label and no column speaker"),
        ("path,label\na.wav,sad\n", "row 1 has no column speaker"),
        ("path,label,speaker,label\n", "row 1 has column label twice"),
        ("path,label,speaker\na.wav,sad,1\nb.wav,sad,\n", "row 3 has no speaker; fill it"),
        ("path,label,speaker\na.wav,,1\n", "row 2 has no label"),
        ("path,label,speaker\n,sad,1\n", "row 2 has no path"),
        ("path,label,speaker\na, b.wav,sad,1\n", "row 2 has 4 cells, the header has 3"),
        (
            "path,label,speaker\na.wav,boredom,1\n",
            "no row with a label that is known; found: bored",
        ),
        ("path,label,speaker\n", "found: no rows"),
    ],
)
def test_errors_say_where_and_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_table(write(tmp_path, text))


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot read the table"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(EvaluationError, match="give a CSV file in UTF-8"):
        read_table(write(tmp_path, "path,label,speaker\nü.wav,sad,1\n", "latin-1"))
