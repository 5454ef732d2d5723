"""`evolvisense analyze`: files in, summaries or reports out."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from evolvisense.analyzer import Analyzer
from evolvisense.atomic_file import atomic_write
from evolvisense.baselines import BaselineStore, baseline_of
from evolvisense.batch.inputs import printable
from evolvisense.cli.overlay import OverlayWish
from evolvisense.cli.summary import print_limits, print_summary
from evolvisense.errors import EvolviSenseError, InputError
from evolvisense.extras import Extra, require_extra
from evolvisense.indicators import Baseline
from evolvisense.options import AnalysisOptions
from evolvisense.report import (
    Report,
    observations_only,
    to_csv,
    to_eaf,
    to_html,
    to_json,
    to_parquet,
    to_textgrid,
)
from evolvisense.types.media import MEDIA_SUFFIXES
from evolvisense.types.progress import Progress as AnalysisProgress
from evolvisense.types.progress import ProgressListener

Format = Literal["json", "csv", "html", "parquet", "eaf", "textgrid"]

WRITERS: Mapping[Format, Callable[[Report, Path], bytes]] = {
    "json": lambda report, _: to_json(report, indent=1).encode(),
    "csv": lambda report, _: to_csv(report).encode(),
    "html": lambda report, path: to_html(report, title=printable(path.name)).encode(),
    "parquet": lambda report, path: to_parquet(report, media_sha256=_sha256(path)),
    "eaf": lambda report, path: to_eaf(report, media_name=printable(path.name)),
    "textgrid": lambda report, _: to_textgrid(report),
}
"""A report as the content of a file; the path is that of the video."""

SUFFIXES: Mapping[Format, str] = {"textgrid": "TextGrid"}
"""Where the name of a format is not what its files end with."""

PIPED: frozenset[Format] = frozenset({"json", "csv", "eaf", "textgrid"})
"""Formats that another program may read from a pipe; the others are always files."""

NEEDED: Mapping[Format, tuple[Extra, str]] = {
    "html": ("report", "plotly"),
    "parquet": ("parquet", "pyarrow"),
    "eaf": ("report", "pympi"),
    "textgrid": ("report", "pympi"),
}
"""Formats that an extra writes: the extra and the module that has to be there."""

FAILED = 1
UNUSABLE = 2

_errors = Console(stderr=True)


@dataclass(frozen=True)
class Job:
    """What to do with each file."""

    formats: tuple[Format, ...]
    out: Path | None
    options: AnalysisOptions
    detector: str
    expression: str
    baseline: str | None = None
    """Name of the person's own recordings to compare with."""
    task: str | None = None
    observations_only: bool = False
    """Whether emotions and what stands on them are withheld."""
    overlay: OverlayWish | None = None


def chosen_formats(wanted: Mapping[Format, bool], *, to_folder: bool) -> tuple[Format, ...]:
    """The formats to write; JSON and CSV where a folder is given without a format."""
    if to_folder and not any(wanted.values()):
        return ("json", "csv")
    return tuple(format_ for format_, is_wanted in wanted.items() if is_wanted)


def _require_extras(formats: Sequence[Format]) -> None:
    """Raise ExtraMissingError for a format that cannot be written here, before any analysis."""
    for format_ in formats:
        if format_ in NEEDED:
            extra, module = NEEDED[format_]
            require_extra(extra, f"--{format_}", module)


def run(paths: Sequence[Path], job: Job) -> int:
    """Analyse every file; the exit status."""
    files = list(media_files(paths))
    if not files:
        _errors.print("[red]no video file in the given folders[/red]")
        return UNUSABLE
    to_pipe = _goes_to_pipe(job, files)
    objection = _objection(job, files) or _folder_objection(None if to_pipe else _folder(job))
    if objection is not None:
        _errors.print(objection, style="red", markup=False, highlight=False)
        return UNUSABLE
    try:
        _require_extras(job.formats)
        analyzer = Analyzer(detector=job.detector, expression=job.expression)
        baseline = None if job.baseline is None else _baseline(job.baseline, job.task, analyzer)
    except EvolviSenseError as error:
        _errors.print(str(error), style="red", markup=False, highlight=False)
        return UNUSABLE
    failed, taken = 0, set[str]()
    with _progress() as progress:
        for number, path in enumerate(files, start=1):
            label = f"{number}/{len(files)} {path.name}" if len(files) > 1 else path.name
            stem = _free_stem(path, taken)
            try:
                with _bar(progress, label) as listener:
                    report = analyzer.analyze(
                        path, job.options, baseline=baseline, on_progress=listener
                    )
            except InputError as error:
                failed += 1
                _errors.print(f"{path}: {error} ({error.code})", markup=False, highlight=False)
                continue
            report = _named(report, path)
            given = observations_only(report) if job.observations_only else report
            done = _deliver(given, path, job, None if to_pipe else stem)
            if done and job.overlay is not None:
                target = job.overlay.target(stem, to_folder=job.overlay.goes_to_folder(files))
                with _bar(progress, f"{label}: overlay") as listener:
                    done = _draw(job.overlay, path, given, target, listener)
            failed += not done
    if not job.formats and failed < len(files):
        print_limits()
    if failed:
        _errors.print(
            f"{failed} of {len(files)} files could not be analysed or written", highlight=False
        )
    return FAILED if failed else 0


