"""Photos, interrupted recordings and encrypted films are named as what they are."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from evolvisense.errors import (
    EncryptedFileError,
    IncompleteFileError,
    NotAVideoError,
    NoVideoStreamError,
    StillImageError,
)
from evolvisense.media import probe


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


@pytest.fixture(scope="module")
def mp4() -> bytes:
    """A film of a second, its index at the end as recorders write it."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 48  # type: ignore[attr-defined]
        for shade in range(10):
            picture = np.full((48, 64, 3), 10 * shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))  # type: ignore[attr-defined]
        container.mux(stream.encode())  # type: ignore[attr-defined]
    return out.getvalue()


def written(folder: Path, content: bytes, name: str = "a.mp4") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_the_film_itself_is_read(mp4: bytes, tmp_path: Path):
    assert probe(written(tmp_path, mp4)).video.codec == "mpeg4"


@pytest.mark.parametrize("cut", [0.5, 1.0])
def test_an_interrupted_recording(mp4: bytes, tmp_path: Path, cut: float):
    index = mp4.index(b"moov") - 4
    with pytest.raises(IncompleteFileError, match="moov") as caught:
        probe(written(tmp_path, mp4[: int(cut * index)]))
    assert caught.value.code == "incomplete_file"
    assert "send" not in str(caught.value), "who sent an MP4 is not told to send one"


def test_other_bytes_are_still_no_video(tmp_path: Path):
    for content in (b"moov" * 100, b"hello, this is a text file\n" * 10, box(b"ABCD", b"x" * 100)):
        with pytest.raises(NotAVideoError) as caught:
            probe(written(tmp_path, content))
        assert caught.value.code == "not_a_video"


def test_an_encrypted_film(mp4: bytes, tmp_path: Path):
    # Sample descriptions of common encryption: `mp4v` becomes `encv`, beside it `sinf` with `schm`.
    scheme = box(b"sinf", box(b"frma", b"mp4v") + box(b"schm", b"\0\0\0\0cenc\0\1\0\0"))
    encrypted = mp4.replace(b"mp4v", b"encv", 1)
    index = encrypted.index(b"moov")
    size = struct.unpack(">I", encrypted[index - 4 : index])[0] + len(box(b"udta", scheme))
    end = index - 4 + size - len(box(b"udta", scheme))
    content = (
        encrypted[: index - 4]
        + struct.pack(">I", size)
        + encrypted[index:end]
        + box(b"udta", scheme)
        + encrypted[end:]
    )
    with pytest.raises(EncryptedFileError, match="encrypted") as caught:
        probe(written(tmp_path, content))
    assert caught.value.code == "encrypted_file"


HEIC = box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", b"\0" * 60) + box(b"mdat", b"\1" * 200)
AVIF = box(b"ftyp", b"avif\0\0\0\0mif1miaf") + box(b"meta", b"\0" * 60) + box(b"mdat", b"\1" * 200)
PHOTOS = {
    "heic": HEIC,
    "avif": AVIF,
    "jpg": b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 200,
    "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
    "webp": b"RIFF\xd0\0\0\0WEBPVP8 " + b"\0" * 200,
    "tif": b"II*\0" + b"\0" * 200,
}


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_photo(tmp_path: Path, kind: str):
    with pytest.raises(StillImageError, match="photo") as caught:
        probe(written(tmp_path, PHOTOS[kind], f"a.{kind}"))
    assert caught.value.code == "still_image"
    assert isinstance(caught.value, NoVideoStreamError)


def test_a_sequence_with_an_index_is_no_photo(mp4: bytes, tmp_path: Path):
    length = struct.unpack(">I", mp4[:4])[0]
    # Brands of a photo beside those of a film, as phones write for moving photos.
    film = (
        box(b"ftyp", b"mp42\0\0\0\0mif1heic"[: length - 8].ljust(length - 8, b"\0")) + mp4[length:]
    )
    assert probe(written(tmp_path, film)).video.codec == "mpeg4"
