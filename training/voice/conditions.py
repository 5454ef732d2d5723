"""What gain, noise, codecs and narrow bands do to the answers, on clips of speakers held out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from evolvisense.models.sessions import OnnxSession
from evolvisense.voice.emotion import VoiceEmotionReader
from training.voice import augment
from training.voice.dataset import CORPORA, FOLDS, Clips
from training.voice.folders import runs_dir
from training.voice.intervals import Read, read_of

F32 = NDArray[np.float32]
Change = Callable[[F32], F32]
SEED = 7
CLIPS_PER_CORPUS = 360


def fold_readers() -> list[VoiceEmotionReader]:
    """The readers of networks that have not heard the speakers of fold 0, 1, 2."""
    paths = [runs_dir() / "folds" / f"fold{number}.onnx" for number in range(FOLDS)]
    return [VoiceEmotionReader(OnnxSession(path.read_bytes())) for path in paths]


def read_clips(
    clips: Clips,
    rows: NDArray[np.intp],
    readers: list[VoiceEmotionReader],
    sounds: list[F32] | None = None,
) -> Read:
    """Out-of-fold answers; each clip is one window."""
    probs = np.zeros((len(rows), 7), np.float32)
    arousal = np.zeros(len(rows), np.float32)
    for place, row in enumerate(rows):
        mono = clips.mono(row) if sounds is None else sounds[place]
        one, two = readers[clips.fold[row]].read_windows(mono[None])
        probs[place], arousal[place] = one[0], two[0]
    return read_of(clips, rows, probs, arousal)


def some_rows(clips: Clips) -> NDArray[np.intp]:
    """CLIPS_PER_CORPUS clips of each corpus, spread over speakers and emotions."""
    rng = np.random.default_rng(SEED)
    chosen = [
        rng.permutation(np.flatnonzero(clips.corpus == name))[:CLIPS_PER_CORPUS] for name in CORPORA
    ]
    return np.sort(np.concatenate(chosen))


def _gain(db: float) -> Change:
    # 16-bit steps and full scale are part of what a gain does to a recording.
    def change(mono: F32) -> F32:
        peak = max(float(np.abs(mono).max()), 1e-6)
        gain = min(10 ** (db / 20), 0.99 / peak)
        return np.rint(mono * gain * 32768).astype(np.float32) / 32768

    return change


def _noise(snr_db: float) -> Change:
    rng = np.random.default_rng(SEED)
    return lambda mono: augment.noisy(mono, snr_db, rng)


def _band(low_hz: float | None, high_hz: float) -> Change:
    def change(mono: F32) -> F32:
        narrow = soxr.resample(mono, augment.RATE_HZ, 2 * high_hz)
        back = soxr.resample(narrow, 2 * high_hz, augment.RATE_HZ)
        if low_hz:
            back = sosfilt(butter(4, low_hz, "highpass", fs=augment.RATE_HZ, output="sos"), back)
        return augment.fitted(np.asarray(back, np.float32), len(mono))

    return change


def _telephone(mono: F32) -> F32:
    return augment.telephone(mono, np.random.default_rng(SEED))


def _room(rt60_s: float) -> Change:
    return lambda mono: augment.room(mono, rt60_s, 3, np.random.default_rng(SEED))


def _codec(name: str, bit_rate: int) -> Change:
    return lambda mono: augment.coded(mono, name, bit_rate)


CONDITIONS: dict[str, Change] = {
    "as it is": lambda mono: mono,
    "gain -12 dB": _gain(-12),
    "gain +12 dB, as far as full scale allows": _gain(12),
    "AAC 64 kbit/s": _codec("aac", 64_000),
    "Opus 24 kbit/s": _codec("libopus", 24_000),
    "MP3 32 kbit/s": _codec("libmp3lame", 32_000),
    "pink noise, 30 dB": _noise(30),
    "pink noise, 20 dB": _noise(20),
    "pink noise, 10 dB": _noise(10),
    "4 kHz band (sampled at 8 kHz)": _band(None, 4000),
    "telephone (300-3400 Hz, mu-law)": _telephone,
    "room, 0.3 s": _room(0.3),
    "room, 0.6 s": _room(0.6),
}


def changed(clips: Clips, rows: NDArray[np.intp], change: Change) -> list[F32]:
    """The clips as that condition leaves them."""
    return [change(clips.mono(row)) for row in rows]
