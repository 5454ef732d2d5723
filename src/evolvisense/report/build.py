"""Findings of the layers -> report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

from evolvisense.report import schema
from evolvisense.report.indicators import indicators_part
from evolvisense.report.people import person_part
from evolvisense.report.voice import voice_part
from evolvisense.types.behaviour import Behaviour
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.faces import FaceLayout, FaceObservations, FrameLog, Person
from evolvisense.types.indicators import Indicators
from evolvisense.types.media import MediaExtent, MediaInfo
from evolvisense.types.options import AnalysisOptions
from evolvisense.types.scores import LegacyScores
from evolvisense.types.voice import VoiceReading

CUT_OFF_TOLERANCE_S = 1.0


@dataclass(frozen=True)
class Findings:
    """All that the layers found in one file."""

    info: MediaInfo
    extent: MediaExtent
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


def build_report(
    findings: Findings,
    *,
    options: AnalysisOptions,
    models: Sequence[ModelIdentity],
    timings_s: Mapping[str, float],
) -> schema.Report:
    """The report of one analysis."""
    return schema.Report(
        schema_version=schema.SCHEMA_VERSION,
        producer=schema.Producer(name="evolvisense", version=version("evolvisense")),
        limits=schema.LIMITS_NOTICE,
        indicators=indicators_part(findings.indicators),
        media=_media(findings),
        options=schema.OptionsUsed(**asdict(options)),
        models=[schema.ModelUsed(**asdict(model)) for model in models],
        frames=schema.Frames(
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


def _media(findings: Findings) -> schema.MediaFacts:
    info, extent = findings.info, findings.extent
    video = info.video
    return schema.MediaFacts(
        container=info.container,
        size_bytes=info.size_bytes,
        start_s=extent.start_s,
        duration_s=extent.duration_s,
        duration_s_from_header=info.duration_s_from_header,
        video=None
        if video is None
        else schema.VideoFacts(
            codec=video.codec,
            width_px=video.width_px,
            height_px=video.height_px,
            rotation_deg=video.rotation_deg,
            average_rate_hz=video.average_rate_hz,
        ),
        audio=None if info.audio is None else schema.AudioFacts(**asdict(info.audio)),
        stream_count=info.stream_count,
    )


def _legacy(findings: Findings) -> schema.LegacyBlock:
    scores = findings.legacy
    voice = scores.voice
    return schema.LegacyBlock(
        formula="v1-legacy",
        emotions={emotion: list(values) for emotion, values in scores.emotions.items()},
        mental_health=schema.LegacyMentalHealth(
            depression=scores.depression,
            stress=scores.stress,
            anxiety=scores.anxiety,
            confidence=scores.confidence,
        ),
        voice_analysis=None if voice is None else schema.LegacyVoiceAnalysis(**asdict(voice)),
        frame_data=[
            schema.LegacyFrameData(
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
) -> schema.VoiceAbsentReason | None:
    if findings.voice is not None:
        return None
    if not options.voice:
        return "not_wanted"
    return "no_audio_stream" if findings.info.audio is None else "audio_not_decodable"


def _warnings(findings: Findings, options: AnalysisOptions) -> list[schema.Notice]:
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
    header_s = findings.info.duration_s_from_header
    if header_s is not None and header_s - extent.duration_s > CUT_OFF_TOLERANCE_S:
        found.append(
            (
                "video_cut_off",
                f"the header promises {header_s:.1f} s, pictures are there for "
                f"{extent.duration_s:.1f} s",
            )
        )
    if options.max_frames is not None and len(frames.number) == options.max_frames:
        read_s = float(frames.pts_s[-1]) - extent.start_s
        found.append(
            (
                "stopped_at_max_frames",
                f"faces were read in the first {read_s:.1f} s of {extent.duration_s:.1f} s",
            )
        )
    if extent.duration_s > findings.max_duration_s:
        found.append(
            (
                "stopped_at_duration_limit",
                f"the file was read up to the limit of {findings.max_duration_s:.0f} s",
            )
        )
    if findings.voice is None and options.voice:
        sound = "no sound" if findings.info.audio is None else "sound, but none that can be decoded"
        found.append(("no_voice", f"the file has {sound}: the voice was not read"))
    return [schema.Notice(code=code, message=message) for code, message in found]
