"""What a recording must offer before a feature of it counts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from evolvisense.types.indicators import (
    FACE_FEATURES,
    FEATURES,
    SPEECH_FEATURES,
    Evidence,
    FaceEvidence,
    Feature,
    MissingReason,
    VoiceEvidence,
)

RATE_TOLERANCE = 0.99
"""Nominal rates are not met to the digit: 24 a second of NTSC film are 23.976, and a webcam
jitters (ours)."""


@dataclass(frozen=True)
class Gates:
    """Limits, all inclusive but `max_clipped_share`. (ours): chosen here, no paper sets them."""

    min_voiced_s: float = 10.0
    """Voiced speech for F0, loudness and voice emotion: medians of F0 settle after about ten
    seconds of voiced speech (ours)."""
    min_speech_s: float = 20.0
    """Speech for rate and pauses: some ten pauses at 20-30 a minute (ours)."""
    min_voiced_share: float = 0.1
    """Of speech, for the syllable rate: syllables are counted by their voiced nuclei, and a whisper
    has none (ours; voice/measures.py has the figures)."""
    min_snr_db: float = 15.0
    """Voice activity and syllable nuclei miss soft speech below it (ours). A level of noise that
    could not be measured does not fail: there may be none."""
    max_clipped_share: float = 0.01
    """Exclusive; clipped peaks cut the loudness that is to be measured (ours)."""
    allows_several_speakers: bool = False
    """The statistics of two voices describe neither."""
    min_face_frames: int = 150
    """Five seconds at 30 a second (ours)."""
    min_face_share: float = 0.60
    """Of the analysed frames; a face seen less is seen when it suits the detector (ours)."""
    min_eye_distance_px: float = 40.0
    """Lids and lip corners are then several pixels apart (ours)."""
    max_yaw_deg: float = 30.0
    """Median; beyond it the far half of the face is hidden (ours)."""
    min_face_rate_hz: float = 15.0
    """Turns of the head are slower than half of it (ours)."""
    min_blink_seen_s: float = 30.0
    """Five to sixteen blinks of a conversation at 10.5-32.5 a minute (Doughty 2001)."""
    min_blink_rate_hz: float = 24.0
    """Then at least two frames fall into a blink of 100 ms (ours)."""


GATES = Gates()
"""Of every report."""

LIFTED = replace(
    GATES,
    min_voiced_s=0.0,
    min_speech_s=0.0,
    allows_several_speakers=True,
    min_face_frames=0,
    min_blink_seen_s=0.0,
)
"""For evaluation on acted clips of a few seconds, never for a report: without the gates of
duration and count, and without the one for several speakers, which needs minutes to distinguish
two voices from one that acts. Noise, clipping and everything about the video stay."""


def failed_gate(feature: Feature, evidence: Evidence, gates: Gates) -> MissingReason | None:
    """The first gate that the recording fails for this feature; None where it passes all."""
    if feature in FACE_FEATURES:
        return _face_gate(feature, evidence.face, gates)
    return _voice_gate(feature, evidence.voice, gates)


def unusable(evidence: Evidence, gates: Gates) -> dict[Feature, MissingReason]:
    """Why a feature has no value that can be compared: not measured, or a failed gate."""
    reasons: dict[Feature, MissingReason] = {}
    for feature in FEATURES:
        measured = evidence.measured.get(feature)
        if measured is None or not (math.isfinite(measured.value) and measured.stands_on_s > 0):
            reasons[feature] = _why_unmeasured(feature, evidence, gates)
        elif (reason := failed_gate(feature, evidence, gates)) is not None:
            reasons[feature] = reason
    return reasons


def _voice_gate(
    feature: Feature, voice: VoiceEvidence | None, gates: Gates
) -> MissingReason | None:
    if voice is None:
        return "no_voice"
    too_noisy = voice.snr_db is not None and voice.snr_db < gates.min_snr_db
    several = voice.several_speakers and not gates.allows_several_speakers
    return _first(
        (feature in SPEECH_FEATURES and voice.speech_s < gates.min_speech_s, "too_little_speech"),
        (
            feature not in SPEECH_FEATURES and voice.voiced_s < gates.min_voiced_s,
            "too_little_voiced_speech",
        ),
        (
            feature == "syllable_rate_hz"
            and voice.voiced_s < gates.min_voiced_share * voice.speech_s,
            "unvoiced",
        ),
        (too_noisy, "too_noisy"),
        (voice.clipped_share >= gates.max_clipped_share, "clipped"),
        (several, "several_speakers"),
    )


def _face_gate(feature: Feature, face: FaceEvidence | None, gates: Gates) -> MissingReason | None:
    if face is None:
        return "no_face"
    blinks = feature == "blinks_log_per_min"
    wanted_hz = gates.min_blink_rate_hz if blinks else gates.min_face_rate_hz
    eyes_px, yaw_deg = face.eye_distance_px, face.yaw_deg
    return _first(
        (face.frames < gates.min_face_frames, "too_few_face_frames"),
        (face.share_of_frames < gates.min_face_share, "face_seen_too_rarely"),
        (eyes_px is not None and eyes_px < gates.min_eye_distance_px, "face_too_small"),
        (yaw_deg is not None and yaw_deg > gates.max_yaw_deg, "face_turned_away"),
        (face.rate_hz < wanted_hz * RATE_TOLERANCE, "too_few_frames_per_second"),
        (blinks and face.seen_s < gates.min_blink_seen_s, "seen_too_short_for_blinks"),
    )


def _first(*gates: tuple[bool, MissingReason]) -> MissingReason | None:
    """The reason of the first gate that failed."""
    return next((reason for failed, reason in gates if failed), None)


def _why_unmeasured(feature: Feature, evidence: Evidence, gates: Gates) -> MissingReason:
    missing, gate = evidence.missing.get(feature), failed_gate(feature, evidence, gates)
    if missing is not None and missing != "no_pause":
        return missing
    # Too little speech without a pause is not evidence: the gate goes first.
    if (reason := gate or missing) is not None:
        return reason
    if feature in FACE_FEATURES:
        return "engine_reads_no_actions"
    return "too_little_speech" if feature in SPEECH_FEATURES else "too_little_voiced_speech"
