"""python -m evaluation: how well engines find and read labelled faces and voices."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from evaluation import display, record
from evaluation.detection.command import add_command as add_detector
from evaluation.errors import EvaluationError
from evaluation.folders import Picture
from evaluation.readers import Reader, open_reader
from evaluation.run import FolderResult, Options, evaluate
from evaluation.voices.command import add_commands
from evolvisense.errors import EvolviSenseError
from evolvisense.types.scores import EMOTIONS

ERROR_STATUS = 2
WIDTH_OF_A_FILE = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, or 2 where nothing could be evaluated."""
    options = _parser().parse_args(arguments)
    notes = _console(stderr=True)
    tables = notes if options.json else _console(stderr=False)
    try:
        answer = options.command(options, tables, notes)
    except (EvaluationError, EvolviSenseError) as error:
        notes.print(f"error: {error}")
        return ERROR_STATUS
    if options.json or options.ends_with_json:
        print(record.json_line(answer))
    return 0


def faces(options: argparse.Namespace, tables: Console, notes: Console) -> dict[str, Any]:
    """One engine on one folder, in detail."""
    result = _evaluate(options.folder, [open_reader(options.engine)], options, notes)
    (engine,) = result.engines
    display.print_result(tables, result, engine)
    if options.svg:
        _write_figures(options.svg, result)
    return record.result_record(result, engine)


def compare(options: argparse.Namespace, tables: Console, notes: Console) -> dict[str, Any]:
    """Several engines on several folders, in one table."""
    readers = [open_reader(name) for name in dict.fromkeys(options.engines)]
    results = [_evaluate(folder, readers, options, notes) for folder in options.folders]
    display.print_comparison(tables, results)
    return record.comparison(results)


def _console(*, stderr: bool) -> Console:
    """Paths may hold brackets, and a file or pipe has no width of its own."""
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDTH_OF_A_FILE
    return console


def _evaluate(
    folder: Path, readers: Sequence[Reader], options: argparse.Namespace, notes: Console
) -> FolderResult:
    def progress(pictures: Sequence[Picture]) -> Iterator[Picture]:
        yield from track(
            pictures, folder.name, console=notes, transient=True, disable=not notes.is_terminal
        )

    chosen = Options(options.group_by, options.bootstrap, options.batch)
    result = evaluate(folder, readers, chosen, progress)
    for path, why in result.unreadable.items():
        notes.print(f"unreadable: {folder}: {path}: {why}")
    return result


def _write_figures(folder: Path, result: FolderResult) -> None:
    # Plotly takes a second to import.
    from evaluation.reliability import confusion_to_svg, to_svg  # noqa: PLC0415

    (engine,) = result.engines
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{engine.engine} on {Path(result.folder.path).name}"
    (folder / "reliability.svg").write_text(to_svg(engine.scores.bins, name))
    confusion = confusion_to_svg(engine.scores.confusion, EMOTIONS, name)
    (folder / "confusion.svg").write_text(confusion)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="one JSON object on stdout")
    shared.add_argument(
        "--bootstrap", type=_count, default=1000, metavar="N", help="resamples of an interval"
    )
    pictures = argparse.ArgumentParser(add_help=False)
    pictures.add_argument(
        "--group-by",
        type=_pattern,
        metavar="REGEX",
        help="pictures whose path has the same match (its first group) are one answer",
    )
    pictures.add_argument(
        "--batch", type=_count, default=64, metavar="N", help="pictures in memory at a time"
    )
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    parser.set_defaults(ends_with_json=False)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("faces", parents=[shared, pictures], help=faces.__doc__)
    one.add_argument("folder", type=Path, metavar="DIR", help="CLASS/.../picture, or a zip file")
    one.add_argument("--engine", default="evolvisense", metavar="NAME")
    one.add_argument("--svg", type=Path, metavar="DIR", help="where to write the two figures")
    one.set_defaults(command=faces)
    several = commands.add_parser("compare", parents=[shared, pictures], help=compare.__doc__)
    several.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    several.add_argument(
        "--engines",
        type=_names,
        default=["evolvisense", "mini-xception"],
        metavar="NAME,NAME",
        help="the others are compared with the first",
    )
    several.set_defaults(command=compare)
    add_commands(commands, shared, _count)
    add_detector(commands, _count)
    return parser


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"not a regular expression: {error}") from error


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, got '{text}'")
    return int(text)


def _names(text: str) -> list[str]:
    names = [name for part in text.split(",") if (name := part.strip())]
    if not names:
        raise argparse.ArgumentTypeError("expected names of engines, with commas between them")
    return names


if __name__ == "__main__":
    sys.exit(main())
