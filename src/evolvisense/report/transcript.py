"""Transcripts (WebVTT, SRT, plain text with times): words per minute, silence before answers.

No speech is recognised here: the words come from the file, speech segments from the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from evolvisense.errors import FileUnreadableError, InvalidOptionError
from evolvisense.report.parts import ReportData
from evolvisense.report.words import clock_of

STAMP = r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:[.,]\d+)?)"
"""[hh:]mm:ss[.mmm]; SRT writes the comma."""
ARROW = re.compile(rf"\s*{STAMP}\s*-->\s*{STAMP}(?:\s.*)?")
LINE = re.compile(
    rf"\s*[\[(]?(?:{STAMP}|(\d+(?:\.\d+)?)s?)(?:(?:\s*(?:-->|-|\u2013)\s*|\t)"
    rf"(?:{STAMP}|(\d+(?:\.\d+)?)s?))?[\])]?[\s:,;]+(\S.*)"
)
"""A line of plain text: time, perhaps the end, words. Times are stamps or seconds."""
VOICE = re.compile(r"<v(?:\.\S+)?\s+([^>]+)>")
TAG = re.compile(r"</?[^<>\n]+>|\{\\[^}]*\}")
SPEAKER = re.compile(r"\s*[-\u2013]?\s*([^\W\d_][\w .'-]{0,30}?):\s+(\S.*)", re.DOTALL)
WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
"""A run of letters and digits; apostrophes and hyphens join. Languages that are written without
spaces have no words in this sense."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")
QUESTION = ("?", "\uff1f", "\u061f")
LONGEST_WORD_LETTERS = 60
"""A longer run is text without spaces, whose words cannot be counted."""


@dataclass(frozen=True)
class Utterance:
    """Something that was said; times in seconds from the beginning of the recording."""

    start_s: float
    end_s: float | None
    """None where the transcript says only when it begins."""
    text: str
    speaker: str | None = None
    """None where the transcript names nobody."""

    @property
    def words(self) -> int:
        """How many words it has.

        >>> Utterance(0, 2, "Well, I don't know: twenty-one?").words
        5
        """
        return len(WORD.findall(self.text))


@dataclass(frozen=True)
class Answer:
    """An utterance of another speaker than the one before, or one after a question."""

    start_s: float
    silence_s: float
    """From the last speech before to its first; negative where both speak at a time."""
    speaker: str | None
    text: str


@dataclass(frozen=True)
class SpeakerMeasures:
    """What one speaker said."""

    speaker: str | None
    """None for a transcript that names nobody."""
    utterances: int
    words: int
    spoken_s: float
    """Time of the utterances, pauses in them included."""
    speech_s: float | None
    """Speech in that time, by voice activity detection; None where no voice was read."""
    words_per_min: float | None
    """Words over `spoken_s`: the rate of speaking. None without time."""
    words_per_speech_min: float | None
    """Words over `speech_s`: the rate of articulation, pauses left out."""
    answers: tuple[Answer, ...]

    @property
    def silence_median_s(self) -> float | None:
        """Median silence before an answer; None without one."""
        silences = [answer.silence_s for answer in self.answers]
        return round(float(np.median(silences)), 3) if silences else None

    @property
    def silence_longest_s(self) -> float | None:
        """Longest silence before an answer; None without one."""
        return max((answer.silence_s for answer in self.answers), default=None)


