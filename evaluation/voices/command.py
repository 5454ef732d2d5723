"""The commands `voice` and `voice-compare`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.progress import track

from evaluation.voices import display, record
from evaluation.voices.answers import ClipAnswer
from evaluation.voices.choices import SCORE_NAMES, ScoreName
from evaluation.voices.engines import Recipe
from evaluation.voices.run import Options, VoiceResult, evaluate
from evolvisense.types.indicators import Language


def voice(options: argparse.Namespace, tables: Console, notes: Console) -> dict[str, Any]:
    """One way to score the voices of a labelled table, in detail."""
    result = _evaluate(options.table, [options.scores], options, notes)
    display.print_voice(tables, result)
    return record.voice_record(result)


def voice_compare(options: argparse.Namespace, tables: Console, notes: Console) -> dict[str, Any]:
    """Several ways to score the same voices, and what they gain over the first."""
    names: list[ScoreName] = list(dict.fromkeys(options.scores))
    results = [_evaluate(table, names, options, notes) for table in options.tables]
    display.print_comparison(tables, results)
    return record.comparison_record(results)


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],  # pyright: ignore[reportPrivateUsage]
    shared: argparse.ArgumentParser,
    count: Callable[[str], int],
) -> None:
    """Put both commands beside the others."""
    own = _options(count)
    one = commands.add_parser("voice", parents=[shared, own], help=voice.__doc__)
    one.add_argument("table", type=Path, metavar="TABLE.csv", help="columns path, label, speaker")
    one.add_argument("--scores", choices=SCORE_NAMES, default="emotion", help="what is scored")
    one.set_defaults(command=voice)
    several = commands.add_parser(
        "voice-compare", parents=[shared, own], help=voice_compare.__doc__
    )
    several.add_argument("tables", type=Path, nargs="+", metavar="TABLE.csv")
    several.add_argument(
        "--scores",
        type=_score_names,
        default=list(SCORE_NAMES),
        metavar="NAME,NAME",
        help="the others are compared with the first",
    )
    several.set_defaults(command=voice_compare)


def _options(count: Callable[[str], int]) -> argparse.ArgumentParser:
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument(
        "--normalise-loudness",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="bring every clip to one speech level first",
    )
    networks = own.add_mutually_exclusive_group()
    networks.add_argument(
        "--engine-file",
        "--model",
        type=Path,
        metavar="ONNX",
        help="another voice-emotion network of the same contract",
    )
    networks.add_argument(
        "--folds",
        type=Path,
        metavar="DIR",
        help="folds.json (speaker -> fold) and fold{k}.onnx: out-of-fold evaluation",
    )
    own.add_argument(
        "--language", choices=get_args(Language), default="any", help="reference set of v2"
    )
    own.add_argument(
        "--gates",
        choices=("lifted", "kept"),
        default="lifted",
        help="lifted for short acted clips, kept as in a report",
    )
    own.add_argument("--by", type=str.lower, metavar="COLUMN", help="figures of each value too")
    own.add_argument("--workers", type=count, default=1, metavar="N", help="processes")
    return own


def _evaluate(
    table: Path, scores: Sequence[ScoreName], options: argparse.Namespace, notes: Console
) -> VoiceResult:
    def progress(answers: Iterable[ClipAnswer | str], total: int) -> Iterator[ClipAnswer | str]:
        yield from track(
            answers,
            table.name,
            total,
            console=notes,
            transient=True,
            disable=not notes.is_terminal,
        )

    recipe = Recipe(
        scores=tuple(scores),
        normalise=options.normalise_loudness,
        language=options.language,
        lifts_gates=options.gates == "lifted",
        network=options.engine_file,
        folds=options.folds,
    )
    chosen = Options(recipe, options.bootstrap, options.workers, options.by)
    result = evaluate(table, chosen, progress)
    for line, why in result.unreadable.items():
        notes.print(f"unreadable: {table}: row {line}: {why}")
    return result


def _score_names(text: str) -> list[str]:
    names = [name for part in text.split(",") if (name := part.strip())]
    unknown = [name for name in names if name not in SCORE_NAMES]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"expected some of {', '.join(SCORE_NAMES)} with commas between them, got '{text}'"
        )
    return names
