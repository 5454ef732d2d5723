"""A person's part of the report, from described behaviour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evolvisense.face.behaviour import describe_people
from evolvisense.report import parts
from evolvisense.report.people import person_part
from evolvisense.report.tables import face_table
from evolvisense.types.face import FaceObservations, FrameLog, Person
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import SpeechSegment
from tests.factory.findings import LAYOUT, MAIN, frame_log, geometry, observations, quality

COUNT = 120


class _Seen:
    """What a table is made from."""

    def __init__(self, log: FrameLog, person: parts.Person) -> None:
        self.frames = parts.Frames(number=log.number, time_s=log.pts_s, faces=log.face_count)
        self.people = [person]


TIMES = np.arange(COUNT) / 30
CLOSURE = sum(np.exp(-0.5 * ((TIMES - middle) / 0.06) ** 2) for middle in (1.0, 2.0, 3.0))


def part(
    faces: FaceObservations,
    person: Person = MAIN,
    *,
    times: np.ndarray = TIMES,
    smooth: bool = True,
    voice: bool = True,
) -> parts.Person:
    """The part of the only person, with a voice from 1 s to 2 s."""
    frames, segments = frame_log(times), [SpeechSegment(1.0, 2.0)] if voice else None
    layout = None if faces.geometry is None else LAYOUT
    (behaviour,) = describe_people([person], frames, faces, layout, segments, smooth=smooth)
    return person_part(person, behaviour, frames, faces, layout)


def moving_face(count: int = COUNT) -> FaceObservations:
    """A face that smiles a little, blinks three times, talks and turns its head."""
    times = TIMES[:count]
    return observations(
        range(count),
        face_geometry=geometry(
            count,
            closure=0.1 + 0.7 * CLOSURE[:count],
            smile=0.25,
            pose_deg=np.stack([0 * times, 12 * times, 0 * times], axis=1),
            mouth_gap=0.2 + 0.1 * np.sin(2 * np.pi * 5 * times),
        ),
    )


def test_every_column_has_one_value_for_each_frame_of_the_person() -> None:
    timeline = part(moving_face()).timeline
    columns = dict(timeline)
    columns |= {f"p {name}": column for name, column in columns.pop("probabilities").items()}
    columns |= {f"a {name}": column for name, column in columns.pop("actions").items()}
    columns |= {f"u {name}": c for name, c in (columns.pop("action_units") or {}).items()}
    assert columns.pop("landmarks") is None, "they were not asked for"
    assert {len(column) for column in columns.values()} == {COUNT}
    assert len(columns) > 52 + len(EMOTIONS) + 15


def test_action_units_are_smoothed_columns_under_their_facs_names() -> None:
    layout = replace(LAYOUT, action_units=("AU01", "AU12"))
    intensity = np.tile([1.0, 4.0], (COUNT, 1)).astype(np.float16)
    intensity[::2, 1] = 2.0
    geometry_with_units = replace(geometry(COUNT), au=intensity)
    faces = observations(range(COUNT), face_geometry=geometry_with_units)
    frames = frame_log(TIMES)
    (behaviour,) = describe_people([MAIN], frames, faces, layout, None, smooth=True)
    units = person_part(MAIN, behaviour, frames, faces, layout).timeline.action_units
    assert units is not None
    assert list(units) == ["AU01", "AU12"]
    assert units["AU01"] == pytest.approx(np.ones(COUNT), abs=1e-6)
    assert 2.0 <= units["AU12"][10:].min() <= units["AU12"][10:].max() < 4.0, "calmer than it was"
    table = dict(face_table(_Seen(frames, person_part(MAIN, behaviour, frames, faces, layout))))
    assert [round(v, 2) for v in table["AU01"]] == [1.0] * COUNT


def test_an_engine_without_action_units_has_no_column_for_them() -> None:
    layout = replace(LAYOUT, action_units=())
    faces = observations(range(COUNT), face_geometry=replace(geometry(COUNT), au=None))
    (behaviour,) = describe_people([MAIN], frame_log(TIMES), faces, layout, None, smooth=True)
    timeline = person_part(MAIN, behaviour, frame_log(TIMES), faces, layout).timeline
    assert timeline.action_units is None


def test_measures_say_what_was_seen() -> None:
    measures = part(moving_face()).measures
    assert measures.smile_mean == pytest.approx(0.25, abs=1e-3)
    assert measures.blinks_per_min is None
    assert measures.head_speed_deg_s == pytest.approx(12, rel=0.05)
    assert measures.speaking_share == pytest.approx(30 / COUNT)


def test_half_a_minute_has_a_rate_of_blinks() -> None:
    times = np.arange(31 * 30) / 30
    closure = sum(np.exp(-0.5 * ((times - middle) / 0.06) ** 2) for middle in range(3, 30, 3))
    nodding = np.repeat(10 * np.sin(times)[:, None], 3, axis=1)
    face = geometry(len(times), closure=closure, pose_deg=nodding)
    measures = part(observations(range(len(times)), face_geometry=face), times=times).measures
    assert measures.blinks_per_min == pytest.approx(60 * 9 / times[-1], abs=0.01)


def test_blinks_have_their_times_and_depth() -> None:
    person = part(moving_face())
    assert person.blinks is not None
    assert person.blinks_absent_reason is None
    assert [(b.start_s + b.end_s) / 2 for b in person.blinks] == pytest.approx([1, 2, 3], abs=0.04)
    assert all(0.7 < blink.depth <= 0.85 for blink in person.blinks)


def test_an_engine_that_reads_expressions_only_leaves_the_rest_empty() -> None:
    person = part(observations(range(COUNT)))
    assert person.blinks is None
    assert person.blinks_absent_reason == "engine_reads_no_actions"
    assert person.speaking_unknown_reason == "engine_reads_no_actions"
    measures = person.measures
    assert measures.smile_mean is None
    assert measures.blinks_per_min is None
    assert measures.head_speed_deg_s is None
    assert measures.speaking_share is None
    timeline = dict(person.timeline)
    for name in ("eye_openness", "smile", "mouth_opening", "pitch_deg", "yaw_deg", "roll_deg"):
        assert timeline[name] is None
    assert timeline["eye_distance_px"] is None
    assert timeline["actions"] is None
    assert len(person.timeline.probabilities["happy"]) == COUNT


def test_frames_too_far_apart_show_no_blink() -> None:
    times = np.arange(20) / 5
    nodding = np.repeat(10 * np.sin(times)[:, None], 3, axis=1)
    faces = observations(range(20), face_geometry=geometry(20, pose_deg=nodding))
    person = part(faces, times=times)
    assert person.blinks is None
    assert person.blinks_absent_reason == "sampled_too_slowly"
    assert person.measures.smile_mean == 0


def test_a_small_face_shows_no_blink() -> None:
    person = part(observations(range(COUNT), face_geometry=geometry(COUNT, eye_distance_px=10)))
    assert person.blinks is None
    assert person.blinks_absent_reason == "face_too_small"
    assert person.measures.blinks_per_min is None
    assert person.measures.head_speed_deg_s is None


def test_certain_share_counts_the_frames_that_may_be_read() -> None:
    sizes = np.where(np.arange(COUNT) < 30, 5, 100)
    certain = np.tile(np.array([0.02] * 6 + [0.88], np.float32), (COUNT, 1))
    faces = observations(range(COUNT), probs=certain, face_quality=quality(COUNT, size_px=sizes))
    person = part(faces)
    assert person.measures.certain_share == 0.75
    assert person.timeline.uncertain == ["small"] * 30 + [""] * 90


def test_mean_probabilities_are_of_the_raw_ones_and_the_timeline_is_smoothed() -> None:
    faces = moving_face()
    smooth, raw = part(faces), part(faces, smooth=False)
    for column, emotion in enumerate(EMOTIONS):
        mean = pytest.approx(float(faces.probs[:, column].mean()), abs=1e-4)
        assert smooth.mean_probabilities_all_frames[emotion] == mean
        assert raw.mean_probabilities_all_frames[emotion] == mean
        readable = np.array([reason == "" for reason in smooth.timeline.uncertain])
        of_readable = pytest.approx(float(faces.probs[readable, column].mean()), abs=1e-4)
        assert smooth.mean_probabilities[emotion] == of_readable
        np.testing.assert_array_equal(raw.timeline.probabilities[emotion], faces.probs[:, column])
    assert np.std(smooth.timeline.probabilities["sad"]) < np.std(faces.probs[:, 4])


def test_tracks_and_share_are_those_of_the_person() -> None:
    # Seen in frames 0-9 as track 1 and 20-29 as track 3; somebody else is track 2.
    rows = [*range(10), *range(20, 30), *range(5)]
    track_id = [1] * 10 + [3] * 10 + [2] * 5
    order = np.argsort(rows, kind="stable")
    faces = observations(np.array(rows)[order], np.array(track_id)[order])
    person = part(faces, Person(4, (1, 3), False), times=TIMES[:40])
    assert (person.id, person.is_main, person.frames) == (4, False, 20)
    assert person.share_of_frames == 0.5
    assert [(t.id, t.frames) for t in person.tracks] == [(1, 10), (3, 10)]
    assert [(t.start_s, t.end_s) for t in person.tracks] == [
        (pytest.approx(TIMES[a]), pytest.approx(TIMES[b])) for a, b in ((0, 9), (20, 29))
    ]
    assert person.timeline.frame_number.tolist() == [*range(1, 11), *range(21, 31)]


def test_frames_on_which_the_detector_looked_are_marked() -> None:
    timeline = part(moving_face()).timeline
    assert np.flatnonzero(timeline.detected).tolist() == list(range(0, COUNT, 25))


def test_a_person_seen_once_is_reported() -> None:
    person = part(observations([3], face_geometry=geometry(1)))
    assert person.frames == 1
    assert person.measures.blinks_per_min is None
    assert person.tracks[0].start_s == person.tracks[0].end_s == pytest.approx(TIMES[3])