def read_transcript(path: str | Path) -> tuple[Utterance, ...]:
    """The utterances of a file, by time.

    Args:
        path: `.vtt` (WebVTT; speakers as `<v Name>` or `Name: `), `.srt`, or `.txt` with lines such
            as `[00:01:02] Ann: How are you?`, `62.5 - 64.0 How are you?` or, with tabs, as Audacity
            writes labels. Lines without a time go on with the utterance before.

    Raises:
        FileUnreadableError: the file cannot be read.
        InvalidOptionError: it is not such a file, or has no utterance.
    """
    path = Path(path)
    readers = {".vtt": _cues, ".srt": _cues, ".txt": _plain}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidOptionError(f"{path.name} is not a transcript: use .vtt, .srt or .txt")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileUnreadableError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        text = content.decode(
            "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        )
    except UnicodeDecodeError as error:
        raise InvalidOptionError(f"{path.name} is not UTF-8 text: save it as such") from error
    found = sorted(reader(text.replace("\r\n", "\n")), key=lambda utterance: utterance.start_s)
    found = [utterance for utterance in found if utterance.text]
    if not found:
        raise InvalidOptionError(f"{path.name} has no utterance with a time")
    if any(len(word) > LONGEST_WORD_LETTERS for u in found for word in WORD.findall(u.text)):
        raise InvalidOptionError(
            f"{path.name} has text without spaces, in which words cannot be counted"
        )
    return tuple(found)


def measure_transcript(
    report: ReportData, utterances: Sequence[Utterance]
) -> tuple[SpeakerMeasures, ...]:
    """Words per minute and silences of each speaker, with the speech segments of the report.

    Args:
        report: of the recording.
        utterances: of `read_transcript`.

    Returns:
        The speakers in the order in which they begin to speak.
    """
    clock = clock_of(report)
    if report.voice is None:
        return measure_utterances(utterances, None, clock.end_s)
    edges = np.array([(s.start_s, s.end_s) for s in report.voice.segments]).reshape(-1, 2)
    speech = [(float(start), float(end)) for start, end in clock.of(edges)]
    return measure_utterances(utterances, speech, clock.end_s)


def measure_utterances(
    utterances: Sequence[Utterance], speech: Sequence[tuple[float, float]] | None, end_s: float
) -> tuple[SpeakerMeasures, ...]:
    """As `measure_transcript`.

    Args:
        utterances: by time.
        speech: speech segments, by time; None where they are not known. Then the times of the
            transcript are taken as they are.
        end_s: end of the recording.

    Example:
        >>> said = [Utterance(0, 2, "How are you?", "Ann"), Utterance(3, 5, "Fine, thanks.", "Bob")]
        >>> ann, bob = measure_utterances(said, [(0, 1.5), (3.5, 5)], 6)
        >>> bob.words_per_min, bob.words_per_speech_min, bob.silence_median_s
        (60.0, 80.0, 2.0)
    """
    closed = _closed(utterances, end_s)
    answers = list(_answers(utterances, closed, speech))
    speakers = list(dict.fromkeys(utterance.speaker for utterance in utterances))
    found: list[SpeakerMeasures] = []
    for speaker in speakers:
        mine = [utterance for utterance in closed if utterance.speaker == speaker]
        words = sum(utterance.words for utterance in mine)
        stretches = _union([(u.start_s, u.end_s or u.start_s) for u in mine])
        spoken_s = sum(end - start for start, end in stretches)
        speech_s = None if speech is None else _overlap_s(stretches, _union(speech))
        found.append(
            SpeakerMeasures(
                speaker,
                len(mine),
                words,
                round(spoken_s, 3),
                None if speech_s is None else round(speech_s, 3),
                _per_min(words, spoken_s),
                None if speech_s is None else _per_min(words, speech_s),
                tuple(answer for answer in answers if answer.speaker == speaker),
            )
        )
    return tuple(found)


def _per_min(words: int, seconds: float) -> float | None:
    return round(60 * words / seconds, 2) if seconds > 0 else None


def _closed(utterances: Sequence[Utterance], end_s: float) -> list[Utterance]:
    """With an end each: where none is told, the next one's begin."""
    starts = [*(utterance.start_s for utterance in utterances[1:]), end_s]
    return [
        u if u.end_s is not None else replace(u, end_s=max(following_s, u.start_s))
        for u, following_s in zip(utterances, starts, strict=True)
    ]


def _answers(
    told: Sequence[Utterance],
    closed: Sequence[Utterance],
    speech: Sequence[tuple[float, float]] | None,
) -> Iterator[Answer]:
    for (before, before_told), (after, _) in pairwise(zip(closed, told, strict=True)):
        if after.speaker is None or before.speaker is None:
            is_answer = before.text.rstrip().endswith(QUESTION)
        else:
            is_answer = after.speaker != before.speaker
        if not is_answer:
            continue
        last_s = _heard_within(before, speech, last=True)
        first_s = _heard_within(after, speech, last=False)
        if last_s is None:
            if before_told.end_s is None:  # nobody knows when it ended
                continue
            last_s = before_told.end_s
        first_s = after.start_s if first_s is None else first_s
        yield Answer(round(first_s, 3), round(first_s - last_s, 3), after.speaker, after.text)


def _heard_within(
    utterance: Utterance, speech: Sequence[tuple[float, float]] | None, *, last: bool
) -> float | None:
    """When speech is last, or first, heard in the time of an utterance; None where it is not."""
    start_s, end_s = utterance.start_s, utterance.end_s or utterance.start_s
    inside = [
        (max(start, start_s), min(end, end_s))
        for start, end in speech or ()
        if start < end_s and end > start_s
    ]
    if not inside:
        return None
    return inside[-1][1] if last else inside[0][0]


def _union(stretches: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _overlap_s(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float:
    return sum(max(0.0, min(b, d) - max(a, c)) for a, b in one for c, d in other)


def _cues(text: str) -> Iterator[Utterance]:
    """Of WebVTT and SRT: blocks with a line of times, and text below it."""
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        for number, line in enumerate(lines):
            found = ARROW.fullmatch(line)
            if found is not None:
                start_s, end_s = _seconds(found.groups()[:3]), _seconds(found.groups()[3:])
                body = "\n".join(lines[number + 1 :])
                yield from _said(start_s, max(start_s, end_s), body)
                break


def _plain(text: str) -> Iterator[Utterance]:
    current: Utterance | None = None
    for line in text.split("\n"):
        found = LINE.fullmatch(line)
        if found is None:
            if current is not None and line.strip():
                current = replace(current, text=f"{current.text} {line.strip()}")
            continue
        if current is not None:
            yield current
        groups = found.groups()
        start_s = float(groups[3]) if groups[3] else _seconds(groups[:3])
        has_end = groups[5] is not None or groups[7] is not None
        end_s = (float(groups[7]) if groups[7] else _seconds(groups[4:7])) if has_end else None
        if end_s is not None and end_s < start_s:
            raise InvalidOptionError(f"a line ends at {end_s} s, before its start at {start_s} s")
        current = next(_said(start_s, end_s, groups[8]))
    if current is not None:
        yield current


def _said(start_s: float, end_s: float | None, body: str) -> Iterator[Utterance]:
    """One utterance; or several, where a cue has voices of several people."""
    voices = list(VOICE.finditer(body))
    if voices:
        ends = [*(voice.start() for voice in voices[1:]), len(body)]
        for voice, end in zip(voices, ends, strict=True):
            yield Utterance(start_s, end_s, _clean(body[voice.end() : end]), voice[1].strip())
        return
    words = _clean(body)
    named = SPEAKER.fullmatch(words)
    if named is None:
        yield Utterance(start_s, end_s, words)
    else:
        yield Utterance(start_s, end_s, named[2].strip(), named[1].strip())


def _clean(body: str) -> str:
    return " ".join(TAG.sub("", body).split())


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds = parts
    return (
        3600 * int(hours or 0) + 60 * int(minutes or 0) + float((seconds or "0").replace(",", "."))
    )
