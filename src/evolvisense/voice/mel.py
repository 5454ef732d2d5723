"""Log-mel spectrum and periodicity of speech, both free of gain: what the emotion network sees.

A frame is 64 ms, long enough to hold four periods of a deep voice, every 20 ms. It gives

- 64 mel bands (O'Shaughnessy's scale, 50-7600 Hz) in dB relative to the level of the speech in the
  window, so that the gain of the microphone falls out;
- the generalised autocorrelation (Tolonen & Karjalainen 2000, doi:10.1109/89.876309) at 48 lags of
  60-560 Hz on a logarithmic scale: an image of pitch. Compressing the spectrum makes it nearly
  free of the channel, and the harmonics below 3.4 kHz carry it even where the fundamental itself
  is cut off, as on the telephone.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from evolvisense.types.arrays import F32, F64
from evolvisense.voice.products import product

RATE_HZ = 16_000
FRAME_SAMPLES = 1024
HOP_SAMPLES = 320
HOP_S = HOP_SAMPLES / RATE_HZ
MELS = 64
MEL_RANGE_HZ = (50.0, 7600.0)
LAGS = 48
PITCH_RANGE_HZ = (60.0, 560.0)
PITCH_BAND_HZ = (50.0, 3400.0)
FLOOR_DB = -60.0
"""Band level relative to the speech level below which all values are alike."""
TINY = 1e-14
"""Power that stands for digital silence; a 16-bit step is 1e-9."""
WIDTH = MELS + LAGS
"""Columns of the features."""


def frame_count(samples: int) -> int:
    """Frames that lie wholly inside this many samples, at least 1: a shorter window is padded."""
    return 1 + max(samples - FRAME_SAMPLES, 0) // HOP_SAMPLES


def features(mono_16k: F32) -> F32:
    """float32 (W, N) windows at 16 kHz -> float32 (W, T, WIDTH), T = frame_count(N).

    The first MELS columns are dB over the speech level, floored softly at FLOOR_DB; the others
    autocorrelations, -1 to 1.
    """
    if not len(mono_16k):
        return np.zeros((0, frame_count(mono_16k.shape[1]), WIDTH), np.float32)
    # One window at a time: the others then cannot change a bit of it.
    return np.stack([_window(samples) for samples in mono_16k])


def _window(samples: F32) -> F32:
    mel, periodicity = analyse(samples)
    return np.concatenate([relative_db(mel), periodicity], axis=1)


def analyse(samples: F32) -> tuple[F32, F32]:
    """float32 (N,) -> mel power (T, MELS) re full scale, autocorrelation (T, LAGS)."""
    return describe(spectra(samples))


def spectra(samples: F32) -> F32:
    """float32 (N,) -> power of each frame (T, FRAME_SAMPLES / 2 + 1) re full scale."""
    if len(samples) < FRAME_SAMPLES:
        samples = np.pad(samples, (0, FRAME_SAMPLES - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
    spectrum = np.fft.rfft(frames * _taper(), axis=1)
    return (spectrum.real**2 + spectrum.imag**2).astype(np.float32)


def describe(power: F32) -> tuple[F32, F32]:
    """Power of frames, see `spectra` -> mel power (T, MELS), autocorrelation (T, LAGS)."""
    mel = product(power, _mel_bands())
    low, cosines = _lag_cosines()
    # On magnitudes that is 2/3, as in Tolonen & Karjalainen (2000).
    compressed = np.cbrt(power[:, low : low + len(cosines)])
    total = compressed.sum(axis=1, keepdims=True)
    # Relative to the compressed power itself: digital silence gets no periodicity instead of NaN.
    periodicity = product(compressed, cosines) / np.maximum(total, np.float32(TINY))
    return mel, periodicity.astype(np.float32)


def speech_power(mel: F32) -> float:
    """Level of the speech in mel power (T, MELS): the mean power of frames, weighted by itself.

    Loud frames decide, so pauses and quiet noise change it little; it is as smooth as a mean and
    grows exactly with the gain.
    """
    frame_power: F64 = mel.sum(axis=1, dtype=np.float64)
    total = float(frame_power.sum())
    return float((frame_power**2).sum()) / total if total > TINY else TINY


def relative_db(mel: F32) -> F32:
    """Mel power (T, MELS) -> dB over the speech level, FLOOR_DB where there is nothing."""
    floor = 10 ** (FLOOR_DB / 10)
    return (10 * np.log10(mel / max(speech_power(mel), TINY) + floor)).astype(np.float32)


@cache
def _taper() -> F32:
    """Hann window that sums its squares to one, so that mel power is power re full scale."""
    taper = np.hanning(FRAME_SAMPLES + 1)[:-1]
    return (taper / np.sqrt((taper**2).sum() * FRAME_SAMPLES / 2)).astype(np.float32)


def _mel_of_hz(hz: float) -> float:
    """O'Shaughnessy 1987: 2595 log10(1 + f / 700)."""
    return float(2595 * np.log10(1 + hz / 700))


@cache
def _mel_bands() -> F32:
    """Triangles of height 1, float32 (FRAME_SAMPLES / 2 + 1, MELS)."""
    low, high = (_mel_of_hz(hz) for hz in MEL_RANGE_HZ)
    corners_hz = 700 * (10 ** (np.linspace(low, high, MELS + 2) / 2595) - 1)
    bins_hz = np.arange(FRAME_SAMPLES // 2 + 1)[:, None] * RATE_HZ / FRAME_SAMPLES
    rising = (bins_hz - corners_hz[:-2]) / np.diff(corners_hz)[:-1]
    falling = (corners_hz[2:] - bins_hz) / np.diff(corners_hz)[1:]
    return np.maximum(np.minimum(rising, falling), 0).astype(np.float32)


@cache
def _lag_cosines() -> tuple[int, F32]:
    """First bin of PITCH_BAND_HZ, and cos(2 pi f / F0) float32 (bins, LAGS).

    The autocorrelation is the cosine transform of the power spectrum; taken as a product it can
    be had at lags that are not a whole number of samples.
    """
    step_hz = RATE_HZ / FRAME_SAMPLES
    low, high = (round(hz / step_hz) for hz in PITCH_BAND_HZ)
    bins_hz = np.arange(low, high + 1)[:, None] * step_hz
    return low, np.cos(2 * np.pi * bins_hz / pitches_hz()).astype(np.float32)


def pitches_hz() -> F64:
    """F0 (LAGS,) that the columns behind the mel bands stand for."""
    return np.geomspace(*PITCH_RANGE_HZ, LAGS)
