from __future__ import annotations

import pytest

from trials.clips import small_clip
from trials.fuzz import fuzz
from trials.mutations import MUTATIONS, damaged
from trials.process import Server

FILES = 150
SOURCES = (
    "vp8_opus.webm",
    "h264_aac.mp4",
    "mpeg4_mp3.avi",
    "flv1_mp3.flv",
    "mpeg2_mp3.ts",
    "mjpeg_pcm.mov",
)


def test_the_same_number_makes_the_same_damage():
    sources = [small_clip(name) for name in SOURCES[:2]]
    numbers = range(2 * len(MUTATIONS))
    files = [damaged(number, sources) for number in numbers]
    assert files == [damaged(number, sources) for number in numbers]
    assert {file.mutation.partition("+")[0] for file in files} == {m.__name__ for m in MUTATIONS}
    assert all(file.data != sources[file.number % 2].read_bytes() for file in files)


@pytest.mark.trials
def test_damaged_files_get_answers_and_crash_nothing(server: Server):
    found = fuzz(server, [small_clip(name) for name in SOURCES], FILES)
    assert found.codes.total() == FILES
    assert found.crashes == 0
    assert found.faulty == ()
    assert found.tracebacks == 0
    assert found.left == ()
    assert found.codes["200"] > 0
    assert found.codes["400 not_a_video"] > 0
