"""What is done to recordings to see how far features stray."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import VoiceReading
from tests.factory.readings import voice_reading

# Part of the training environment: the one decodes the pack, the other makes rooms.
pytest.importorskip("soundfile")
pytest.importorskip("scipy")

from training.reference import conditions
from training.voice.dataset import RATE_HZ

TONE = (0.1 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)
CELLS = list(product(*(range(len(levels)) for levels in conditions.LEVELS.values())))


class Cutter:
    """Hears speech from .5 to 1.5 s of every clip."""

    def read(self, blocks: list[AudioBlock]) -> VoiceReading:
        reading = voice_reading(0.0, 2.0, [(0.5, 1.5)])
        return replace(reading, features=replace(reading.features, speech_s=1.0))


@pytest.mark.parametrize("cell", CELLS[:: len(CELLS) // 8])
def test_a_condition_keeps_length_and_place(cell: tuple[int, ...]) -> None:
    clicks = np.zeros(2 * RATE_HZ, np.float32)
    clicks[RATE_HZ : RATE_HZ + 400] = TONE[:400]
    found = conditions.under(clicks, np.array(cell), np.random.default_rng(0))
    assert (found.dtype, len(found)) == (np.float32, len(clicks))
    loudest = int(np.abs(found).argmax())
    assert RATE_HZ - 100 < loudest < RATE_HZ + 600


def test_the_first_of_all_levels_is_the_recording_itself() -> None:
    rng = np.random.default_rng(0)
    assert conditions.under(TONE, np.array(CELLS[0]), rng) is TONE


def test_a_recording_is_the_spoken_parts_equally_loud_with_pauses_between() -> None:
    found = conditions.recording([TONE, 10 * TONE], Cutter())  # type: ignore[arg-type]
    part, pause = round(1.2 * RATE_HZ), round(conditions.PAUSE_S * RATE_HZ)
    assert len(found) == pytest.approx(2 * part + pause, abs=3)
    first, second = found[:part], found[-part:]
    assert np.sqrt(np.mean(first**2)) == pytest.approx(conditions.LEVEL, rel=0.01)
    assert np.sqrt(np.mean(second**2)) == pytest.approx(conditions.LEVEL, rel=0.01)
    assert not found[part + 5 : part + pause - 5].any()


def test_a_recording_is_no_longer_than_it_need_be() -> None:
    found = conditions.recording([TONE] * 60, Cutter())  # type: ignore[arg-type]
    spoken = np.count_nonzero(found) / RATE_HZ
    assert spoken == pytest.approx(conditions.SPEECH_S * 1.2, rel=0.1)


def test_as_many_women_as_men_where_there_are_as_many() -> None:
    names = [f"{corpus}_{i:02d}" for corpus in ("ravdess", "nemo", "ased") for i in range(14)]
    clips: Any = SimpleNamespace(
        speaker=np.repeat(names, 2),
        corpus=np.array([name.split("_")[0] for name in np.repeat(names, 2)]),
        sex=np.repeat([("female", "male")[i % 2] for i in range(len(names))], 2),
        source_label=np.tile(["neutral", "angry"], len(names)),
    )
    found = conditions.chosen(clips)
    assert len(found) == 3 * sum(conditions.SPEAKERS.values())
    assert all(len(rows) == 1 for _, rows in found), "calm clips alone"
    assert len({name for name, _ in found}) == len(found)
