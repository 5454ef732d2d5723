"""Samples of the voice and of the face, put together."""

from __future__ import annotations

from collections.abc import Mapping

from evolvisense.types.indicators import (
    Evidence,
    FaceEvidence,
    Feature,
    Measured,
    MissingReason,
    VoiceEvidence,
)


def assemble(
    voice: Mapping[Feature, Measured] | None,
    voice_evidence: VoiceEvidence | None,
    face: Mapping[Feature, Measured] | None = None,
    face_evidence: FaceEvidence | None = None,
    *,
    missing: Mapping[Feature, MissingReason] | None = None,
    blocks: int = 0,
) -> Evidence:
    """Everything that indicators are made from; None where there is no voice or no face.

    `missing` are reasons that only the one who measured can know; the others follow from the gates.
    A voice with a share of pauses and no mean length of them has none.
    """
    measured: dict[Feature, Measured] = {**(voice or {}), **(face or {})}
    reasons: dict[Feature, MissingReason] = {}
    if "pause_share" in measured and "pause_mean_log_s" not in measured:
        reasons["pause_mean_log_s"] = "no_pause"
    reasons.update(missing or {})
    return Evidence(
        measured=measured,
        missing={feature: why for feature, why in reasons.items() if feature not in measured},
        voice=voice_evidence,
        face=face_evidence,
        blocks=blocks,
    )
