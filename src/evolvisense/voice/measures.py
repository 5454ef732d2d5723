"""Statistics of the voice, of a whole recording and of resamples of its blocks alike.

Every statistic is computed for R multisets of B blocks at once, so the report's figures (one
block, taken once) and the bootstrap's are computed by the same formulas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolvisense.types.arrays import F32, F64, I64, Bools
from evolvisense.types.indicators import Blocks
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import (
    Phonation,
    SpectralFrames,
    SpeechSegment,
    VoiceEmotion,
    VoiceFeatures,
)
from evolvisense.voice.perturbation import PeriodMarks, local_jitter_pct, local_shimmer_pct
from evolvisense.voice.products import weighted_sums
from evolvisense.voice.prosody import find_pauses, syllable_nuclei
from evolvisense.voice.vad import DEFAULT_VAD, inside, overlap_s

MIN_VOICED_S = 0.5
"""Less voiced speech than this is described by no statistic (ours)."""
MIN_VOICED_SHARE = 0.1
"""Of speech. Syllable nuclei are voiced, so a whisper, voiced in 1 % of its time (espeak-ng), has
none to count. Speech of the data folder's clips is voiced in 26-80 % of its time (ours)."""
MIN_SPEECH_FOR_RATE_S = 1.0
"""Nor has less speech than this a syllable rate (ours)."""
RANGE_OF_FIRST_QUARTILE = 0.75
RANGE_OF_THIRD_QUARTILE = 2.5
REFERENCE_HZ = 100.0
"""Semitones are counted from here."""
SEMITONES_PER_OCTAVE = 12
SECONDS_PER_MINUTE = 60


@dataclass(frozen=True)
class Material:
    """What statistics are made of, each item in the block of its middle."""

    semitones: F64
    """(V,) F0 of the voiced frames in speech, in the speaker's range, re 100 Hz."""
    level_db: F64
    """(V,) their intensity."""
    voiced_block: I64
    """(V,)"""
    frame_s: float
    speech_s: F64
    """(B,)"""
    syllables: I64
    """(B,)"""
    pause_s: F64
    """(P,)"""
    pause_block: I64
    """(P,)"""
    emotion: VoiceEmotion | None
    emotion_block: I64
    """(W,)"""
    long_pause_s: float = DEFAULT_VAD.long_pause_s
    """Longer pauses count as long."""


@dataclass(frozen=True)
class Statistics:
    """Arrays (R,); NaN where a resample cannot say."""

    voiced_s: F64
    speech_s: F64
    f0_level_st: F64
    f0_sd_st: F64
    f0_range_st: F64
    f0_excursion_st: F64
    level_median_db: F64
    level_sd_db: F64
    level_range_db: F64
    syllable_rate_hz: F64
    pause_share: F64
    pauses_per_min: F64
    pause_mean_log_s: F64
    long_pause_share: F64
    voice_anger_or_fear: F64
    voice_fear: F64


WHOLE = Blocks(np.array([-np.inf, np.inf]), np.zeros((1, 1), np.int64))
"""One block that is everything."""


def gather(
    frames: SpectralFrames,
    segments: tuple[SpeechSegment, ...],
    syllable_s: F64,
    emotion: VoiceEmotion | None,
    blocks: Blocks = WHOLE,
    holes: tuple[SpeechSegment, ...] = (),
    long_pause_s: float = DEFAULT_VAD.long_pause_s,
) -> Material:
    """The material of a reading, sorted into blocks; missing sound is not a pause."""
    count = len(blocks)
    voiced = inside(frames.pts_s, segments) & np.isfinite(frames.f0_hz)
    voiced[voiced] = in_speaking_range(frames.f0_hz[voiced])
    pauses = find_pauses(segments, holes)
    middle = (emotion.start_s + emotion.end_s) / 2 if emotion is not None else np.zeros(0)
    return Material(
        semitones=semitones(frames.f0_hz[voiced]),
        level_db=frames.level_db[voiced].astype(np.float64),
        voiced_block=blocks.of(frames.pts_s[voiced]),
        frame_s=float(frames.pts_s[1] - frames.pts_s[0]) if len(frames.pts_s) > 1 else 0.0,
        speech_s=overlap_s(segments, blocks.edges_s),
        syllables=np.bincount(blocks.of(syllable_s), minlength=count),
        pause_s=pauses.duration_s,
        pause_block=blocks.of(pauses.middle_s),
        emotion=emotion,
        emotion_block=blocks.of(middle),
        long_pause_s=long_pause_s,
    )


