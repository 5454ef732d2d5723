"""What voice and face of one recording offer to the indicators."""

from __future__ import annotations

from collections.abc import Sequence

from evolvisense.expression.samples import face_evidence, face_samples
from evolvisense.scoring import assemble, plan_blocks
from evolvisense.types.behaviour import Behaviour
from evolvisense.types.faces import FaceObservations, FrameLog, Person
from evolvisense.types.indicators import Evidence
from evolvisense.types.media import MediaExtent
from evolvisense.types.voice import VoiceReading
from evolvisense.voice.samples import voice_evidence, voice_samples


def gather_evidence(
    extent: MediaExtent,
    voice: VoiceReading | None,
    main: Behaviour | None,
    frames: FrameLog,
    faces: FaceObservations,
) -> Evidence:
    """Features of the voice and of the main person's face over the same blocks of time."""
    blocks = plan_blocks(extent.start_s, extent.duration_s)
    face, missing = face_samples(main, blocks)
    return assemble(
        None if voice is None else voice_samples(voice, blocks),
        None if voice is None else voice_evidence(voice),
        face,
        face_evidence(main, frames, faces),
        missing=missing,
        blocks=len(blocks),
    )


def sound_evidence(voice: VoiceReading) -> Evidence:
    """Features of a voice alone, over blocks of its stream."""
    start_s = float(voice.timeline.pts_s[0]) if len(voice.timeline.pts_s) else 0.0
    blocks = plan_blocks(start_s, voice.features.duration_s)
    return assemble(voice_samples(voice, blocks), voice_evidence(voice), blocks=len(blocks))


def main_of(people: Sequence[Person], behaviours: Sequence[Behaviour]) -> Behaviour | None:
    """What the main person does; None where nobody was found."""
    mains = [b for person, b in zip(people, behaviours, strict=True) if person.is_main]
    return mains[0] if mains else None
