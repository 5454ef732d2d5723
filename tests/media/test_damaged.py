"""Whatever is damaged in a file, the media layer gives frames or an error of ours."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evolvisense.errors import EvolviSenseError
from evolvisense.media import MediaLimits, decode_audio, decode_video, probe
from trials.clips import small_clip
from trials.mutations import MUTATIONS, Mutation

SOURCES = ("vp8_opus.webm", "h264_aac.mp4", "mpeg4_mp3.avi", "flv1_mp3.flv", "mpeg2_mp3.ts")
LIMITS = MediaLimits(max_bytes=10**7, max_pixels=10**7, max_duration_s=20.0)


def read(path: Path) -> str:
    """What became of a file: a code, or how much was in it."""
    try:
        info = probe(path, LIMITS)
        times = [frame.pts_s for frame in decode_video(path, 1, 100, LIMITS)]
        assert np.isfinite(times).all()
        seconds = 0.0
        if info.audio is not None:
            for block in decode_audio(path, LIMITS):
                assert np.isfinite(block.mono).all()
                seconds += len(block.mono) / block.rate_hz
        assert seconds <= LIMITS.max_duration_s + 2
    except EvolviSenseError as error:
        return error.code
    return f"{len(times)} frames, {seconds:.3f} s"


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SOURCES),
    st.sampled_from(SOURCES),
    st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=3),
    st.integers(0, 2**32 - 1),
)
def test_damage_gives_frames_or_an_error_of_ours(
    source: str, other: str, mutations: list[Mutation], seed: int
) -> None:
    data, second = (small_clip(name).read_bytes() for name in (source, other))
    rng = np.random.default_rng(seed)
    for mutation in mutations:
        data = mutation(data, second, rng) or b"\0"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        assert read(path) == read(path)
