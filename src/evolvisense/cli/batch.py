"""`evolvisense batch`: many files in, one data set out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from evolvisense.batch import BatchProgress, BatchResult, find_inputs, look_ahead, run_batch
from evolvisense.batch.engine import BatchListener, Engine
from evolvisense.batch.inputs import InputFile
from evolvisense.batch.local import LocalEngine
from evolvisense.batch.quality_page import write_quality_page
from evolvisense.batch.staging import Staging
from evolvisense.cli.summary import print_limits
from evolvisense.errors import EvolviSenseError, InvalidOptionError
from evolvisense.options import AnalysisOptions

FAILED = 1
UNUSABLE = 2
INTERRUPTED = 130
FILES_SHOWN = 20
LINE_EVERY_S = 30.0
URL = re.compile(r"[A-Za-z][\w+.-]+:/")
"""A path joins the two slashes of a URL into one."""

_console = Console(stderr=True)


@dataclass(frozen=True)
class BatchJob:
    """What the command was asked for."""

    out: Path
    options: AnalysisOptions
    workers: int | None
    ray: str | None
    """Address of a cluster, or `auto`; None works on this machine."""
    keep_json: bool
    dry_run: bool
    quality_page: bool = False
    """Write `qc.html` beside the data set."""
    blur: bool = False
    """Make people in its images unrecognisable."""


def run(arguments: Sequence[str], job: BatchJob) -> int:
    """Do it; the exit status."""
    try:
        _require_folder(job.out)
        files = find_inputs(arguments)
        if job.dry_run:
            return _show(files, job)
        with _display("analysed") as listener:
            result = run_batch(
                files,
                job.out,
                job.options,
                _engine(job),
                on_progress=listener,
                keep_json=job.keep_json,
            )
        status = _tell(result)
        if job.quality_page:
            _say("reading an image of each file for the quality page")
            _say(f"wrote {write_quality_page(job.out, files, blur=job.blur)}")
    except EvolviSenseError as error:
        _say(str(error))
        return UNUSABLE
    except KeyboardInterrupt:
        _say("stopped; what is finished is kept: the same command goes on from here")
        return INTERRUPTED
    return status


def _require_folder(out: Path) -> None:
    if URL.match(str(out)):
        raise InvalidOptionError(
            "a data set is written to a folder of this machine: give one as --out, then copy it "
            "to the store"
        )


def _engine(job: BatchJob) -> Engine:
    if job.ray is None:
        return LocalEngine(job.workers, folder=Staging(job.out).incoming)
    from evolvisense.ray.engine import RayEngine  # noqa: PLC0415 - an extra

    return RayEngine(job.ray, job.workers)


def _show(files: Sequence[InputFile], job: BatchJob) -> int:
    with _display("known already") as listener:
        ahead = look_ahead(
            files, job.out, job.options, on_progress=listener, keep_json=job.keep_json
        )
    rest = len(files) - len(ahead.wanted) - len(ahead.failures)
    _say(
        f"{len(files)} files, {_size(ahead.progress.bytes)}: {len(ahead.wanted)} to analyse "
        f"({_size(sum(file.size_bytes for file in ahead.wanted))}), "
        f"{rest} done before or of the same content as another, "
        f"{len(ahead.failures)} that cannot be read or failed before"
    )
    _list([file.name for file in ahead.wanted])
    _list([f"{name}: {failure.detail}" for name, failure in ahead.failures.items()])
    _say("nothing was written")
    return FAILED if ahead.failures else 0


def _list(lines: Sequence[str]) -> None:
    for line in lines[:FILES_SHOWN]:
        _say(f"  {line}")
    if len(lines) > FILES_SHOWN:
        _say(f"  and {len(lines) - FILES_SHOWN} more")


def _tell(result: BatchResult) -> int:
    progress = result.progress
    _say(
        f"{progress.files} files: {progress.files - progress.failed} analysed "
        f"({progress.reused} of {progress.files} were done before or have the same content as "
        f"another), {progress.failed} failed"
    )
    _say(f"wrote {result.out}" if result.is_new else f"{result.out} was complete already")
    if progress.failed:
        _say(f"why files failed is in {result.out / 'failures'}")
    if progress.failed < progress.files:
        print_limits()
    return FAILED if progress.failed else 0


@contextmanager
def _display(verb: str) -> Generator[BatchListener]:
    """Files done, rate, remaining time, failures: a bar, or lines where nobody sees one."""
    is_seen = _console.is_terminal and not _console.is_dumb_terminal
    with _bar(verb) if is_seen else _lines(verb) as listener:
        yield listener


@contextmanager
def _bar(verb: str) -> Generator[BatchListener]:
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
        console=_console,
    )
    with progress:
        bar = progress.add_task(verb, total=None, text="")

        def show(now: BatchProgress) -> None:
            progress.update(bar, total=now.bytes or None, completed=now.finished_bytes)
            progress.update(bar, text=progress_text(now))

        yield show


@contextmanager
def _lines(verb: str, clock: Callable[[], float] = time.monotonic) -> Generator[BatchListener]:
    """A line every 30 seconds of `clock` at most, and one at the end."""
    said_s, text, said = clock(), "", ""

    def show(now: BatchProgress) -> None:
        nonlocal said_s, text, said
        text = progress_text(now)
        if clock() - said_s >= LINE_EVERY_S:
            _say(f"{verb}: {text}")
            said_s, said = clock(), text

    try:
        yield show
    finally:
        if text != said:
            _say(f"{verb}: {text}")


def progress_text(now: BatchProgress) -> str:
    """As in `12/300 files, 8.5 files/min, 34 min left, 1 failed`."""
    parts = [f"{now.finished}/{now.files} files"]
    if now.files_per_min is not None:
        parts.append(f"{now.files_per_min:.1f} files/min")
    if now.remaining_s is not None and now.finished < now.files:
        parts.append(f"{_duration(now.remaining_s)} left")
    if now.failed:
        parts.append(f"{now.failed} failed")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _say(text: str) -> None:
    _console.print(text, markup=False, highlight=False, soft_wrap=True)