def in_speaking_range(f0_hz: F32) -> Bools:
    """Which of F0 (V,) lie in the speaker's range: 0.75 of the first to 2.5 of the third quartile.

    What lies outside is mostly half or twice the pitch; the upper limit is the wide one, for
    expressive speech (Hirst 2007, 2011).
    """
    if not len(f0_hz):
        return np.zeros(0, np.bool_)
    first, third = np.percentile(f0_hz, [25, 75])
    return (f0_hz >= RANGE_OF_FIRST_QUARTILE * first) & (f0_hz <= RANGE_OF_THIRD_QUARTILE * third)


def semitones(f0_hz: F32) -> F64:
    """F0 in semitones re 100 Hz."""
    return SEMITONES_PER_OCTAVE * np.log2(f0_hz.astype(np.float64) / REFERENCE_HZ)


def statistics(material: Material, repeats: I64) -> Statistics:
    """Statistics of multisets of blocks: how often each holds each block (R, B) -> (R,).

    F0: level = median, SD = (P84 - P16) / 2, range = P95 - P5, excursion = median - P5, all in
    semitones and robust against octave errors. Loudness: SD and P95 - P5 of the intensity of voiced
    frames, free of gain. Rate: nuclei per second of speech without pauses. Pauses: share of the
    time from first to last speech, which is speech and pauses together.
    """
    voiced_s = _summed(material.voiced_block, None, repeats) * material.frame_s
    speech_s = _over_blocks(repeats, material.speech_s)
    heard = voiced_s >= MIN_VOICED_S
    f0 = np.where(heard, percentiles(material.semitones, material.voiced_block, repeats), np.nan)
    level = np.where(heard, percentiles(material.level_db, material.voiced_block, repeats), np.nan)
    pauses = _summed(material.pause_block, None, repeats)
    pause_s = _summed(material.pause_block, material.pause_s, repeats)
    log_s = _summed(material.pause_block, np.log(material.pause_s), repeats)
    long = _summed(
        material.pause_block, (material.pause_s > material.long_pause_s).astype(np.float64), repeats
    )
    talk_s = speech_s + pause_s
    fear, anger_or_fear = _emotion(material, repeats)
    can_count = voiced_s >= MIN_VOICED_SHARE * speech_s
    rate = _over(_over_blocks(repeats, material.syllables), speech_s)
    return Statistics(
        voiced_s=voiced_s,
        speech_s=speech_s,
        f0_level_st=f0[2],
        f0_sd_st=(f0[3] - f0[1]) / 2,
        f0_range_st=f0[4] - f0[0],
        f0_excursion_st=f0[2] - f0[0],
        level_median_db=level[2],
        level_sd_db=np.where(heard, _deviation(material, repeats), np.nan),
        level_range_db=level[4] - level[0],
        syllable_rate_hz=np.where(can_count & (speech_s >= MIN_SPEECH_FOR_RATE_S), rate, np.nan),
        pause_share=_over(pause_s, talk_s),
        pauses_per_min=_over(SECONDS_PER_MINUTE * pauses, talk_s),
        pause_mean_log_s=_over(log_s, pauses),
        long_pause_share=_over(long, pauses),
        voice_anger_or_fear=anger_or_fear,
        voice_fear=fear,
    )


PERCENTILES = (5, 16, 50, 84, 95)


def percentiles(values: F64, block: I64, repeats: I64) -> F64:
    """PERCENTILES (5, R) of values (V,) when the block of each comes repeats (R, B) times.

    Equal to numpy's linear percentile of the values written out, without writing them out.
    """
    out = np.full((len(PERCENTILES), len(repeats)), np.nan)
    if not len(values):
        return out
    order = np.argsort(values, kind="stable")
    ranked, ranked_block = values[order], block[order]
    share = np.array(PERCENTILES) / 100
    for i, times in enumerate(repeats):
        reached = np.cumsum(times[ranked_block])
        count = int(reached[-1])
        if not count:
            continue
        position = share * (count - 1)
        below = np.floor(position)
        low = ranked[np.searchsorted(reached, below, side="right")]
        high = ranked[np.searchsorted(reached, np.ceil(position), side="right")]
        out[:, i] = low + (high - low) * (position - below)
    return out


def _deviation(material: Material, repeats: I64) -> F64:
    """Standard deviation (R,) of the level of voiced frames."""
    if not len(material.level_db):
        return np.full(len(repeats), np.nan)
    centred = material.level_db - material.level_db.mean()
    count = _summed(material.voiced_block, None, repeats)
    mean = _over(_summed(material.voiced_block, centred, repeats), count)
    square = _over(_summed(material.voiced_block, centred**2, repeats), count)
    return np.sqrt(np.maximum(square - mean**2, 0))


