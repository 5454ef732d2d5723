"""The voice frame by frame: intensity, spectral tilt, HNR and CPP at 16 kHz."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evolvisense.types.arrays import F32, F64, I64
from evolvisense.voice.products import product, weighted_sums

MARGIN_S = 0.064
"""No frame looks further to either side of its middle."""
SILENCE_DB = -120.0
WINDOW_S = 0.064
"""Hann window of the spectra: 4.5 periods of a voice of 70 Hz, as Boersma (1993) asks for HNR."""
TILT_LOW_HZ = (50.0, 1000.0)
TILT_HIGH_HZ = (1000.0, 5000.0)
HNR_REACH = 0.06
"""The period is looked for within this share of 1 / F0."""
HNR_LIMITS_DB = (-10.0, 40.0)
SINC_REACH = 24
"""Neighbours on each side that interpolate the autocorrelation."""
CPP_QUEFRENCY_S = (1 / 500, 1 / 60)
"""Where the cepstral peak is looked for: F0 of 60-500 Hz."""
CPP_TREND_S = (0.001, 0.02)
"""Where the straight line below it is fitted (Hillenbrand 1994: from 1 ms on)."""


def cut_frames(mono: F32, middles: I64, length: int) -> F32:
    """Stretches (F, length) of samples (N,) around the sample numbers `middles` (F,)."""
    if not len(middles):
        return np.zeros((0, length), np.float32)
    return sliding_window_view(mono, length)[middles - length // 2]


def intensity_db(mono: F32, rate_hz: int, middles: I64) -> F32:
    """Intensity (F,) in dB re full scale (a square wave of amplitude 1 has 0 dB).

    As Praat's `To Intensity` with a pitch floor of 50 Hz, which de Jong & Wempe (2009) use: a
    Kaiser window (beta 20) of 128 ms, effectively 64 ms; the mean is taken off.
    """
    length = round(2 * MARGIN_S * rate_hz)
    window = np.kaiser(length + 1, 20.0)[:-1]
    window /= window.sum()
    frames = cut_frames(mono, middles, length)
    mean = frames.mean(axis=1, dtype=np.float64)
    weighted_square = weighted_sums(np.square(frames), window.astype(np.float32))
    weighted_sum = weighted_sums(frames, window.astype(np.float32))
    power = weighted_square - 2 * mean * weighted_sum + mean**2
    return decibel(power)


def decibel(power: F64 | F32) -> F32:
    """10 log10 of power, not below SILENCE_DB."""
    floored = np.maximum(power, 10 ** (SILENCE_DB / 10))
    return (10 * np.log10(floored)).astype(np.float32)


def power_spectra(mono: F32, rate_hz: int, middles: I64) -> F32:
    """Power spectra (F, K) of Hann windows of 64 ms, padded with as many zeros."""
    length = round(WINDOW_S * rate_hz)
    frames = cut_frames(mono, middles, length)
    frames = (frames - frames.mean(axis=1, keepdims=True)) * _hann(length)
    return np.square(np.abs(np.fft.rfft(frames, 2 * length))).astype(np.float32)


def spectral_tilt_db(spectra: F32, rate_hz: int) -> F32:
    """Level of 1-5 kHz minus level of 50-1000 Hz (F,) in dB of power spectra (F, K)."""
    hz = np.arange(spectra.shape[1], dtype=np.float64) * rate_hz / (2 * (spectra.shape[1] - 1))
    low, high = (
        spectra[:, (hz >= band[0]) & (hz < band[1])].sum(axis=1, dtype=np.float64)
        for band in (TILT_LOW_HZ, TILT_HIGH_HZ)
    )
    tiny = np.finfo(np.float64).tiny
    return (10 * np.log10(np.maximum(high, tiny) / np.maximum(low, tiny))).astype(np.float32)


def harmonics_to_noise_db(spectra: F32, rate_hz: int, f0_hz: F32) -> F32:
    """Harmonics-to-noise ratio (F,) in dB of power spectra (F, K) with a known F0 (F,).

    Boersma (1993), IFA Proceedings 17, 97-110: the autocorrelation of the windowed sound over that
    of the window, at the lag of one period: HNR = 10 log10(r / (1 - r)). Between samples the
    autocorrelation is interpolated by a windowed sinc.
    """
    lags = 2 * (spectra.shape[1] - 1)
    length = lags // 2
    ours = np.fft.irfft(spectra, lags)[:, :length]
    window = np.fft.irfft(np.square(np.abs(np.fft.rfft(_hann(length), lags))))[:length]
    reach = rate_hz / f0_hz.astype(np.float64)
    most = int(rate_hz / f0_hz.min() * (1 + HNR_REACH)) + SINC_REACH + 3 if len(f0_hz) else 0
    most = min(most, length)
    energy = np.maximum(ours[:, :1], np.finfo(np.float32).tiny)
    normal = ours[:, :most] / energy * (window[0] / np.maximum(window[:most], 1e-9 * window[0]))
    shift = np.linspace(1 - HNR_REACH, 1 + HNR_REACH, 25)
    at = np.rint(reach[:, None] * shift).astype(np.int64)
    rows = np.arange(len(normal))[:, None]
    best = at[rows[:, 0], np.argmax(normal[rows, at], axis=1)]
    near = best[:, None] + np.arange(-SINC_REACH, SINC_REACH + 1)
    values = normal[rows, np.minimum(np.abs(near), most - 1)]
    r = _interpolated_peak(values)
    low, high = (1 / (1 + 10 ** (-limit / 10)) for limit in HNR_LIMITS_DB)
    r = np.clip(r, low, high)
    return (10 * np.log10(r / (1 - r))).astype(np.float32)


def cepstral_peak_prominence_db(spectra: F32, rate_hz: int) -> F32:
    """Cepstral peak prominence (F,) in dB of power spectra (F, K).

    Hillenbrand, Cleveland & Erickson (1994), JSHR 37, 769-778: height of the highest peak of the
    cepstrum (60-500 Hz) over a straight line through it from 1 ms on. Not smoothed, hence no CPPS.
    """
    log_power = np.log(np.maximum(spectra[:, ::2], np.finfo(np.float32).tiny))
    lags = 2 * (log_power.shape[1] - 1)
    last = round(CPP_TREND_S[1] * rate_hz) + 1
    cepstrum = np.abs(np.fft.irfft(log_power, lags)[:, :last])
    cepstrum_db = 20 * np.log10(np.maximum(cepstrum, 1e-9))
    quefrency_s = np.arange(last) / rate_hz
    first = round(CPP_TREND_S[0] * rate_hz)
    x = quefrency_s[first:] - quefrency_s[first:].mean()
    y = cepstrum_db[:, first:]
    slope = (y @ x) / (x @ x)
    over = y - y.mean(axis=1, keepdims=True) - slope[:, None] * x
    searched = (quefrency_s[first:] >= CPP_QUEFRENCY_S[0]) & (
        quefrency_s[first:] <= CPP_QUEFRENCY_S[1]
    )
    at = np.argmax(y[:, searched], axis=1)
    return over[:, searched][np.arange(len(at)), at].astype(np.float32)


def _hann(length: int) -> F32:
    return np.hanning(length + 1)[:-1].astype(np.float32)


def _interpolated_peak(values: F64) -> F64:
    """Maximum within a sample of the middle of (F, 2 n + 1), by a windowed sinc and a parabola."""
    reach = values.shape[1] // 2
    offset = np.linspace(-1, 1, 9, dtype=np.float64)
    taps = np.arange(-reach, reach + 1, dtype=np.float64)
    distance: F64 = offset[:, None] - taps
    window = 0.5 + 0.5 * np.cos(np.pi * distance / (reach + 1))
    fine = product(values, (np.sinc(distance) * window).T)
    at = np.clip(np.argmax(fine, axis=1), 1, len(offset) - 2)
    rows = np.arange(len(fine))
    left, middle, right = fine[rows, at - 1], fine[rows, at], fine[rows, at + 1]
    curvature = np.minimum(left + right - 2 * middle, -1e-12)
    return np.maximum(middle - (right - left) ** 2 / (8 * curvature), fine.max(axis=1))
