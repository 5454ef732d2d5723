"""Small images of the files of a batch, read in a sandbox like everything else of them.

One process reads one file after the other; a file without an image is left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2

from evolvisense.batch.inputs import InputFile
from evolvisense.batch.stores import local_copy
from evolvisense.batch.work import THREADS
from evolvisense.errors import (
    EvolviSenseError,
    SandboxDiedError,
    SandboxLimitError,
    SandboxTaskError,
)
from evolvisense.media import descriptor_path, sample_frames
from evolvisense.sandbox import ChildChannel, Limits, Sandbox
from evolvisense.types.arrays import U8

TARGET = "evolvisense.batch.thumbnails:serve"
WIDTH_PX = 160
JPEG_QUALITY = 70
BLUR_SHARE = 0.06
"""Standard deviation of the blur as a share of the width: eyes and mouth of a face that fills the
image are one patch then (ours)."""
LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=3600.0, wall_s=3600.0)
MOST_S = 60.0
"""For the image of one file; then it has none."""
NO_IMAGE = "no_image"


def thumbnails(
    files: Sequence[InputFile], *, blur: bool = False, folder: Path | None = None
) -> Mapping[str, bytes]:
    """JPEG images of the files, from the middle of each, by name of the file.

    Args:
        files: of a batch.
        blur: make people unrecognisable, by a strong blur of the whole image.
        folder: where files of stores are kept for a moment.

    Returns:
        Name -> JPEG, WIDTH_PX wide; without files that have no image or cannot be read.
    """
    return dict(_thumbnails(files, blur, folder))


def small_image(rgb: U8, *, blur: bool) -> bytes:
    """A frame (H, W, 3) as a JPEG of WIDTH_PX."""
    height, width = rgb.shape[:2]
    size = (WIDTH_PX, max(1, round(WIDTH_PX * height / width)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    if blur:
        small = cv2.GaussianBlur(small, (0, 0), BLUR_SHARE * WIDTH_PX)
    _, packed = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return packed.tobytes()


def serve(channel: ChildChannel) -> None:
    """The sandboxed side: one image for each file."""
    for task in channel.tasks():
        try:
            frames = list(sample_frames(descriptor_path(task.files[0]), None, 2))
        except EvolviSenseError as error:
            channel.error(error.code, str(error))
            continue
        if frames:
            channel.result({}, small_image(frames[-1], blur=bool(task.message["blur"])))
        else:
            channel.error(NO_IMAGE, "the file has no frame that can be decoded")


def _thumbnails(
    files: Sequence[InputFile], blur: bool, folder: Path | None
) -> Iterator[tuple[str, bytes]]:
    sandbox = Sandbox(TARGET, LIMITS, name="thumbnails", env=THREADS)
    try:
        for file in files:
            if not sandbox.is_alive:
                sandbox.start()
            try:
                yield file.name, _image(sandbox, file, blur, folder)
            except (OSError, SandboxTaskError, SandboxDiedError, SandboxLimitError):
                continue
            except EvolviSenseError:  # a file of a store that is gone
                continue
    finally:
        sandbox.close()


def _image(sandbox: Sandbox, file: InputFile, blur: bool, folder: Path | None) -> bytes:
    with local_copy(file.uri, folder) as path:
        media = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        began_s = time.monotonic()

        def tick() -> None:
            if time.monotonic() - began_s > MOST_S:
                sandbox.kill()

        try:
            return sandbox.exchange({"blur": blur}, files=(media,), tick=tick).binary
        finally:
            os.close(media)
