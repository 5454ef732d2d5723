"""Splits of the face packs: what training and validation are made of."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evolvisense.types.scores import EMOTIONS
from training.face import packs
from training.face.action_units import ACTION_UNITS, MAX_INTENSITY


@pytest.fixture(scope="module")
def cfee(data_file: Callable[[str], Path]) -> tuple[packs.Pack, packs.Pack]:
    data_file("faces/cfee_faces.zip")
    return packs.load_cfee()


def test_people_of_cfee_are_in_one_part_only(
    cfee: tuple[packs.Pack, packs.Pack], data_file: Callable[[str], Path]
) -> None:
    with data_file("faces/cfee_faces.csv").open(newline="") as file:
        identity = {row["path"]: row["identity"] for row in csv.DictReader(file)}
    train, aside = ({identity[str(name)] for name in pack.member} for pack in cfee)
    assert not train & aside
    assert len(train | aside) == 230
    assert len(aside) == 46


def test_cfee_has_mixtures_and_coded_intensities(cfee: tuple[packs.Pack, packs.Pack]) -> None:
    for pack in cfee:
        assert pack.target.shape == (len(pack), len(EMOTIONS))
        assert pack.target.sum(axis=1) == pytest.approx(np.ones(len(pack)), abs=1e-5)
        assert pack.au is not None
        assert pack.au.shape == (len(pack), len(ACTION_UNITS))
        assert pack.au.min() == 0
        assert pack.au.max() <= MAX_INTENSITY
        neutral = pack.target[:, EMOTIONS.index("neutral")] == 1
        assert neutral.any()
        assert not pack.au[neutral].any()


def test_a_part_keeps_the_codes_of_its_faces(cfee: tuple[packs.Pack, packs.Pack]) -> None:
    pack = cfee[1]
    part = pack.take(np.array([3, 1]))
    assert part.au is not None
    assert pack.au is not None
    np.testing.assert_array_equal(part.au, pack.au[[3, 1]])
    np.testing.assert_array_equal(part.rgb, pack.rgb[[3, 1]])
