"""`benchmarks.deepface_loop` as a process that this one asks for runs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trials.paths import ROOT, WORK

PYTHON = Path(os.environ.get("DEEPFACE_PYTHON", ROOT / ".venv-deepface" / "bin" / "python"))


class DeepFaceLoop:
    """Answers with the seconds of one run over the video; `about` says what runs."""

    def __init__(self, process: subprocess.Popen[str], video: Path) -> None:
        self._process, self._video = process, video
        self.about = self._answer()

    def run(self, frame_skip: int, max_frames: int, video: Path | None = None) -> float:
        """Seconds of one run over the video or another one, measured inside the process."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{frame_skip} {max_frames} {video or self._video}\n")
        self._process.stdin.flush()
        return float(self._answer()["seconds"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(f"the DeepFace process ended with {self._process.wait()}")


@contextmanager
def deepface_loop(video: Path) -> Generator[DeepFaceLoop | None]:
    """The loop, warmed up; None where `make` has not built DeepFace's environment."""
    if not PYTHON.is_file():
        yield None
        return
    home = WORK / "deepface_home"
    quiet = {"cwd": ROOT, "stderr": subprocess.DEVNULL}
    if not home.is_dir():
        write = [str(PYTHON), "-m", "trials.deepface_weights", str(home)]
        subprocess.run(write, check=True, stdout=subprocess.DEVNULL, **quiet)
    command = [str(PYTHON), "-m", "benchmarks.deepface_loop"]
    command += [str(video), str(home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **quiet, **pipes) as process:
        try:
            yield DeepFaceLoop(process, video)
        finally:
            process.kill()
