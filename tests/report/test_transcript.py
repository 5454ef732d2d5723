"""Transcripts are read, and measured with the speech of the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from evolvisense.cli import app
from evolvisense.errors import FileUnreadableError, InvalidOptionError
from evolvisense.report import Report, to_json
from evolvisense.report.transcript import (
    Utterance,
    measure_transcript,
    measure_utterances,
    read_transcript,
)

VTT = """\ufeffWEBVTT - a talk

NOTE nothing
of this counts --> 1

STYLE
::cue { color: red }

1
00:01.000 --> 00:02.500 align:start
<v Ann>How <b>are</b> you?

00:00:04.000 --> 00:00:05.000
<v.loud Bob Ray>Fine,
thanks</v>
"""
SRT = """1
00:00:01,000 --> 00:00:02,500
Ann: How <i>are</i> you?

2
00:00:04,000 --> 00:00:05,000
- Bob Ray: Fine,
thanks
"""
PLAIN = """Interview, 1 March

[00:01 - 00:02.5] Ann: How are
you?
4.0\t5.0\tBob Ray: Fine, thanks
"""
SAID = (
    Utterance(1.0, 2.5, "How are you?", "Ann"),
    Utterance(4.0, 5.0, "Fine, thanks", "Bob Ray"),
)


@pytest.mark.parametrize(("name", "text"), [("a.vtt", VTT), ("a.srt", SRT), ("a.txt", PLAIN)])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_three_formats_say_the_same(tmp_path: Path, name: str, text: str, newline: str) -> None:
    (tmp_path / name).write_bytes(text.replace("\n", newline).encode())
    assert read_transcript(tmp_path / name) == SAID


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("00:01:02 Hello there", Utterance(62, None, "Hello there")),
        ("[1:00:02.5] Ann: Hello", Utterance(3602.5, None, "Hello", "Ann")),
        ("62.5\tHello 3 times", Utterance(62.5, None, "Hello 3 times")),
        ("(0:05): What is 2 x 3?", Utterance(5, None, "What is 2 x 3?")),
        ("12 3 apples", Utterance(12, None, "3 apples")),
        ("7s - 8.5s Hello", Utterance(7, 8.5, "Hello")),
        ("0:07-0:08 At 10:30: nothing", Utterance(7, 8, "At 10:30: nothing")),
    ],
)
def test_lines_with_times(tmp_path: Path, line: str, expected: Utterance) -> None:
    (tmp_path / "a.txt").write_text(line, encoding="utf-8")
    assert read_transcript(tmp_path / "a.txt") == (expected,)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"no times here\n", "no utterance with a time"),
        ("a.vtt", b"WEBVTT\n\n", "no utterance with a time"),
        ("a.txt", b"9 - 3 backwards\n", "ends at 3.0 s, before"),
        ("a.txt", b"1 \xe9t\xe9\n", "is not UTF-8"),
        ("a.srt", b"00:01 --> 00:09\n" + "話".encode() * 80, "words cannot be counted"),
        ("a.pdf", b"", "is not a transcript: use .vtt"),
    ],
)
def test_what_is_no_transcript_is_said(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidOptionError, match=message):
        read_transcript(tmp_path / name)
    with pytest.raises(FileUnreadableError):
        read_transcript(tmp_path / "none.vtt")


def test_rates_and_silences_follow_the_speech() -> None:
    ann, bob = measure_utterances(SAID, [(1.0, 2.0), (4.4, 5.2)], 6.0)
    assert (ann.words, ann.words_per_min, ann.words_per_speech_min) == (3, 120.0, 180.0)
    assert ann.answers == ()
    assert (bob.words, bob.spoken_s, bob.speech_s) == (2, 1.0, 0.6)
    assert [answer.silence_s for answer in bob.answers] == [2.4]
    _, told = measure_utterances(SAID, None, 6.0)
    assert told.silence_median_s == 1.5
    assert told.words_per_speech_min is None


def test_without_speakers_an_answer_follows_a_question() -> None:
    said = [
        Utterance(0, 1, "Are you well?"),
        Utterance(2, 3, "Yes."),
        Utterance(3.5, 4, "Very."),
    ]
    (found,) = measure_utterances(said, None, 5)
    assert [(answer.text, answer.silence_s) for answer in found.answers] == [("Yes.", 1)]


def test_an_end_that_is_not_told_is_the_next_begin() -> None:
    said = [Utterance(0, None, "Well?", "Ann"), Utterance(2, None, "Yes, well", "Bob")]
    ann, bob = measure_utterances(said, [(0, 1), (2.5, 4)], 6)
    assert (ann.spoken_s, bob.spoken_s) == (2, 4)
    assert bob.silence_median_s == 1.5
    _, unheard = measure_utterances(said, None, 6)
    assert unheard.answers == (), "nobody knows when the question ended"


@given(
    st.lists(
        st.tuples(st.floats(0, 50), st.floats(0, 5), st.sampled_from(["A", "B"])),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.tuples(st.floats(0, 50), st.floats(0.1, 5)), max_size=6),
)
def test_laws_of_the_measures(
    cues: list[tuple[float, float, str]], segments: list[tuple[float, float]]
) -> None:
    said = sorted(
        (Utterance(start, start + length, "one two", who) for start, length, who in cues),
        key=lambda utterance: utterance.start_s,
    )
    speech = sorted((start, start + length) for start, length in segments)
    found = measure_utterances(said, speech, 60)
    assert sum(speaker.words for speaker in found) == 2 * len(cues)
    assert sum(speaker.utterances for speaker in found) == len(cues)
    for speaker in found:
        assert speaker.speech_s is not None
        assert 0 <= speaker.speech_s <= speaker.spoken_s + 2e-3
        for answer in speaker.answers:
            assert 0 <= answer.start_s <= 55


def test_the_command_prints_words_and_json(sample: Report, tmp_path: Path) -> None:
    report, words = tmp_path / "r.json", tmp_path / "t.txt"
    report.write_text(to_json(sample))
    words.write_text("0\t3\tAnn: Who is there?\n4\t12\tBob: It is me, and nobody else\n")
    run = CliRunner().invoke
    shown = run(app, ["transcript", str(report), str(words)])
    assert shown.exit_code == 0, shown.output
    assert "3 words in 1 utterances" in shown.stdout
    told = json.loads(run(app, ["transcript", str(report), str(words), "--json"]).stdout)
    measured = measure_transcript(sample, read_transcript(words))
    assert [row["words_per_min"] for row in told] == [s.words_per_min for s in measured]
    assert told[1]["answers"][0]["silence_s"] == measured[1].answers[0].silence_s
    assert run(app, ["transcript", str(report), str(report)]).exit_code == 2
