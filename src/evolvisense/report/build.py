"""Findings of the analysis become a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from evolvisense.options import AnalysisOptions
from evolvisense.report import parts, voice_parts
from evolvisense.report.indicators import indicators_part
from evolvisense.report.people import person_part
from evolvisense.report.schema import Report
from evolvisense.report.stream_warnings import stream_warnings
from evolvisense.report.summary import with_summary
from evolvisense.report.summary_parts import Summary
from evolvisense.thresholds import DEFAULT_THRESHOLDS, Thresholds
from evolvisense.types.behaviour import Behaviour
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.face import FaceLayout, FaceObservations, FrameLog, Person
from evolvisense.types.indicators import Indicators
from evolvisense.types.media import MediaExtent, MediaInfo, MediaLoss, MediaTiming
from evolvisense.types.scores import EMOTIONS, LegacyScores
from evolvisense.types.voice import NOVEL, VoiceEmotion, VoiceReading


def voice_part(reading: VoiceReading) -> voice_parts.Voice:
    """Statistics, quality, emotion and timeline of a voice."""
    timeline = reading.timeline
    measures = asdict(reading.features)
    phonation = voice_parts.PhonationMeasures(**_rounded_voice(measures.pop("phonation")))
    return voice_parts.Voice(
        measures=voice_parts.VoiceMeasures(**_rounded_voice(measures), phonation=phonation),
        quality=voice_parts.SoundQuality(**_rounded_voice(asdict(reading.quality))),
        segments=[
            voice_parts.Segment(start_s=round(s.start_s, 6), end_s=round(s.end_s, 6))
            for s in reading.segments
        ],
        holes=[
            voice_parts.Segment(start_s=round(h.start_s, 6), end_s=round(h.end_s, 6))
            for h in reading.holes
        ],
        syllables_s=reading.syllable_s,
        emotion=None if reading.emotion is None else _emotion(reading.emotion),
        timeline=voice_parts.VoiceColumns(
            step_s=timeline.step_s,
            time_s=timeline.pts_s,
            speech_probability=timeline.speech_probability,
            f0_hz=timeline.f0_hz,
            level_dbfs=timeline.level_dbfs,
        ),
    )


def _emotion(emotion: VoiceEmotion) -> voice_parts.VoiceEmotionColumns:
    return voice_parts.VoiceEmotionColumns(
        start_s=emotion.start_s,
        end_s=emotion.end_s,
        speech_share=emotion.speech_share,
        probabilities={name: emotion.probs[:, i] for i, name in enumerate(EMOTIONS)},
        arousal=emotion.arousal,
    )


def _rounded_voice(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in values.items()
    }


CUT_OFF_TOLERANCE_S = 1.0
NOTHING_KNOWN = MediaLoss()
NOTHING_SUMMARIZED = Summary(
    headline="", people=[], voice=[], recording=[], limits=[], indicators=""
)
"""Holds the place until the other parts are there to summarize."""


@dataclass(frozen=True)
class Findings:
    """All that the layers found in one file."""

    info: MediaInfo
    timing: MediaTiming
    frames: FrameLog
    faces: FaceObservations
    people: Sequence[Person]
    behaviours: Sequence[Behaviour]
    """One for each of `people`."""
    layout: FaceLayout | None
    """None where the engine reads expressions only."""
    voice: VoiceReading | None
    indicators: Indicators
    legacy: LegacyScores
    max_duration_s: float
    """The limit up to which the file was read."""
    loss: MediaLoss = NOTHING_KNOWN
    one_channel_s: float = 0.0
    """Sound in which the channels cancel each other, so that one of them was taken."""

    @property
    def extent(self) -> MediaExtent:
        """Of the analysed video stream."""
        return self.timing.extent


def build_report(
    findings: Findings,
    *,
    options: AnalysisOptions,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    models: Sequence[ModelIdentity],
    timings_s: Mapping[str, float],
) -> Report:
    """The report of one analysis."""
    report = Report(
        schema_version=parts.SCHEMA_VERSION,
        producer=parts.Producer(name="evolvisense", version=version("evolvisense")),
        limits=parts.LIMITS_NOTICE,
        summary=NOTHING_SUMMARIZED,
        moments=[],
        indicators=indicators_part(findings.indicators),
        media=_media(findings),
        options=parts.OptionsUsed(**asdict(options), thresholds=thresholds),
        models=[parts.ModelUsed(**asdict(model)) for model in models],
        frames=parts.Frames(
            number=findings.frames.number,
            time_s=findings.frames.pts_s,
            faces=findings.frames.face_count,
        ),
        people=[
            person_part(person, behaviour, findings.frames, findings.faces, findings.layout)
            for person, behaviour in zip(findings.people, findings.behaviours, strict=True)
        ],
        voice=None if findings.voice is None else voice_part(findings.voice),
        voice_absent_reason=_voice_absent_reason(findings, options),
        v1=_legacy(findings),
        withheld=None,
        warnings=_warnings(findings, options),
        timings_s={stage: round(seconds, 4) for stage, seconds in timings_s.items()},
    )
    return with_summary(report)


def _media(findings: Findings) -> parts.MediaFacts:
    info, extent, loss = findings.info, findings.extent, findings.loss
    video = info.video
    return parts.MediaFacts(
        container=info.container,
        size_bytes=info.size_bytes,
        start_s=extent.start_s,
        duration_s=extent.duration_s,
        duration_s_from_header=info.duration_s_from_header,
        video=None
        if video is None
        else parts.VideoFacts(
            codec=video.codec,
            width_px=video.width_px,
            height_px=video.height_px,
            rotation_deg=video.rotation_deg,
            average_rate_hz=video.average_rate_hz,
            mirrored=video.mirrored,
            pixel_aspect=round(video.pixel_aspect, 6),
            stream=video.index,
            missing_frames=loss.video_frames,
            missing_s=_rounded(loss.video_s),
        ),
        audio=None
        if info.audio is None
        else parts.AudioFacts(
            codec=info.audio.codec,
            rate_hz=info.audio.rate_hz,
            channels=info.audio.channels,
            stream=info.audio.index,
            missing_s=_rounded(loss.audio_s),
        ),
        stream_count=info.stream_count,
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _legacy(findings: Findings) -> parts.LegacyBlock:
    scores = findings.legacy
    voice = scores.voice
    return parts.LegacyBlock(
        formula="v1-legacy",
        emotions={emotion: list(values) for emotion, values in scores.emotions.items()},
        mental_health=parts.LegacyMentalHealth(
            depression=scores.depression,
            stress=scores.stress,
            anxiety=scores.anxiety,
            confidence=scores.confidence,
        ),
        voice_analysis=None if voice is None else parts.LegacyVoiceAnalysis(**asdict(voice)),
        frame_data=[
            parts.LegacyFrameData(
                time=frame.time_s,
                stress=frame.stress,
                anxiety=frame.anxiety,
                confidence=frame.confidence,
            )
            for frame in scores.frames
        ],
        peak_stress=scores.peak_stress,
        video_duration=round(findings.extent.duration_s, 3),
    )


def _voice_absent_reason(
    findings: Findings, options: AnalysisOptions
) -> parts.VoiceAbsentReason | None:
    if findings.voice is not None:
        return None
    if not options.voice:
        return "not_wanted"
    return "audio_not_decodable" if _has_sound(findings.info) else "no_audio_stream"


def _has_sound(info: MediaInfo) -> bool:
    """Whether the file has an audio stream, decodable or not."""
    return info.audio is not None or info.undecodable_audio_streams > 0


def _warnings(findings: Findings, options: AnalysisOptions) -> list[parts.Notice]:
    frames, extent = findings.frames, findings.extent
    found: list[tuple[str, str]] = []
    if findings.info.video is None:
        found.append(("no_picture", "the file has sound only: nothing is said about a face"))
    elif not len(frames.number):
        found.append(
            (
                "no_frames_analysed",
                f"the video has fewer than {options.frame_skip} frames that can be decoded: "
                "choose a smaller frame_skip",
            )
        )
    elif not findings.people:
        found.append(("no_face", "no face was found in any analysed frame"))
    if len(findings.people) > 1:
        found.append(
            (
                "several_people",
                f"{len(findings.people)} people were found; scores are about the main one",
            )
        )
    header_end_s = findings.info.end_s_from_header
    if findings.timing.joins_s:
        header_end_s = None  # it speaks of one of the recordings, or of the clocks of all
    missing_s = 0.0 if header_end_s is None else header_end_s - findings.timing.last_end_s
    if header_end_s is not None and missing_s > CUT_OFF_TOLERANCE_S:
        found.append(
            (
                "video_cut_off",
                f"the header promises {header_end_s - extent.start_s:.1f} s, pictures are there "
                f"for {extent.duration_s:.1f} s",
            )
        )
    found.extend(
        stream_warnings(findings.info, findings.timing, findings.loss, findings.one_channel_s)
    )
    if options.max_frames is not None and len(frames.number) == options.max_frames:
        read_s = float(frames.pts_s[-1]) - extent.start_s
        found.append(
            (
                "stopped_at_max_frames",
                f"faces were read in the first {read_s:.1f} s of {extent.duration_s:.1f} s",
            )
        )
    if findings.timing.measured_s > findings.max_duration_s:
        found.append(
            (
                "stopped_at_duration_limit",
                f"the file was read up to the limit of {findings.max_duration_s:.0f} s",
            )
        )
    found += _voice_warnings(findings, options)
    return [parts.Notice(code=code, message=message) for code, message in found]


def _voice_warnings(findings: Findings, options: AnalysisOptions) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    novelty = None if findings.voice is None else findings.voice.quality.novelty
    if novelty is not None and novelty > NOVEL:
        found.append(
            (
                "unlike_known_speech",
                "the voice is unlike the speech that the voice models were made with (another "
                "kind of sound, music, several voices, or a channel they do not know): read "
                "pitch and expression of the voice with caution",
            )
        )
    if findings.voice is None and options.voice:
        has_sound = _has_sound(findings.info)
        sound = "sound, but none that can be decoded" if has_sound else "no sound"
        found.append(("no_voice", f"the file has {sound}: the voice was not read"))
    return found
