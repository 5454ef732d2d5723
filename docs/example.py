"""The worked example of docs/indicators.md: one actor's angry sentences, joined to one recording.

Acted, and of a speaker whom the voice-emotion network has heard: an example of the arithmetic, not
of accuracy.
"""

from __future__ import annotations

import csv
import math
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from evolvisense.indicators import load_reference, score_v2
from evolvisense.indicators.features import sound_evidence
from evolvisense.indicators.score import SHRINKAGE
from evolvisense.media import MediaLimits, decode_audio
from evolvisense.types.indicators import Contribution, Indicators
from evolvisense.types.media import AudioBlock
from evolvisense.voice import VoiceReader
from evolvisense.voice.emotion import VoiceEmotionReader
from evolvisense.voice.pitch import SwiftF0Pitch
from evolvisense.voice.vad import SileroActivity

DATA = Path(
    os.environ.get("EVOLVISENSE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
PACK = DATA / "voice" / "speech_train.zip"
TABLE = DATA / "voice" / "speech_train.csv"
CORPUS, EMOTION, CLIPS = "nemo", "angry", 20
GAP_S = 0.4


def is_possible() -> bool:
    """Whether the speech pack is there."""
    return PACK.is_file() and TABLE.is_file()


def indicators() -> Indicators:
    """Of the joined sentences, against the reference set of all languages."""
    joined = list(_joined(_sentences()))
    reader = VoiceReader(SileroActivity(), SwiftF0Pitch(), VoiceEmotionReader())
    reading = reader.read(joined)
    assert reading is not None
    return score_v2(sound_evidence(reading), load_reference())


def text() -> str:
    """The example as a part of the page."""
    found = indicators()
    activation = next(i for i in found.indicators if i.name == "activation")
    counting = [c for c in activation.contributions if c.contribution is not None]
    assert activation.score is not None
    assert activation.interval is not None
    s = math.fsum(c.contribution or 0.0 for c in counting)
    low, high = activation.interval
    rows = [
        "| feature | x | mu | sigma | sigma_measure | z | w | r | part of S |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(c) for c in counting),
    ]
    missing = sorted({c.missing_reason for c in activation.contributions if c.missing_reason})
    others = ", ".join(
        f"`{i.name}` " + ("null" if i.score is None else f"{i.score:.0f}")
        for i in found.indicators
        if i is not activation
    )
    return "\n".join(
        [
            f"{CLIPS} angry sentences of one actor of nEMO, joined with {GAP_S} s between them, "
            f"{found.blocks} blocks of 5 s, without a picture; `activation` against the reference "
            "set of all languages. The network has heard this actor in training: an example of the "
            "arithmetic, not of accuracy. Written by `python -m docs.indicators`.",
            "",
            *rows,
            "",
            f"The parts add up to S = {s:.2f}. score = 100 Phi({SHRINKAGE} x {s:.2f}) = "
            f"{activation.score:.1f}, 90 % interval {low:.1f} to {high:.1f}. Coverage "
            f"{activation.coverage:.2f}: the features of the face are missing "
            f"({', '.join(f'`{m}`' for m in missing)}). The other indicators: {others}.",
        ]
    )


def _row(part: Contribution) -> str:
    numbers = (
        part.value,
        part.reference_mean,
        part.reference_sd,
        part.measurement_sd,
        part.z,
        part.weight,
        part.reliability,
        part.contribution,
    )
    cells = " | ".join("-" if n is None else f"{n:.2f}" for n in numbers)
    return f"| `{part.feature}` | {cells} |"


def _sentences() -> Iterator[list[AudioBlock]]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if (r["corpus"], r["emotion"]) == (CORPUS, EMOTION)]
    first = [r for r in rows if r["speaker"] == min(r["speaker"] for r in rows)][:CLIPS]
    with zipfile.ZipFile(PACK) as pack, tempfile.TemporaryDirectory() as folder:
        for row in first:
            path = Path(folder) / Path(row["path"]).name
            path.write_bytes(pack.read(row["path"]))
            yield list(decode_audio(path, MediaLimits()))


def _joined(sentences: Iterator[list[AudioBlock]]) -> Iterator[AudioBlock]:
    """One after the other on one clock, with silence behind each."""
    samples = 0
    for blocks in sentences:
        rate_hz = blocks[0].rate_hz
        silence = np.zeros(int(GAP_S * rate_hz), np.float32)
        for mono in [*(block.mono for block in blocks), silence]:
            yield AudioBlock(samples / rate_hz, rate_hz, mono)
            samples += len(mono)
