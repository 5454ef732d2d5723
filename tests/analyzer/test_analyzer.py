"""The whole flow on generated videos."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evolvisense
from evolvisense import AnalysisOptions, Analyzer, MediaLimits
from evolvisense.errors import CancelledError, EngineError, InvalidOptionError, UnknownEngineError
from evolvisense.face.redetection import REDETECT_S
from evolvisense.report import Report, to_json
from evolvisense.types.progress import Progress
from tests.factory.media import Film, Sound, astronaut, plain, vowel


def without_timings(report: Report) -> str:
    return to_json(report.model_copy(update={"timings_s": {}}))


def test_a_face_is_read_in_every_frame(analyzer: Analyzer, face_video: Path) -> None:
    report = analyzer.analyze(face_video)
    assert len(report.frames.number) == 75
    assert (report.frames.faces == 1).all()
    (person,) = report.people
    assert person.is_main
    assert person.share_of_frames == 1
    assert [t.frames for t in person.tracks] == [75]
    probs = np.stack(list(person.timeline.probabilities.values()))
    assert np.allclose(probs.sum(axis=0), 1, atol=1e-5)
    assert max(person.mean_probabilities, key=person.mean_probabilities.__getitem__) == "happy"
    assert person.measures.certain_share == 1
    assert person.timeline.smile is not None
    assert person.timeline.smile.mean() > 0.6
    # It is a photograph: nothing that needs time can be seen.
    assert (person.measures.smile_mean, person.blinks) == (None, None)
    assert person.blinks_absent_reason == "still_image"
    assert person.timeline.detected.tolist() == [i % 25 == 0 for i in range(75)]
    assert report.voice is not None
    assert report.voice_absent_reason is None
    assert report.media.duration_s == pytest.approx(3.0, abs=0.05)


def test_a_still_face_is_read_the_same_in_every_frame(analyzer: Analyzer, generated: Path) -> None:
    # PNG keeps every pixel: what differs between frames is not in the picture.
    film = Film([astronaut()] * 60, codec="png", format="mov", pixels="rgb24")
    options = AnalysisOptions(smoothing="off")
    (person,) = analyzer.analyze(film.write(generated / "still.mov"), options).people
    assert (person.measures.head_speed_deg_s, person.blinks) == (None, None)
    assert person.head_absent_reason == "still_image"
    for column in (person.timeline.yaw_deg, person.timeline.smile, person.timeline.left_px):
        assert column is not None
        assert np.ptp(column) < 1e-3


def test_a_person_who_joins_is_found_and_one_who_leaves_is_gone(
    analyzer: Analyzer, generated: Path
) -> None:
    one, empty = astronaut((320, 320)), plain((320, 320))
    alone, both = np.hstack([one, empty]), np.hstack([one, one[:, ::-1]])
    film = Film([alone] * 10 + [both] * 40 + [alone] * 10)
    report = analyzer.analyze(film.write(generated / "joins.webm"))
    first, second = report.people
    assert first.frames == 60
    assert 40 - REDETECT_S * 25 <= second.frames <= 40
    assert second.timeline.frame_number[-1] == 50


def test_times_are_those_of_the_file(analyzer: Analyzer, tmp_path: Path) -> None:
    pts_ms = [0, 40, 200, 230, 700, 750, 1500]
    path = Film([astronaut()] * 7, pts_ms=pts_ms).write(tmp_path / "vfr.webm")
    report = analyzer.analyze(path)
    expected = [ms / 1000 for ms in pts_ms]
    assert report.frames.time_s.tolist() == pytest.approx(expected)
    assert report.people[0].timeline.time_s.tolist() == pytest.approx(expected)
    assert [frame.time for frame in report.v1.frame_data] == pytest.approx(expected)


def test_shifting_timestamps_shifts_the_report(analyzer: Analyzer, tmp_path: Path) -> None:
    reports = []
    for shift_ms in (0, 5000):
        pts_ms = [shift_ms + 40 * i for i in range(10)]
        film = Film([astronaut()] * 10, codec="libx264", pts_ms=pts_ms, format="matroska")
        reports.append(analyzer.analyze(film.write(tmp_path / f"{shift_ms}.mkv")))
    still, moved = reports
    assert np.allclose(moved.frames.time_s, still.frames.time_s + 5.0)
    assert moved.media.start_s == pytest.approx(still.media.start_s + 5.0)
    assert moved.media.duration_s == pytest.approx(still.media.duration_s)
    assert moved.people[0].mean_probabilities == still.people[0].mean_probabilities
    assert moved.v1.mental_health == still.v1.mental_health


def test_a_frame_where_nobody_is_found_says_so(analyzer: Analyzer, tmp_path: Path) -> None:
    frames = [astronaut()] * 10 + [plain((640, 360))] * 10 + [astronaut()] * 10
    report = analyzer.analyze(Film(frames).write(tmp_path / "leaves.webm"))
    assert report.frames.faces.tolist() == [1] * 10 + [0] * 10 + [1] * 10
    (person,) = report.people
    assert person.frames == 20
    assert report.v1.emotions["neutral"].count(0.0) == 10
    assert len(report.v1.frame_data) == 30


def test_nobody_at_all(analyzer: Analyzer, nobody_video: Path) -> None:
    report = analyzer.analyze(nobody_video, AnalysisOptions(frame_skip=10))
    assert report.people == []
    assert report.v1.emotions == {"neutral": [0.0] * 5}
    assert report.v1.mental_health.confidence == 0.0
    assert "no_face" in [w.code for w in report.warnings]


def test_ten_faces(analyzer: Analyzer, tmp_path: Path) -> None:
    tile = astronaut((256, 256))
    crowd = np.vstack([np.hstack([tile] * 5)] * 2)
    report = analyzer.analyze(Film([crowd] * 5).write(tmp_path / "crowd.webm"))
    assert report.frames.faces.tolist() == [10] * 5
    assert len(report.people) == 10
    assert sum(person.is_main for person in report.people) == 1
    assert {person.frames for person in report.people} == {5}
    assert "several_people" in [w.code for w in report.warnings]
    assert sum(len(v) for v in report.v1.emotions.values()) == 5


def test_no_audio(analyzer: Analyzer, silent_video: Path) -> None:
    report = analyzer.analyze(silent_video)
    assert report.voice is None
    assert report.voice_absent_reason == "no_audio_stream"
    assert report.v1.voice_analysis is None


def test_voice_not_wanted(analyzer: Analyzer, face_video: Path) -> None:
    report = analyzer.analyze(face_video, AnalysisOptions(frame_skip=25, voice=False))
    assert report.voice is None
    assert report.voice_absent_reason == "not_wanted"
    assert "no_voice" not in [w.code for w in report.warnings]


def test_options_are_echoed_and_obeyed(analyzer: Analyzer, face_video: Path) -> None:
    report = analyzer.analyze(face_video, AnalysisOptions(frame_skip=7, max_frames=3))
    assert report.frames.number.tolist() == [7, 14, 21]
    assert report.options.model_dump(exclude={"thresholds"}) == {
        "frame_skip": 7,
        "max_frames": 3,
        "voice": True,
        "smoothing": "one-euro",
        "language": "any",
        "landmarks": False,
        "video_stream": None,
    }
    assert "stopped_at_max_frames" in [w.code for w in report.warnings]


def test_a_path_a_string_and_a_file_object_give_the_same(
    analyzer: Analyzer, face_video: Path
) -> None:
    options = AnalysisOptions(frame_skip=10)
    by_path = analyzer.analyze(face_video, options)
    by_string = analyzer.analyze(str(face_video), options)
    with face_video.open("rb") as file:
        by_file = analyzer.analyze(file, options)
    assert without_timings(by_path) == without_timings(by_string) == without_timings(by_file)


def test_analyze_is_the_short_form(analyzer: Analyzer, face_video: Path) -> None:
    chosen: dict[str, Any] = {
        "frame_skip": 25,
        "max_frames": 2,
        "voice": False,
        "smoothing": "off",
        "language": "pl",
        "landmarks": True,
        "video_stream": 0,
    }
    assert set(chosen) == {option.name for option in fields(AnalysisOptions)}
    short = evolvisense.analyze(face_video, **chosen)
    long = analyzer.analyze(face_video, AnalysisOptions(**chosen))
    assert without_timings(short) == without_timings(long)


def test_threads_get_the_same_answers(
    analyzer: Analyzer, face_video: Path, nobody_video: Path
) -> None:
    options = AnalysisOptions(frame_skip=5)
    paths = [face_video, nobody_video] * 3
    expected = [without_timings(analyzer.analyze(p, options)) for p in paths[:2]]
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda p: analyzer.analyze(p, options), paths))
    assert [without_timings(r) for r in reports] == expected * 3


def test_progress_moves_to_the_end(analyzer: Analyzer, face_video: Path) -> None:
    seen: list[Progress] = []
    analyzer.analyze(face_video, AnalysisOptions(frame_skip=5), on_progress=seen.append)
    assert [p.stage for p in seen[:1]] == ["opening"]
    assert [p.stage for p in seen[-2:]] == ["scoring", "done"]
    done = [p.done_s for p in seen]
    assert done == sorted(done)
    assert seen[-1].done_s == seen[-1].total_s
    assert seen[-1].faces == 15


def test_cancelling_stops_the_work_and_its_threads(analyzer: Analyzer, face_video: Path) -> None:
    before = threading.active_count()
    asked = 0

    def is_cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(CancelledError):
        analyzer.analyze(face_video, is_cancelled=is_cancelled)
    assert threading.active_count() == before


@pytest.mark.parametrize("bad", [{"frame_skip": 0}, {"frame_skip": -3}, {"max_frames": 0}])
def test_options_outside_their_range(bad: dict[str, int]) -> None:
    with pytest.raises(InvalidOptionError, match="1 or more"):
        AnalysisOptions(**bad)


def test_an_unknown_smoothing_names_the_known_ones() -> None:
    with pytest.raises(InvalidOptionError, match="one-euro, off, got strong"):
        AnalysisOptions(smoothing="strong")  # type: ignore[arg-type]


def test_unknown_engine() -> None:
    with pytest.raises(UnknownEngineError, match="libfacedetection"):
        Analyzer(detector="nothing")


def test_a_file_that_goes_on_beyond_the_limit_says_so(tmp_path: Path) -> None:
    film = Film([astronaut()] * 50, sound=Sound(vowel(2.0)), muxer={"live": "1"})
    short = Analyzer(limits=MediaLimits(max_duration_s=1.0))
    report = short.analyze(film.write(tmp_path / "live.webm"))
    assert "stopped_at_duration_limit" in [w.code for w in report.warnings]
    assert report.frames.time_s[-1] <= 1.0
    # What was read, as the rest of the file is not believed either.
    assert report.media.duration_s == pytest.approx(1.0, abs=0.05)


def test_models_are_named_in_the_report(analyzer: Analyzer, silent_video: Path) -> None:
    report = analyzer.analyze(silent_video, AnalysisOptions(frame_skip=25))
    named = {model.id for model in report.models}
    assert named == {"detector", "nearest", "face", "silero-vad", "swift-f0", "voice"}
    assert all(model.version and model.licence for model in report.models)


def test_sound_in_stereo_at_8_khz(analyzer: Analyzer, tmp_path: Path) -> None:
    one = vowel(2.0, rate_hz=8_000)
    sound = Sound(np.stack([one, one]), rate_hz=8_000, codec="pcm_s16le", layout="stereo")
    film = Film([astronaut()] * 10, codec="mpeg4", sound=sound)
    report = analyzer.analyze(film.write(tmp_path / "phone.mkv"))
    assert report.voice is not None
    assert report.v1.voice_analysis is not None
    assert report.voice.measures.duration_s == pytest.approx(2.0, abs=0.01)


def test_what_goes_wrong_with_the_voice_is_not_kept_for_the_end(
    analyzer: Analyzer, face_video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise EngineError("the voice cannot be read")

    monkeypatch.setattr(Analyzer, "_read_voice", broken)
    seen: list[Progress] = []
    with pytest.raises(EngineError, match="the voice cannot be read"):
        analyzer.analyze(face_video, on_progress=seen.append)
    assert sum(now.stage == "analysing" for now in seen) < 75
