"""`evolvisense transcript`: words per minute and silence before answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import typer

from evolvisense.cli.reports import UNUSABLE, read_report
from evolvisense.errors import EvolviSenseError
from evolvisense.report.transcript import SpeakerMeasures, measure_transcript, read_transcript


def print_transcript(report_path: Path, transcript_path: Path, *, as_json: bool) -> None:
    """Print the measures. Raises typer.Exit with status 2 where the transcript is none."""
    report = read_report(report_path)
    try:
        found = measure_transcript(report, read_transcript(transcript_path))
    except EvolviSenseError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE) from error
    if as_json:
        rows = [
            {
                **asdict(speaker),
                "silence_median_s": speaker.silence_median_s,
                "silence_longest_s": speaker.silence_longest_s,
            }
            for speaker in found
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for speaker in found:
        typer.echo("\n".join(_lines(speaker)))


def _lines(found: SpeakerMeasures) -> Iterator[str]:
    yield found.speaker or "Transcript"
    yield f"  {found.words} words in {found.utterances} utterances, {found.spoken_s:.1f} s"
    yield f"  {_rate(found.words_per_min)} of the utterances"
    if found.speech_s is not None:
        yield f"  {_rate(found.words_per_speech_min)} of speech in them ({found.speech_s:.1f} s)"
    if found.answers:
        yield (
            f"  {len(found.answers)} answers, silence before them {found.silence_median_s:.2f} s "
            f"(median), {found.silence_longest_s:.2f} s at most"
        )


def _rate(per_min: float | None) -> str:
    return "no rate: no time" if per_min is None else f"{per_min:.0f} words a minute"