def _folder_objection(out: Path | None) -> str | None:
    """Make the folder; why nothing can be written there, or None."""
    if out is None:
        return None
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            return None
    except OSError as error:
        return f"cannot write to the folder {out}: {error.strerror}; choose another with --out"


def _named(report: Report, path: Path) -> Report:
    """The report with the file's name: reports of files of one name differ by a number alone."""
    media = report.media.model_copy(update={"source_name": printable(str(path))})
    return report.model_copy(update={"media": media})


def _objection(job: Job, files: Sequence[Path]) -> str | None:
    """Why these files cannot go where they are to go."""
    return None if job.overlay is None else job.overlay.objection(files)


def _folder(job: Job) -> Path | None:
    """The folder to write to: the one given, or this one; None where nothing is written."""
    return job.out or (Path() if job.formats else None)


def _goes_to_pipe(job: Job, files: Sequence[Path]) -> bool:
    """Whether the report goes to standard output: one text for another program, never to a
    terminal. JSON of several files is a line for each.
    """
    if job.out is not None or len(job.formats) != 1 or sys.stdout.isatty():
        return False
    (format_,) = job.formats
    return format_ in PIPED and (len(files) == 1 or format_ == "json")


def _draw(
    wish: OverlayWish, path: Path, report: Report, target: Path, listener: ProgressListener
) -> bool:
    """Whether the overlay could be written."""
    try:
        wish.write(path, report, target, listener)
    except (EvolviSenseError, OSError) as error:
        _errors.print(f"{path}: no overlay: {error}", markup=False, highlight=False)
        return False
    _errors.print(f"wrote {target}", markup=False, highlight=False)
    return True


def _baseline(name: str, task: str | None, analyzer: Analyzer) -> Baseline:
    extractors = {model.id: model.version for model in analyzer.models}
    return baseline_of(BaselineStore().load(name), task=task, extractors=extractors)


def media_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that the arguments name; folders are searched with their sub-folders."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in MEDIA_SUFFIXES
            )
        else:
            yield path


def _deliver(report: Report, path: Path, job: Job, stem: str | None) -> bool:
    """Whether everything that was asked for could be made and written; `stem` names the files,
    None sends the report to standard output.
    """
    if not job.formats:
        print_summary(report, path)
        return True
    try:
        if stem is None:
            _print_report(report, path, job.formats[0])
        else:
            _write(report, path, job, stem)
    except (EvolviSenseError, OSError) as error:
        _errors.print(f"{path}: not written: {error}", markup=False, highlight=False)
        return False
    return True


def _print_report(report: Report, path: Path, format_: Format) -> None:
    is_json = format_ == "json"
    typer.echo(to_json(report) if is_json else WRITERS[format_](report, path), nl=is_json)


def _write(report: Report, path: Path, job: Job, stem: str) -> None:
    folder = _folder(job) or Path()
    for format_ in job.formats:
        target = folder / f"{stem}.{SUFFIXES.get(format_, format_)}"
        with atomic_write(target) as file:
            file.write(WRITERS[format_](report, path))
        _errors.print(f"wrote {target}", markup=False, highlight=False)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _free_stem(path: Path, taken: set[str]) -> str:
    """The file's stem, numbered where files of one name come from different folders."""
    stem, number = path.stem, 1
    while stem in taken:
        number += 1
        stem = f"{path.stem}-{number}"
    taken.add(stem)
    return stem


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=_errors,
        transient=True,
    )


@contextmanager
def _bar(progress: Progress, label: str) -> Generator[ProgressListener]:
    """A bar for one file and the listener that moves it."""
    task = progress.add_task(escape(label), total=None)

    def move(state: AnalysisProgress) -> None:
        progress.update(task, total=state.total_s, completed=state.done_s)

    try:
        yield move
    finally:
        progress.remove_task(task)
