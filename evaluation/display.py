"""Results as tables for people."""

from __future__ import annotations

import math
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from evaluation import metrics
from evaluation.run import EngineResult, FolderResult
from evaluation.scoring import HEADLINE, Estimate
from evolvisense.types.arrays import I64
from evolvisense.types.scores import EMOTIONS

TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced",
    "macro_f1": "macro F1",
    "ece": "ECE",
}
NOTE = "With each figure its 95 % bootstrap interval. Means over classes: those of the folder."


def print_result(console: Console, result: FolderResult, engine: EngineResult) -> None:
    """Everything about one engine on one folder."""
    model, scores = engine.model, engine.scores
    console.print(f"{result.folder.path}: {engine.engine} ({model.id} {model.version})")
    table = plain_table("", "value", "95 %")
    table.add_row("n", str(scores.n), "")
    for name in HEADLINE:
        value, interval = _estimate(scores.headline[name])
        table.add_row(TITLES[name], value, interval)
    console.print(table)
    console.print(NOTE)
    console.print(class_table(scores.confusion))
    console.print(confusion_table(scores.confusion))
    console.print(_what_was_read(result, engine))


def print_comparison(console: Console, results: list[FolderResult]) -> None:
    """One line for each engine on each folder."""
    table = plain_table("folder, engine", "n", *TITLES.values(), "gain")
    for result in results:
        table.add_row(Path(result.folder.path).name)
        for engine in result.engines:
            estimates = [engine.scores.headline[name] for name in HEADLINE]
            cells = ["\n".join(_estimate(estimate)) for estimate in estimates]
            cells.append("\n".join(_gain(engine.gain)) if engine.gain else "")
            table.add_row(f" {engine.engine}", str(engine.scores.n), *cells)
        table.add_section()
    console.print(table)
    first = results[0].engines[0].engine
    console.print(f"{NOTE} Gain: accuracy minus that of {first}, in pairs.")
    for result in results:
        for engine in result.engines:
            console.print(f"{engine.engine}: {_what_was_read(result, engine)}")


def _estimate(estimate: Estimate) -> tuple[str, str]:
    """Value, interval: short, so that a table of them fits into 80 columns."""
    interval = f"{estimate.low:.3f}-{estimate.high:.3f}".replace("0.", ".")
    return f"{estimate.value:.3f}", interval


def _gain(estimate: Estimate) -> tuple[str, str]:
    interval = f"{estimate.low:+.3f}..{estimate.high:+.3f}".replace("0.", ".")
    return f"{estimate.value:+.3f}", interval


def class_table(confusion: I64) -> Table:
    """Recall, precision, F1 and support of each class, counts (7, 8)."""
    table = plain_table("class", "recall", "precision", "F1", "support")
    figures = (metrics.recall(confusion), metrics.precision(confusion), metrics.f1(confusion))
    for index, emotion in enumerate(EMOTIONS):
        shares = ["" if math.isnan(f[index]) else f"{f[index]:.3f}" for f in figures]
        table.add_row(emotion, *shares, str(confusion[index].sum()))
    return table


def confusion_table(confusion: I64, missing: str = "no face") -> Table:
    """Rows: labels; columns: answers, and `missing` where there was none."""
    columns = [*EMOTIONS, *([missing] if confusion[:, -1].any() else [])]
    table = plain_table("label \\ answer", *columns)
    for emotion, counts in zip(EMOTIONS, confusion.tolist(), strict=True):
        table.add_row(emotion, *(str(count) for count in counts[: len(columns)]))
    return table


def _what_was_read(result: FolderResult, engine: EngineResult) -> str:
    folder = result.folder
    parts = [f"{result.pictures} pictures read"]
    if result.options.group_by:
        parts[0] += f" as {engine.scores.n} groups"
    if engine.no_face:
        parts.append(f"{engine.no_face} without a face (wrong)")
    if result.unreadable:
        parts.append(f"{len(result.unreadable)} unreadable")
    parts += [f"class {name} skipped ({n})" for name, n in folder.unknown_classes.items()]
    if folder.without_class:
        parts.append(f"{folder.without_class} in no class folder")
    if folder.other_files:
        parts.append(f"{folder.other_files} other files")
    return f"{folder.path}: {', '.join(parts)}"


def plain_table(first: str, *columns: str) -> Table:
    """An empty table: names to the left, figures to the right."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