def _emotion(material: Material, repeats: I64) -> tuple[F64, F64]:
    """Mean p(fear) and p(anger) + p(fear) (R,) over windows, weighted by their share of speech."""
    emotion = material.emotion
    if emotion is None:
        nothing = np.full(len(repeats), np.nan)
        return nothing, nothing
    share = emotion.speech_share.astype(np.float64)
    weight = _summed(material.emotion_block, share, repeats)
    fear = emotion.probs[:, EMOTIONS.index("fear")] * share
    anger = emotion.probs[:, EMOTIONS.index("angry")] * share
    return (
        _over(_summed(material.emotion_block, fear, repeats), weight),
        _over(_summed(material.emotion_block, fear + anger, repeats), weight),
    )


def _summed(block: I64, values: F64 | None, repeats: I64) -> F64:
    """Sum (R,) of values (V,), or their number, over multisets of blocks."""
    per_block = np.bincount(block, values, minlength=repeats.shape[1])
    return _over_blocks(repeats, per_block)


def _over_blocks(repeats: I64, per_block: I64 | F64) -> F64:
    """Sum (R,) over multisets of blocks (R, B) of what each block (B,) holds."""
    return weighted_sums(repeats.astype(np.float64), per_block.astype(np.float64))


def _over(above: F64, below: F64) -> F64:
    """Quotient, NaN where there is nothing to divide by."""
    return np.where(below > 0, above / np.where(below > 0, below, 1), np.nan)


def find_syllables(frames: SpectralFrames, segments: tuple[SpeechSegment, ...]) -> F64:
    """Times (S,) of the syllable nuclei in speech, on the file's clock."""
    nuclei = syllable_nuclei(
        frames.level_db, np.isfinite(frames.f0_hz), inside(frames.pts_s, segments)
    )
    return frames.pts_s[nuclei]


def describe_voice(
    frames: SpectralFrames,
    marks: PeriodMarks,
    segments: tuple[SpeechSegment, ...],
    syllable_s: F64,
    duration_s: float,
    holes: tuple[SpeechSegment, ...] = (),
    long_pause_s: float = DEFAULT_VAD.long_pause_s,
) -> VoiceFeatures:
    """Statistics of voiced speech; None where there is too little of it."""
    material = gather(frames, segments, syllable_s, None, holes=holes, long_pause_s=long_pause_s)
    found = statistics(material, np.ones((1, 1), np.int64))
    level_st = _number(found.f0_level_st)
    voiced_s = float(found.voiced_s[0])
    can_count = voiced_s >= MIN_VOICED_SHARE * float(found.speech_s[0])
    return VoiceFeatures(
        duration_s=duration_s,
        speech_s=float(found.speech_s[0]),
        voiced_s=voiced_s,
        f0_median_hz=None
        if level_st is None
        else float(REFERENCE_HZ * 2 ** (level_st / SEMITONES_PER_OCTAVE)),
        f0_level_st=level_st,
        f0_sd_st=_number(found.f0_sd_st),
        f0_range_st=_number(found.f0_range_st),
        f0_excursion_st=_number(found.f0_excursion_st),
        level_median_dbfs=_number(found.level_median_db),
        level_sd_db=_number(found.level_sd_db),
        level_range_db=_number(found.level_range_db),
        syllables=len(syllable_s) if segments and can_count else None,
        syllable_rate_hz=_number(found.syllable_rate_hz),
        pauses=len(material.pause_s),
        pause_share=_number(found.pause_share),
        pauses_per_min=_number(found.pauses_per_min),
        pause_mean_log_s=_number(found.pause_mean_log_s),
        long_pause_share=_number(found.long_pause_share),
        phonation=_phonation(frames, marks, segments, enough=voiced_s >= MIN_VOICED_S),
    )


def _phonation(
    frames: SpectralFrames,
    marks: PeriodMarks,
    segments: tuple[SpeechSegment, ...],
    *,
    enough: bool,
) -> Phonation:
    if not enough:
        return Phonation(None, None, None, None, None)
    in_speech = inside(marks.pts_s, segments)
    spoken = PeriodMarks(marks.pts_s[in_speech], marks.amplitude[in_speech])
    voiced = inside(frames.pts_s, segments) & np.isfinite(frames.f0_hz)
    return Phonation(
        jitter_pct=local_jitter_pct(spoken.pts_s),
        shimmer_pct=local_shimmer_pct(spoken),
        hnr_db=_mean(frames.hnr_db[voiced]),
        cpp_db=_mean(frames.cpp_db[voiced]),
        tilt_db=float(np.median(frames.tilt_db[voiced])),
    )


def _mean(values: F32) -> float:
    return float(values.mean(dtype=np.float64))


def _number(statistic: F64 | I64) -> float | None:
    value = float(statistic[0])
    return value if np.isfinite(value) else None
