"""How far the features of one and the same recording stray with how it was made.

A condition is a microphone in a room with some noise, and the way the sound took to the file. Each
recording is heard as it is and under DRAWS conditions, every combination being as likely; what the
gates refuse does not count, as it does not in a report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from evolvisense.indicators.features import sound_evidence
from evolvisense.indicators.gates import LIFTED, unusable
from evolvisense.media import decode_audio
from evolvisense.types.arrays import F64
from evolvisense.types.engines import VoiceEmotionClassifier
from evolvisense.types.media import AudioBlock
from evolvisense.voice import VoiceReader
from evolvisense.voice.pitch import SwiftF0Pitch
from evolvisense.voice.vad import SileroActivity
from training.reference.heads import CLIPS as TALKS
from training.reference.norms import Strays
from training.reference.speakers import CALM, FEATURES
from training.voice import augment
from training.voice.dataset import CORPORA, RATE_HZ, Clips

F32 = NDArray[np.float32]
Change = Callable[[F32, np.random.Generator], F32]

SPEAKERS = {"female": 5, "male": 5}
"""Of each corpus at most so many."""
DRAWS = 4
SPEECH_S = 20.0
"""A recording has clips of about this much speech, if its speaker has."""
MARGIN_S = 0.1
PAUSE_S = 0.45
"""Between two clips: the middle of the medium pauses (Campione & Veronis 2002)."""
LEVEL = 0.05
"""RMS of every clip."""
STRANGERS = (*(f"{name}.mp4" for name in TALKS), "crema_1001_dfa_neu.flv")
"""People whom no network of any fold has heard."""


def _as_it_is(mono: F32, rng: np.random.Generator) -> F32:
    return mono


def _thin(mono: F32, rng: np.random.Generator) -> F32:
    """A small microphone that hears little under 200 Hz."""
    band = butter(2, 200, "highpass", fs=RATE_HZ, output="sos")
    return sosfilt(band, mono).astype(np.float32)


def _dull(mono: F32, rng: np.random.Generator) -> F32:
    """A microphone off the axis of the mouth or under cloth: 6 dB an octave less over 2 kHz."""
    band = butter(1, 2000, "lowpass", fs=RATE_HZ, output="sos")
    return sosfilt(band, mono).astype(np.float32)


def _room(rt60_s: float) -> Change:
    return lambda mono, rng: augment.room(mono, rt60_s, 3, rng)


def _noise(snr_db: float) -> Change:
    return lambda mono, rng: augment.noisy(mono, snr_db, rng)


def _coded(codec: str, bit_rate: int) -> Change:
    return lambda mono, rng: augment.coded(mono, codec, bit_rate)


def _narrow(mono: F32, rng: np.random.Generator) -> F32:
    low = soxr.resample(mono, RATE_HZ, 8000)
    return augment.fitted(soxr.resample(low, 8000, RATE_HZ).astype(np.float32), len(mono))


LEVELS: Mapping[str, Mapping[str, Change]] = {
    "room": {"as it is": _as_it_is, "0.3 s": _room(0.3), "0.6 s": _room(0.6)},
    "noise": {"as it is": _as_it_is, "30 dB": _noise(30), "20 dB": _noise(20)},
    "microphone": {"as it is": _as_it_is, "thin": _thin, "dull": _dull},
    "way": {
        "as it is": _as_it_is,
        "AAC 64 kbit/s": _coded("aac", 64_000),
        "Opus 24 kbit/s": _coded("libopus", 24_000),
        "MP3 32 kbit/s": _coded("libmp3lame", 32_000),
        "4 kHz band": _narrow,
    },
}
"""What happens to the sound, in this order. The levels are those of the card of the voice network
(`training.voice.conditions`) that the gates let through; the microphones are ours."""


def read_strays(clips: Clips, networks: Sequence[VoiceEmotionClassifier] | None) -> Strays:
    """All recordings, with the network of the fold that has not heard the speaker."""
    activity, pitch = SileroActivity(), SwiftF0Pitch()
    readers = [VoiceReader(activity, pitch, network) for network in networks or [None]]
    cutter = VoiceReader(activity, pitch)
    cells = np.array(list(product(*(range(len(levels)) for levels in LEVELS.values()))))
    rng = np.random.default_rng(0)
    corpora: list[str] = []
    deviations: list[list[F64]] = []
    for name, rows in chosen(clips):
        mono = recording([clips.mono(row) for row in rows], cutter)
        reader = readers[int(clips.fold[rows[0]]) if networks else 0]
        plain = read(mono, reader)
        conditions = cells[rng.choice(len(cells), DRAWS, replace=False)]
        corpora.append(str(clips.corpus[rows[0]]))
        deviations.append([read(under(mono, c, rng), reader) - plain for c in conditions])
        print(f"{len(corpora):3d} {name}: {len(mono) / RATE_HZ:.0f} s", flush=True)
    return Strays(np.array(corpora), np.array(deviations))


def chosen(clips: Clips) -> list[tuple[str, NDArray[np.intp]]]:
    """Speakers with the most calm clips and their rows, up to SPEAKERS of each corpus and sex."""
    calm = np.isin(clips.source_label, CALM)
    found: list[tuple[str, NDArray[np.intp]]] = []
    for corpus in CORPORA:
        mine = calm & (clips.corpus == corpus)
        rows_of = {
            name: np.flatnonzero(mine & (clips.speaker == name))
            for name in sorted(set(clips.speaker[mine].tolist()))
        }
        by_size = sorted(rows_of.items(), key=lambda speaker: -len(speaker[1]))
        for sex, most in SPEAKERS.items():
            found += [s for s in by_size if usual_sex(clips, s[1]) == sex][:most]
    return found


def usual_sex(clips: Clips, rows: NDArray[np.intp]) -> str:
    """ASED names a few single clips of a speaker with the other sex."""
    sexes, counts = np.unique(clips.sex[rows], return_counts=True)
    return str(sexes[counts.argmax()])


def recording(sounds: Sequence[F32], cutter: VoiceReader) -> F32:
    """Clips from their first to their last speech, equally loud, pauses of PAUSE_S between them."""
    silence = np.zeros(int(PAUSE_S * RATE_HZ), np.float32)
    parts: list[F32] = []
    spoken_s = 0.0
    for sound in sounds:
        reading = cutter.read([AudioBlock(0.0, RATE_HZ, sound)])
        if reading is None or not reading.segments or spoken_s >= SPEECH_S:
            continue
        first = max(reading.segments[0].start_s - MARGIN_S, 0.0)
        part = sound[int(first * RATE_HZ) : int((reading.segments[-1].end_s + MARGIN_S) * RATE_HZ)]
        spoken_s += reading.features.speech_s
        rms = float(np.sqrt(np.square(part, dtype=np.float64).mean()))
        parts += [(part * (LEVEL / max(rms, 1e-9))).astype(np.float32), silence]
    return np.concatenate(parts[:-1])


def under(mono: F32, condition: NDArray[np.intp], rng: np.random.Generator) -> F32:
    """The sound under the condition with these numbers of levels."""
    for levels, number in zip(LEVELS.values(), condition, strict=True):
        mono = list(levels.values())[number](mono, rng)
    return mono


def read(mono: F32, reader: VoiceReader) -> F64:
    """FEATURES (F,) of a sound at RATE_HZ, NaN where there is none or a gate refuses it."""
    return features([AudioBlock(0.0, RATE_HZ, mono)], reader)


def features(blocks: Sequence[AudioBlock], reader: VoiceReader) -> F64:
    """FEATURES (F,) of a sound, without the gates of duration: they are about chance."""
    reading = reader.read(blocks)
    if reading is None:
        return np.full(len(FEATURES), np.nan)
    evidence = sound_evidence(reading)
    gated = unusable(evidence, LIFTED)
    return np.array([np.nan if f in gated else evidence.measured[f].value for f in FEATURES])


def read_strangers(networks: Sequence[VoiceEmotionClassifier], folder: Path) -> F64:
    """(R, networks, F) features of STRANGERS as each network hears them."""
    activity, pitch = SileroActivity(), SwiftF0Pitch()
    readers = [VoiceReader(activity, pitch, network) for network in networks]
    sounds = [list(decode_audio(folder / name)) for name in STRANGERS]
    return np.array([[features(sound, reader) for reader in readers] for sound in sounds])
