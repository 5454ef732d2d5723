"""Clips of the voice pack: their labels, speakers and folds, and their samples in one array."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from evolvisense.types.scores import EMOTIONS
from training.voice.folders import cache_dir, data_dir

RATE_HZ = 16_000
PACKS = ("speech_train", "more_speech")
CORPORA = ("ravdess", "nemo", "ased", "casia", "emovo", "savee", "turev")
FOLDS = 3
LABELS = {
    "angry": "angry",
    "disgust": "disgust",
    "fearful": "fear",
    "happy": "happy",
    "sad": "sad",
    "surprised": "surprise",
    "neutral": "neutral",
    # Listeners hardly tell RAVDESS's calm from neutral, and we have no eighth emotion.
    "calm": "neutral",
}
AROUSED = {"angry": 1, "fearful": 1, "happy": 1, "surprised": 1, "neutral": 0, "calm": 0, "sad": 0}
"""Half of the circumplex each emotion lies in (Russell 1980); disgust lies across and is no
target."""
PLEASANT = {"happy": 1, "angry": 0, "fearful": 0, "sad": 0, "disgust": 0}
"""The other half; surprise is either, and of neutral a voice that is neither says nothing."""
NO_TARGET = -1


@dataclass(frozen=True)
class Clips:
    """N clips; rows of all arrays belong together."""

    corpus: NDArray[np.str_]
    speaker: NDArray[np.str_]
    sex: NDArray[np.str_]
    source_label: NDArray[np.str_]
    """As the corpus says it, with `calm`."""
    emotion: NDArray[np.intp]
    """Index in EMOTIONS."""
    aroused: NDArray[np.intp]
    """1, 0 or NO_TARGET."""
    pleasant: NDArray[np.intp]
    """1, 0 or NO_TARGET."""
    fold: NDArray[np.intp]
    """0-2; a speaker is in one fold."""
    start: NDArray[np.intp]
    """First sample in `samples`."""
    count: NDArray[np.intp]
    """Samples."""
    samples: NDArray[np.int16]
    """All clips one after another, 16 kHz, full scale 32768."""

    def __len__(self) -> int:
        return len(self.emotion)

    def mono(self, row: int) -> NDArray[np.float32]:
        """One clip, float32 (count,), full scale 1."""
        begin = self.start[row]
        return self.samples[begin : begin + self.count[row]].astype(np.float32) / 32768


def load_clips(packs: Collection[str] = PACKS) -> Clips:
    """All clips of some packs; all are decoded once, then read from the cache.

    Args:
        packs: `speech_train` alone is what version 1.1 of the network and the reference set of
            the indicators are made with.

    Returns:
        The clips, the packs in the order of PACKS.
    """
    rows = _rows()
    path = cache_dir() / "samples.npz"
    if not path.is_file():
        _decode(rows, path)
    with np.load(path) as stored:
        samples, count = stored["samples"], stored["count"]
    if len(count) != len(rows):
        raise SystemExit(f"{path} holds {len(count)} clips, expected {len(rows)}: delete it")
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    chosen = np.array([row["pack"] in packs for row in rows])
    start, count = start[chosen], count[chosen]
    rows = [row for row in rows if row["pack"] in packs]
    source = np.array([row["emotion"] for row in rows])
    speaker = np.array([row["speaker"] for row in rows])
    folds = speaker_folds(rows)
    return Clips(
        corpus=np.array([row["corpus"] for row in rows]),
        speaker=speaker,
        sex=np.array([row["sex"] for row in rows]),
        source_label=source,
        emotion=np.array([EMOTIONS.index(LABELS[name]) for name in source]),
        aroused=np.array([AROUSED.get(name, NO_TARGET) for name in source]),
        pleasant=np.array([PLEASANT.get(name, NO_TARGET) for name in source]),
        fold=np.array([folds[name] for name in speaker]),
        start=start,
        count=count,
        samples=samples,
    )


def _rows() -> list[dict[str, str]]:
    """Rows of both packs, each with the name of its pack."""
    found: list[dict[str, str]] = []
    for pack in PACKS:
        with (data_dir() / "voice" / f"{pack}.csv").open(encoding="utf-8") as file:
            found += [row | {"pack": pack} for row in csv.DictReader(file)]
    return found


def speaker_folds(rows: list[dict[str, str]]) -> dict[str, int]:
    """Fold of each speaker, dealt out in turn within corpus and sex, most clips first."""
    clips: dict[str, list[str]] = {}
    for row in rows:
        clips.setdefault(row["speaker"], []).append(row["sex"])
    corpus_of = {row["speaker"]: row["corpus"] for row in rows}
    # ASED names a few single clips of a speaker with the other sex: the usual one counts.
    groups: dict[tuple[str, str], list[str]] = {}
    for speaker, sexes in clips.items():
        usual = max(sorted(set(sexes)), key=sexes.count)
        groups.setdefault((corpus_of[speaker], usual), []).append(speaker)
    folds: dict[str, int] = {}
    for (_, sex), speakers in sorted(groups.items()):
        by_size = sorted(speakers, key=lambda name: (-len(clips[name]), name))
        for place, speaker in enumerate(by_size):
            # The women begin at the other end, so that nEMO's four and five give three a fold.
            folds[speaker] = (place if sex == "female" else FOLDS - 1 - place % FOLDS) % FOLDS
    return folds


def _decode(rows: list[dict[str, str]], path: Path) -> None:
    parts: list[NDArray[np.int16]] = []
    for pack_name in PACKS:
        with zipfile.ZipFile(data_dir() / "voice" / f"{pack_name}.zip") as pack:
            mine = [row["path"] for row in rows if row["pack"] == pack_name]
            parts += [_decoded(name, pack.read(name)) for name in mine]
    np.savez(path, samples=np.concatenate(parts), count=[len(part) for part in parts])


def _decoded(name: str, content: bytes) -> NDArray[np.int16]:
    try:
        mono, rate_hz = soundfile.read(io.BytesIO(content), dtype="int16")
    except soundfile.LibsndfileError:
        # Four files under a second are malformed to libsndfile and sound to FFmpeg.
        mono, rate_hz = _decoded_by_ffmpeg(content), RATE_HZ
    if rate_hz != RATE_HZ or mono.ndim != 1:
        raise SystemExit(f"{name}: {rate_hz} Hz {mono.shape}, expected mono {RATE_HZ} Hz")
    return mono


def _decoded_by_ffmpeg(content: bytes) -> NDArray[np.int16]:
    with av.open(io.BytesIO(content)) as container:
        (stream,) = container.streams.audio
        resampler = av.AudioResampler("s16", "mono", RATE_HZ)
        frames = [
            part.to_ndarray()[0]
            for frame in [*container.decode(stream), None]
            for part in resampler.resample(frame)
        ]
    return np.concatenate(frames)
