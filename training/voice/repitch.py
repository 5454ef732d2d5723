"""Another pitch for the same mouth: harmonics move, formants stay.

Speeding a voice up moves both, as between people of other sizes. A network that only sees both move
together takes a high voice for an aroused one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evolvisense.voice import mel

F32 = NDArray[np.float32]
TINY = 1e-13
LIFTER_SHARE = 0.65
"""Of the period: what is slower in the cepstrum is the envelope, what is left the harmonics."""
LIFTER_SAMPLES = (20.0, 70.0)


def repitched(power: F32, factor: float) -> F32:
    """Power of frames, see `mel.spectra`, with F0 times `factor`; the envelope stays.

    The envelope is the low part of the cepstrum (Oppenheim & Schafer 1968); what the spectrum has
    over it is stretched along frequency.
    """
    log_power = np.log(power + TINY)
    cepstrum = np.fft.irfft(log_power, axis=1)
    quefrency = np.minimum(
        np.arange(mel.FRAME_SAMPLES), mel.FRAME_SAMPLES - np.arange(mel.FRAME_SAMPLES)
    )
    cut = float(np.clip(LIFTER_SHARE * mel.RATE_HZ / usual_pitch_hz(power), *LIFTER_SAMPLES))
    lifter = np.clip((1.15 * cut - quefrency) / (0.3 * cut), 0, 1)
    envelope = np.fft.rfft(cepstrum * lifter, axis=1).real
    fine = log_power - envelope
    bins = fine.shape[1]
    source = np.arange(bins) / factor
    low = np.minimum(source.astype(np.intp), bins - 2)
    part = np.minimum(source - low, 1)
    stretched = fine[:, low] * (1 - part) + fine[:, low + 1] * part
    # Above what can be stretched down there is no fine structure left.
    stretched[:, source > bins - 1] = 0
    return np.maximum(np.exp(envelope + stretched) - TINY, 0).astype(np.float32)


def usual_pitch_hz(power: F32) -> float:
    """Where the autocorrelation of the loud frames peaks; octaves are not guarded."""
    _, periodicity = mel.describe(power)
    loudness = np.cbrt(power.sum(axis=1))
    return float(mel.pitches_hz()[int((loudness @ periodicity).argmax())])
