"""The command `detector`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from evaluation.detection.boxes import LabelledImage
from evaluation.detection.figures import AT_SCORE, MATCH_IOU
from evaluation.detection.run import DetectorResult, evaluate
from evaluation.display import plain_table

NAMED_FILES = 5
DIGITS = 6


def detector(options: argparse.Namespace, tables: Console, notes: Console) -> dict[str, Any]:
    """One face detector on images with hand-drawn boxes."""

    def progress(images: Sequence[LabelledImage]) -> Iterator[LabelledImage]:
        yield from track(
            images,
            options.folder.name,
            console=notes,
            transient=True,
            disable=not notes.is_terminal,
        )

    result = evaluate(options.folder, options.boxes, options.engine, options.px, progress)
    _print_notes(notes, result)
    _print_table(tables, options, result)
    return _record(options, result)


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],  # pyright: ignore[reportPrivateUsage]
    count: Callable[[str], int],
) -> None:
    """Put the command beside the others."""
    one = commands.add_parser("detector", help=detector.__doc__)
    one.add_argument("folder", type=Path, metavar="DIR", help="images, also in subfolders")
    one.add_argument(
        "--boxes",
        type=Path,
        required=True,
        metavar="JSON",
        help="file name without suffix -> list of [x0, y0, x1, y1] in pixels",
    )
    one.add_argument("--engine", default="evolvisense", metavar="NAME")
    one.add_argument(
        "--px",
        type=count,
        metavar="N",
        help="longer side of the image that the detector sees; by default it chooses sizes itself",
    )
    one.add_argument("--json", action="store_true", help="nothing but the JSON object on stdout")
    one.set_defaults(command=detector, ends_with_json=True)


def _print_notes(notes: Console, result: DetectorResult) -> None:
    for name, why in result.unreadable.items():
        notes.print(f"unreadable: {name}: {why}")
    for what, names in (
        ("images are not in the file of boxes and left out", result.labels.unlisted),
        ("names in the file of boxes have no image", result.labels.missing),
    ):
        if names:
            few = ", ".join(names[:NAMED_FILES])
            notes.print(f"{len(names)} {what}: {few}{' ...' if len(names) > NAMED_FILES else ''}")


def _print_table(tables: Console, options: argparse.Namespace, result: DetectorResult) -> None:
    size = f"{options.px} px" if options.px else "sizes of its own choice"
    tables.print(
        f"{options.folder}: {options.engine} ({result.model.id} {result.model.version}), {size}"
    )
    table = plain_table("", "value")
    table.add_row("images", str(result.n))
    table.add_row("drawn faces", str(result.drawn))
    table.add_row(f"average precision, IoU {MATCH_IOU}", _figure(result.ap))
    table.add_row(f"recall at score {AT_SCORE}", _figure(result.recall))
    table.add_row(f"precision at score {AT_SCORE}", _figure(result.precision))
    table.add_row(
        f"false boxes at score {AT_SCORE} in {result.images_without_faces} images without faces",
        str(result.false_boxes),
    )
    table.add_row("median time of an image, ms", f"{result.ms:.2f}")
    tables.print(table)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _record(options: argparse.Namespace, result: DetectorResult) -> dict[str, Any]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, DIGITS)

    return {
        "folder": str(options.folder),
        "engine": options.engine,
        "model": {
            "id": result.model.id,
            "version": result.model.version,
            "sha256": result.model.sha256,
        },
        "px": options.px,
        "n": result.n,
        "faces": result.drawn,
        "iou": MATCH_IOU,
        "score": AT_SCORE,
        "ap": rounded(result.ap),
        "recall": rounded(result.recall),
        "precision": rounded(result.precision),
        "images_without_faces": result.images_without_faces,
        "false_boxes": result.false_boxes,
        "ms": round(result.ms, 3),
        "unreadable": len(result.unreadable),
        "unlisted": len(result.labels.unlisted),
        "missing": len(result.labels.missing),
    }
