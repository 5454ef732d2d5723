"""MP4 files as they are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evolvisense.errors import FormatUnavailableError
from evolvisense.media import encode
from evolvisense.media.encode import silence, write_mp4
from tests.factory.media import vowel
from tests.factory.overlays import read

SIZE = (64, 48)


def colours() -> np.ndarray:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, :32], rgb[:, 32:] = (200, 30, 40), (20, 120, 220)
    return rgb


def test_pictures_keep_their_times_and_colours(tmp_path: Path) -> None:
    times_s = [0.0, 0.04, 0.3, 0.301, 1.0, 7.5]
    with write_mp4(tmp_path / "a.mp4", SIZE, has_sound=False, title="a title") as out:
        assert all(out.picture(time_s, colours()) for time_s in times_s)
    found = read(tmp_path / "a.mp4")
    assert found.times_s == pytest.approx(times_s, abs=1 / 90_000)
    assert found.codecs == ["h264"]
    assert found.metadata["title"] == "a title"
    for rgb in found.pictures:
        assert np.abs(rgb[24, 10].astype(int) - (200, 30, 40)).max() < 10
        assert np.abs(rgb[24, 54].astype(int) - (20, 120, 220)).max() < 10


def test_the_index_comes_first(tmp_path: Path) -> None:
    with write_mp4(tmp_path / "a.mp4", SIZE, has_sound=False, title="") as out:
        out.picture(0.0, colours())
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000])
def test_sound_keeps_its_length_and_pitch(tmp_path: Path, rate_hz: int) -> None:
    sound = vowel(2.0, f0_hz=200.0, rate_hz=rate_hz)
    with write_mp4(tmp_path / "a.mp4", SIZE, has_sound=True, title="") as out:
        out.picture(0.0, colours())
        for begin in range(0, len(sound), 1000):
            out.sound(sound[begin : begin + 1000], rate_hz)
    found = read(tmp_path / "a.mp4")
    assert found.codecs == ["h264", "aac"]
    assert len(found.sound) / found.sound_rate_hz == pytest.approx(2.0, abs=0.05)
    spectrum = np.abs(np.fft.rfft(found.sound[: found.sound_rate_hz]))
    strong = np.flatnonzero(spectrum > 0.2 * spectrum.max())
    assert (np.abs(strong / 200 - np.round(strong / 200)) < 0.03).all()


def test_a_picture_that_does_not_come_later_is_left_out(tmp_path: Path) -> None:
    with write_mp4(tmp_path / "a.mp4", SIZE, has_sound=False, title="") as out:
        assert [out.picture(t, colours()) for t in (0.0, 0.5, 0.5, 0.2, 0.6)] == [
            True, True, False, False, True,
        ]  # fmt: skip
    assert len(read(tmp_path / "a.mp4").pictures) == 3


def test_sound_that_was_not_announced_or_changes_its_rate(tmp_path: Path) -> None:
    quiet = np.zeros(100, np.float32)
    with write_mp4(tmp_path / "a.mp4", SIZE, has_sound=False, title="") as out:
        out.picture(0.0, colours())
        with pytest.raises(ValueError, match="without sound"):
            out.sound(quiet, 8000)
    with write_mp4(tmp_path / "b.mp4", SIZE, has_sound=True, title="") as out:
        out.picture(0.0, colours())
        out.sound(quiet, 8000)
        with pytest.raises(ValueError, match="8000 Hz"):
            out.sound(quiet, 16_000)


def test_another_encoder_where_the_first_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {"no-such-encoder": {}, "libvpx-vp9": encode.VIDEO_ENCODERS["libvpx-vp9"]}
    monkeypatch.setattr(encode, "VIDEO_ENCODERS", others)
    with write_mp4(tmp_path / "a.mp4", SIZE, has_sound=False, title="") as out:
        for number in range(4):
            out.picture(number / 4, colours())
    found = read(tmp_path / "a.mp4")
    assert found.codecs == ["vp9"]
    assert found.times_s == pytest.approx([0, 0.25, 0.5, 0.75], abs=1e-3)


def test_no_encoder_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "VIDEO_ENCODERS", {"no-such-encoder": {}})
    with (
        pytest.raises(FormatUnavailableError, match="no-such-encoder"),
        write_mp4(tmp_path / "a.mp4", SIZE, has_sound=False, title=""),
    ):
        pass


def test_silence_is_given_in_parts() -> None:
    parts = list(silence(2.5, 8000))
    assert [len(part) for part in parts] == [8000, 8000, 4000]
    assert not np.concatenate(parts).any()
    assert list(silence(0.0, 8000)) == []
