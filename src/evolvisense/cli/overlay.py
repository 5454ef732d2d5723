"""`evolvisense analyze --overlay`: the recording with what was found drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evolvisense.atomic_file import atomic_path
from evolvisense.report import Report
from evolvisense.report.overlay import write_overlay
from evolvisense.types.progress import ProgressListener

ENDING = ".overlay.mp4"
"""Of overlays in a folder, so that none has the name of its video."""


@dataclass(frozen=True)
class OverlayWish:
    """What was asked for."""

    to: Path
    """A file, or a folder where several videos are analysed."""
    blur_faces: bool

    def target(self, stem: str, *, to_folder: bool) -> Path:
        """Where the overlay of a video goes."""
        return self.to / f"{stem}{ENDING}" if to_folder else self.to

    def goes_to_folder(self, files: Sequence[Path]) -> bool:
        """Whether `to` is a folder."""
        return len(files) > 1 or self.to.is_dir()

    def objection(self, files: Sequence[Path]) -> str | None:
        """What is wrong with it for these videos; None where nothing is."""
        if self.goes_to_folder(files):
            is_file = self.to.exists() and not self.to.is_dir()
            return "several videos need a folder: give --overlay DIR" if is_file else None
        if self.to.exists() and self.to.samefile(files[0]):
            return "the overlay would replace the video: give --overlay another name"
        return None

    def write(
        self, media: Path, report: Report, target: Path, on_progress: ProgressListener
    ) -> None:
        """Write it, complete or not at all. Raises as `write_overlay`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(target) as part:
            write_overlay(media, report, part, blur_faces=self.blur_faces, on_progress=on_progress)
