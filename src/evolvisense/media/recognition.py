"""Files that are recognised by their bytes: photos, interrupted recordings, encrypted films.

An MP4 is a row of boxes: 4 bytes of size, 4 of type, content. `moov` describes the streams and is
written last by cameras and recorders, so a recording that was interrupted has none.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from evolvisense.errors import EncryptedFileError, IncompleteFileError, StillImageError
from evolvisense.media.descriptors import DescriptorFile, descriptor_of

PHOTO_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")
"""JPEG, PNG, TIFF."""
PHOTO_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif"})
"""HEIF and AVIF in `ftyp`; image sequences have other brands (hevc, msf1, avis) and a `moov`."""
MP4_BOXES = frozenset({b"ftyp", b"styp", b"mdat", b"free", b"wide", b"skip", b"moof", b"sidx"})
ENCRYPTED_SAMPLES = (b"encv", b"enca")
"""Sample descriptions of ISO 23001-7 (common encryption)."""
MOST_BOXES = 100_000
MOST_MOOV_BYTES = 64 * 1024**2
EXTENDED_SIZE = 16


class _Box(NamedTuple):
    kind: bytes
    start: int
    end: int


def refuse_photo(path: Path) -> None:
    """Raise StillImageError where the file is a photo; files that cannot be read pass.

    JPEG, PNG, WebP, TIFF, HEIC and AVIF. FFmpeg reads a HEIC as a video of one second.
    """
    try:
        with _opened(path) as file:
            head = file.read(64)
            is_photo = head.startswith(PHOTO_STARTS) or (head[:4], head[8:12]) == (b"RIFF", b"WEBP")
            if not is_photo and head[4:8] == b"ftyp":
                brands = {head[8:12], *(head[i : i + 4] for i in range(16, _size(head), 4))}
                is_photo = bool(brands & PHOTO_BRANDS) and not _has(file, b"moov")
    except OSError:
        return
    if is_photo:
        raise StillImageError("the file is a photo, not a video; send a video of a second or more")


def explain_unopened(path: Path) -> None:
    """Raise IncompleteFileError where the file is an MP4 or MOV whose index was never written."""
    with _opened(path) as file:
        kinds = {box.kind for box in _boxes(file)}
    if kinds & MP4_BOXES and b"moov" not in kinds and kinds & {b"ftyp", b"mdat"}:
        raise IncompleteFileError(
            "the MP4 or MOV file is incomplete: its index (moov) is missing, because the recording "
            "or the copy was interrupted; record or copy it again, or repair it, for instance with "
            "untrunc"
        )


def refuse_encrypted(path: Path) -> None:
    """Raise EncryptedFileError where the streams of an MP4 are encrypted (DRM)."""
    with _opened(path) as file:
        moov = next((box for box in _boxes(file) if box.kind == b"moov"), None)
        if moov is None:
            return
        file.seek(moov.start)
        content = file.read(min(moov.end - moov.start, MOST_MOOV_BYTES))
    if b"schm" in content and any(kind in content for kind in ENCRYPTED_SAMPLES):
        raise EncryptedFileError(
            "the file is encrypted (DRM), so its frames cannot be decoded; send a copy without "
            "encryption"
        )


def _opened(path: Path) -> BinaryIO:
    """The file, through its descriptor where a sandbox may open none by name."""
    descriptor = descriptor_of(path)
    if descriptor is None:
        return path.open("rb")
    return io.BufferedReader(DescriptorFile(descriptor))


def _has(file: BinaryIO, kind: bytes) -> bool:
    return any(box.kind == kind for box in _boxes(file))


def _size(head: bytes) -> int:
    return min(int.from_bytes(head[:4], "big"), len(head))


def _boxes(file: BinaryIO) -> Iterator[_Box]:
    """The boxes of the top level, up to the first invalid one or the end of the file."""
    length = file.seek(0, 2)
    start = 0
    for _ in range(MOST_BOXES):
        file.seek(start)
        head = file.read(EXTENDED_SIZE)
        if len(head) < 8 or not head[4:8].isalnum():
            return
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        end = length if size == 0 else start + size
        if end < start + 8:
            return
        yield _Box(head[4:8], start, min(end, length))
        if end >= length:
            return
        start = end
