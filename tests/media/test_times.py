"""Times rise, are bounded by what was read, and go on counting where recordings were joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer
from evolvisense.media import (
    AudioTally,
    MediaLimits,
    VideoTally,
    decode_audio,
    decode_video,
    measure_timing,
    probe,
)
from tests.factory.media import Film, Sound, plain, vowel
from tests.factory.odd_media import (
    moved,
    remuxed,
    with_sample_duration,
    with_timescale,
    with_zeroed_media,
)

LIMITS = MediaLimits(max_duration_s=60.0)


def noisy(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (96, 128, 3)).astype(np.uint8) for _ in range(count)]


@pytest.fixture(scope="module")
def webm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s of VP8 and Opus."""
    film = Film(noisy(50), sound=Sound(vowel(2.0)))
    return film.write(tmp_path_factory.mktemp("times") / "a.webm")


@pytest.fixture(scope="module")
def mp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s of H.264 without B-frames and AAC."""
    film = Film(
        noisy(50), codec="libx264", sound=Sound(vowel(2.0), codec="aac"), encoder={"bf": "0"}
    )
    return film.write(tmp_path_factory.mktemp("times") / "a.mp4")


def times_of(path: Path, limits: MediaLimits = LIMITS) -> list[float]:
    return [frame.pts_s for frame in decode_video(path, limits=limits)]


def rises(times_s: list[float]) -> bool:
    return bool((np.diff(times_s) > 0).all())


def test_b_frames_in_avi_come_in_the_order_of_presentation(tmp_path: Path) -> None:
    film = Film(
        [plain((128, 96), 5 * i) for i in range(40)],
        codec="libx264",
        encoder={"bf": "3", "b_strategy": "0"},
    )
    times_s = times_of(film.write(tmp_path / "b.avi"))
    assert len(times_s) == 40
    assert rises(times_s)
    # The last packet has the time of the one before it, as FFmpeg reads it.
    assert np.diff(times_s)[:-1] == pytest.approx(np.full(38, 0.04))


def test_undecodable_packets_do_not_shift_times_that_are_sorted(tmp_path: Path) -> None:
    film = Film(noisy(60), codec="libx264", encoder={"bf": "3", "b_strategy": "0", "g": "12"})
    path = film.write(tmp_path / "b.avi")
    numbers = iter(range(100))

    def damage(packet: object, _seconds: float) -> None:
        if 14 <= next(numbers) < 18:
            packet.update(bytes(packet.size))  # type: ignore[attr-defined]

    times_s = times_of(remuxed(path, tmp_path / "damaged.avi", damage))
    assert rises(times_s)
    assert times_s[-1] == pytest.approx(times_of(path)[-1])


def test_joined_recordings_go_on_counting(webm: Path, tmp_path: Path) -> None:
    path = tmp_path / "joined.webm"
    path.write_bytes(webm.read_bytes() * 2)
    timing, one = measure_timing(path), measure_timing(webm)
    times_s = [frame.pts_s for frame in decode_video(path, timing=timing)]
    blocks = list(decode_audio(path, timing=timing))
    assert len(times_s) == 100
    assert rises(times_s)
    assert timing.extent.duration_s == pytest.approx(4.0, abs=0.1)
    assert timing.joins_s == pytest.approx([one.last_end_s], abs=0.05)
    sound_end_s = blocks[-1].pts_s + len(blocks[-1].mono) / blocks[-1].rate_hz
    assert sound_end_s == pytest.approx(times_s[-1], abs=0.15)
    assert not any(block.is_gap for block in blocks)


def test_joined_transport_streams_go_on_counting(tmp_path: Path) -> None:
    film = Film(noisy(50), codec="libx264", sound=Sound(vowel(2.0), codec="aac"))
    one = film.write(tmp_path / "a.ts")
    path = tmp_path / "joined.ts"
    path.write_bytes(one.read_bytes() * 2)
    times_s = times_of(path)
    assert len(times_s) == 100
    assert np.diff(times_s).max() < 0.2
    assert rises(times_s)


def test_parts_of_another_length_stay_in_step(webm: Path, tmp_path: Path) -> None:
    """The sound of the first part ends early: the second begins for both after its picture."""
    short = remuxed(
        webm,
        tmp_path / "short.webm",
        lambda packet, s: packet.stream.type == "video" or s < 1.0,
    )
    path = tmp_path / "joined.webm"
    path.write_bytes(short.read_bytes() + webm.read_bytes())
    timing = measure_timing(path)
    assert timing.audio is not None
    (join_s,) = timing.joins_s
    assert join_s == pytest.approx(2.0, abs=0.1)
    blocks = list(decode_audio(path, timing=timing))
    gap_s = sum(len(b.mono) / b.rate_hz for b in blocks if b.is_gap)
    assert gap_s == pytest.approx(1.0, abs=0.15)


def test_raw_h264_has_a_length(tmp_path: Path) -> None:
    film = Film(noisy(50), codec="libx264", format="h264", encoder={"bf": "0"})
    path = film.write(tmp_path / "raw.h264")
    assert measure_timing(path).extent.duration_s == pytest.approx(2.0, abs=0.05)
    times_s = times_of(path)
    assert len(times_s) == 50
    assert rises(times_s)


@pytest.mark.parametrize("late", ["video", "audio"])
def test_a_track_that_starts_late_is_not_cut_off(webm: Path, tmp_path: Path, late: str) -> None:
    path = remuxed(
        webm, tmp_path / "late.mkv", lambda p, _s: moved(p, 3.0 * (p.stream.type == late))
    )
    info, timing = probe(path), measure_timing(path)
    assert info.end_s_from_header == pytest.approx(timing.last_end_s, abs=0.1)
    assert timing.last_end_s == pytest.approx(5.0, abs=0.1)


def test_a_clock_that_starts_at_ten_hours(webm: Path, tmp_path: Path) -> None:
    path = remuxed(webm, tmp_path / "late.mkv", lambda p, _s: moved(p, 36_000.0))
    assert probe(path).duration_s_from_header == pytest.approx(36_002, abs=0.1)
    timing = measure_timing(path, LIMITS)
    assert timing.extent.start_s == pytest.approx(36_000, abs=0.1)
    assert timing.measured_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("ticks", [0x7FFFFFFF, 10_000_000, 1])
def test_sample_durations_that_lie_cost_no_work(mp4: Path, tmp_path: Path, ticks: int) -> None:
    path = with_sample_duration(mp4, ticks, tmp_path / "lie.mp4")
    timing = measure_timing(path, LIMITS)
    assert timing.extent.duration_s <= LIMITS.max_duration_s
    times_s = times_of(path)
    assert 1 <= len(times_s) <= 50
    assert rises(times_s)
    assert times_s[-1] - times_s[0] <= LIMITS.max_duration_s


@pytest.mark.parametrize("ticks_per_s", [1, 50, 0x7FFFFFFF])
def test_timescales_that_lie_cost_no_work(mp4: Path, tmp_path: Path, ticks_per_s: int) -> None:
    path = with_timescale(mp4, ticks_per_s, tmp_path / "lie.mp4", track=1)
    tally = AudioTally()
    timing = measure_timing(path, LIMITS)
    blocks = list(decode_audio(path, LIMITS, timing=timing, tally=tally))
    assert sum(len(b.mono) for b in blocks) <= 61 * 48_000
    assert sum(len(b.mono) for b in blocks if not b.is_gap) <= 2.2 * 48_000


def test_more_frames_than_any_camera_makes_are_not_read(tmp_path: Path) -> None:
    """Timestamps that stand still must not let a long film through a short limit."""
    frames = [plain((32, 32), i % 200) for i in range(400)]
    film = Film(frames, codec="mpeg4", pts_ms=list(range(400)))
    path = film.write(tmp_path / "still.mkv")
    assert len(times_of(path, MediaLimits(max_duration_s=1.0))) == 240


def test_times_that_fall_back_a_little_rise(tmp_path: Path) -> None:
    """A part shorter than a restart is known by: times go on at half a step until it is over."""
    one = Film(noisy(8), codec="libvpx").write(tmp_path / "a.webm")
    path = tmp_path / "joined.webm"
    path.write_bytes(one.read_bytes() * 2)
    times_s = times_of(path)
    assert len(times_s) == 16
    assert rises(times_s)


def test_zeroed_media_is_told(mp4: Path, tmp_path: Path) -> None:
    path = with_zeroed_media(mp4, tmp_path / "zeroed.mp4")
    tally, timing = VideoTally(), measure_timing(path)
    frames = list(decode_video(path, timing=timing, tally=tally))
    missing = tally.missing(timing.video)
    assert missing is not None
    assert missing[0] >= 50 - len(frames) > 5
    assert missing[1] == pytest.approx(0.04 * missing[0], abs=0.1)


def test_whole_files_miss_nothing(mp4: Path, webm: Path) -> None:
    for path in (mp4, webm):
        pictures, sound, timing = VideoTally(), AudioTally(), measure_timing(path)
        assert len(list(decode_video(path, timing=timing, tally=pictures))) == 50
        list(decode_audio(path, timing=timing, tally=sound))
        assert pictures.missing(timing.video) == (0, 0.0)
        assert sound.missing_s(timing.audio) == 0.0


def test_what_was_not_read_to_its_end_is_not_called_missing(mp4: Path) -> None:
    tally, timing = VideoTally(), measure_timing(mp4)
    assert len(list(decode_video(mp4, max_frames=3, timing=timing, tally=tally))) == 3
    assert tally.missing(timing.video) is None


def test_a_screen_recording_misses_nothing_while_nothing_changes(tmp_path: Path) -> None:
    pts_ms = [0, 40, 900, 940, 3000, 3040, 3080, 9000]
    path = Film(noisy(8), codec="mpeg4", pts_ms=pts_ms).write(tmp_path / "screen.mkv")
    tally, timing = VideoTally(), measure_timing(path)
    list(decode_video(path, timing=timing, tally=tally))
    assert tally.missing(timing.video) == (0, 0.0)


def test_a_transport_stream_whose_clock_jumps_is_joined_and_not_cut_off(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    film = Film(noisy(50), codec="libx264", sound=Sound(vowel(2.0), codec="aac"))
    one = film.write(tmp_path / "a.ts")
    later = remuxed(one, tmp_path / "b.ts", lambda p, _s: moved(p, 100.0))
    path = tmp_path / "joined.ts"
    path.write_bytes(one.read_bytes() + later.read_bytes())
    report = analyzer.analyze(path, AnalysisOptions(frame_skip=25, voice=False))
    codes = [warning.code for warning in report.warnings]
    assert "recordings_joined" in codes
    assert "video_cut_off" not in codes
    assert report.media.duration_s == pytest.approx(4.0, abs=0.2)
