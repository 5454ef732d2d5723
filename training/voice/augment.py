"""What rooms, microphones, codecs and telephones do to a clip, done to samples.

Used for copies of the training clips, made once (`copies.py`), and for the conditions of the card.
Gain, noise and equalisation are cheaper on mel power and are done anew in every batch
(`batches.py`).
"""

from __future__ import annotations

import io

import av
import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

RATE_HZ = 16_000
F32 = NDArray[np.float32]
CODECS = {"libopus": "ogg", "aac": "mp4", "libmp3lame": "mp3"}
PRIMING_SAMPLES = {"libopus": 0, "aac": 1024, "libmp3lame": 0}
"""What is left of the encoder's delay after decoding, at 16 kHz (measured)."""
CODEC_RATE_HZ = {"libopus": 48_000, "aac": 16_000, "libmp3lame": 16_000}


def coded(mono: F32, codec: str, bit_rate: int, options: dict[str, str] | None = None) -> F32:
    """Through an encoder and back, same length and place."""
    rate_hz = CODEC_RATE_HZ[codec]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=CODECS[codec]) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono", options=options or {})
        stream.bit_rate = bit_rate
        sent = soxr.resample(mono, RATE_HZ, rate_hz) if rate_hz != RATE_HZ else mono
        frame = av.AudioFrame.from_ndarray(
            np.clip(sent, -1, 1).astype(np.float32)[None], format="flt", layout="mono"
        )
        frame.sample_rate = rate_hz
        for part in (frame, None):
            container.mux(stream.encode(part))
    buffer.seek(0)
    with av.open(buffer) as container:
        (audio,) = container.streams.audio
        resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        frames = [
            np.array(part.to_ndarray()[0])
            for decoded in [*container.decode(audio), None]
            for part in resampler.resample(decoded)
        ]
    return fitted(np.concatenate(frames)[PRIMING_SAMPLES[codec] :], len(mono))


def telephone(mono: F32, rng: np.random.Generator) -> F32:
    """300-3400 Hz at 8 kHz with 8-bit mu-law (ITU-T G.711)."""
    low = soxr.resample(mono, RATE_HZ, 8_000)
    band = butter(
        2, (rng.uniform(150, 350), rng.uniform(3200, 3600)), "bandpass", fs=8_000, output="sos"
    )
    low = sosfilt(band, low)
    peak = max(float(np.abs(low).max()), 1e-9)
    loud = low / peak * rng.uniform(0.3, 1)
    compressed = np.sign(loud) * np.log1p(255 * np.abs(loud)) / np.log(256)
    stepped = np.round(compressed * 127) / 127
    back = np.sign(stepped) * np.expm1(np.abs(stepped) * np.log(256)) / 255
    return fitted(soxr.resample(back, 8_000, RATE_HZ).astype(np.float32), len(mono))


def room(mono: F32, rt60_s: float, direct_db: float, rng: np.random.Generator) -> F32:
    """Exponentially decaying noise as impulse response (Polack 1988), direct sound in front.

    `direct_db` is the level of the direct sound over that of the reverberation.
    """
    count = int(rt60_s * RATE_HZ)
    seconds = np.arange(count) / RATE_HZ
    tail = rng.standard_normal(count) * 10 ** (-3 * seconds / rt60_s)
    tail[: int(0.002 * RATE_HZ)] = 0
    # High frequencies decay sooner: air and walls take them first.
    tail = sosfilt(butter(1, rng.uniform(2000, 6000), fs=RATE_HZ, output="sos"), tail)
    tail *= 10 ** (-direct_db / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1
    return fftconvolve(mono, tail)[: len(mono)].astype(np.float32)


def clipped(mono: F32, share: float) -> F32:
    """The loudest `share` of samples cut off."""
    limit = float(np.quantile(np.abs(mono), 1 - share))
    return np.clip(mono, -limit, limit) if limit > 0 else mono


def faster(mono: F32, factor: float) -> F32:
    """Played faster: pitch, formants and tempo rise together, as a smaller person would sound."""
    return soxr.resample(mono, RATE_HZ * factor, RATE_HZ).astype(np.float32)


def noisy(mono: F32, snr_db: float, rng: np.random.Generator, slope_db: float = -3.0) -> F32:
    """Noise with `slope_db` an octave (-3 is pink) under the mean power of the clip."""
    spectrum = np.fft.rfft(rng.standard_normal(len(mono)))
    hz = np.maximum(np.fft.rfftfreq(len(mono), 1 / RATE_HZ), 50)
    noise = np.fft.irfft(spectrum * hz ** (slope_db / 6.02), len(mono))
    gain = np.sqrt((mono.astype(np.float64) ** 2).mean() / (noise**2).mean())
    return (mono + noise * gain * 10 ** (-snr_db / 20)).astype(np.float32)


def fitted(mono: F32, count: int) -> F32:
    """Cut or padded to so many samples."""
    return np.pad(mono[:count], (0, max(count - len(mono), 0)))


def random_codec(mono: F32, rng: np.random.Generator) -> F32:
    """One of what recordings of speech go through."""
    kind = rng.choice(["opus", "aac", "mp3", "telephone", "none"], p=[0.25, 0.15, 0.15, 0.15, 0.3])
    if kind == "opus":
        rate = int(rng.choice([10_000, 12_000, 16_000, 24_000, 32_000]))
        return coded(mono, "libopus", rate, {"application": "voip", "compression_level": "2"})
    if kind == "aac":
        return coded(mono, "aac", int(rng.choice([24_000, 32_000, 64_000])))
    if kind == "mp3":
        return coded(mono, "libmp3lame", int(rng.choice([16_000, 24_000, 32_000, 64_000])))
    return telephone(mono, rng) if kind == "telephone" else mono


def random_place(mono: F32, rng: np.random.Generator) -> F32:
    """A room, sometimes too loud a recording."""
    if rng.random() < 0.45:
        mono = room(mono, rng.uniform(0.15, 0.8), rng.uniform(-3, 12), rng)
    if rng.random() < 0.1:
        mono = clipped(mono, rng.uniform(0.002, 0.03))
    return mono
