"""Sound files without a picture: probed, measured, decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evolvisense.errors import NoVideoStreamError
from evolvisense.media import decode_audio, measure_extent, probe
from evolvisense.media.container import choose_video, open_container
from tests.factory.media import sound_file

KINDS = ("wav", "mp3", "m4a", "ogg", "opus", "flac")


@pytest.mark.parametrize("kind", KINDS)
def test_facts_of_a_sound_file(tmp_path: Path, kind: str) -> None:
    path = sound_file(tmp_path / f"voice.{kind}", seconds=2.0)
    info, extent = probe(path), measure_extent(path)
    assert info.video is None
    assert info.audio is not None
    assert info.audio.channels == 1
    assert extent.duration_s == pytest.approx(2.0, abs=0.1)
    samples = sum(len(block.mono) for block in decode_audio(path))
    assert samples / info.audio.rate_hz == pytest.approx(2.0, abs=0.1)


def test_extent_begins_where_the_sound_begins(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "voice.flac", seconds=1.0)
    first = next(iter(decode_audio(path)))
    assert measure_extent(path).start_s == pytest.approx(first.pts_s, abs=0.05)


def test_who_needs_a_picture_is_told_so(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "voice.wav", seconds=1.0)
    with open_container(path) as container, pytest.raises(NoVideoStreamError, match="only sound"):
        choose_video(container)


def test_sound_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "voice.mp3", seconds=3.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1.0 < measure_extent(path).duration_s < 2.0
    assert np.concatenate([block.mono for block in decode_audio(path)]).any()
