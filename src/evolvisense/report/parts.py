"""The parts of a report and their fields, with units in the names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from evolvisense.options import Smoothing
from evolvisense.report.columns import (
    BooleanColumn,
    FractionColumn,
    IntegerColumn,
    IntensityColumn,
    Part,
    PixelColumn,
    TimeColumn,
)
from evolvisense.report.indicator_parts import IndicatorBlock
from evolvisense.report.landmarks import Landmarks
from evolvisense.report.summary_parts import Mark, Moment, Summary
from evolvisense.report.voice_parts import Voice
from evolvisense.thresholds import Thresholds
from evolvisense.types.behaviour import AbsentReason, Speaking, Uncertainty
from evolvisense.types.indicators import Language
from evolvisense.types.scores import Emotion

SCHEMA_VERSION = "1.6"

LIMITS_NOTICE = (
    "Experimental. These numbers describe visible and audible behaviour in this recording relative "
    "to a reference set. They do not measure how you feel and do not diagnose depression, anxiety "
    "or any condition. About one in four people show the opposite voice-pitch change under stress. "
    "Not for use on employees, applicants, pupils or students (prohibited in the EU). If you are "
    "struggling, contact a health professional or a local crisis line."
)


class Producer(Part):
    """The software that wrote a report."""

    name: str = Field(description="Always `evolvisense`.")
    version: str = Field(description="Version of the package.")


class VideoFacts(Part):
    """The video stream that was analysed."""

    codec: str = Field(description="FFmpeg's name of the codec.")
    width_px: int = Field(description="Display width: upright, with square pixels.")
    height_px: int = Field(description="Display height: upright, with square pixels.")
    rotation_deg: int = Field(description="Clockwise turn that was applied: 0, 90, 180 or 270.")
    average_rate_hz: float | None = Field(
        description="Mean frame rate by the header; never used to compute a time."
    )
    mirrored: bool = Field(
        default=False,
        description="Whether the stored frame was mirrored left to right before it was turned, as "
        "its display matrix says (selfies).",
    )
    pixel_aspect: float = Field(
        default=1.0,
        description="Width over height of a pixel of the upright frame as stored. Frames were "
        "made square before analysis; sizes and boxes are those of square pixels.",
    )
    stream: int | None = Field(
        default=None,
        description="0-based number of the stream in the container, as FFmpeg counts; null in "
        "older reports.",
    )
    missing_frames: int | None = Field(
        default=None,
        description="Frames that are damaged or missing in the file; null where the stream was "
        "not read to its end.",
    )
    missing_s: float | None = Field(
        default=None, description="Seconds without a picture because of them."
    )


class AudioFacts(Part):
    """The audio stream that was analysed."""

    codec: str = Field(description="FFmpeg's name of the codec.")
    rate_hz: int = Field(description="Sample rate.")
    channels: int = Field(
        description="Channels. Their mean is analysed; where they cancel each other, the loudest."
    )
    stream: int | None = Field(
        default=None,
        description="0-based number of the stream in the container, as FFmpeg counts; null in "
        "older reports.",
    )
    missing_s: float | None = Field(
        default=None,
        description="Seconds of sound that are damaged or missing in the file; null where the "
        "stream was not read to its end.",
    )


class MediaFacts(Part):
    """Facts about the file."""

    source_name: str | None = Field(
        default=None,
        description="The file as the command was given it; null from a server, which keeps no "
        "names.",
    )
    container: str = Field(description="FFmpeg's name of the container format.")
    size_bytes: int = Field(description="Size of the file.")
    start_s: float = Field(
        description="Time of the first frame on the file's own clock; of sound in a sound file."
    )
    duration_s: float = Field(
        description="From the first frame to the end of the last, measured on the packets."
    )
    duration_s_from_header: float | None = Field(
        description="What the header says; null where it says nothing (WebM from a browser)."
    )
    video: VideoFacts | None = Field(
        description="null for a sound file, which is analysed without a face."
    )
    audio: AudioFacts | None = Field(description="null where no audio stream can be decoded.")
    stream_count: int = Field(description="Streams in the container, used or not.")


class OptionsUsed(Part):
    """Every option of the analysis."""

    frame_skip: int = Field(description="Frames whose 1-based number is a multiple were analysed.")
    max_frames: int | None = Field(description="Limit of analysed frames; null for none.")
    voice: bool = Field(description="Whether the voice was to be read.")
    smoothing: Smoothing = Field(
        description="Filter of the timelines: the 1-euro filter (Casiez et al. 2012), or off."
    )
    language: Language = Field(
        description="Language of the reference set that indicators are relative to."
    )
    landmarks: bool = Field(
        default=False, description="Whether the landmarks of faces were to be kept."
    )
    video_stream: int | None = Field(
        default=None, description="Number of the video stream that was asked for; null for none."
    )
    thresholds: Thresholds | None = Field(
        default=None,
        description="Thresholds of speech segments, pauses, blinks, uncertainty and smoothing; "
        "null in older reports, which were made with the defaults.",
    )


class ModelUsed(Part):
    """A model or method that took part."""

    id: str = Field(description="Its name.")
    version: str = Field(description="Its version; of the package where weights are inside one.")
    licence: str = Field(description="Licence of the weights or the method.")
    sha256: str | None = Field(description="Hash of its file; null for a third-party package.")


class Frames(Part):
    """Columns over the analysed frames, whether or not a face was found. Called, they are the
    table of faces.
    """

    _table: Callable[[int | None], Any] | None = None

    number: IntegerColumn = Field(description="1-based number of the frame in the stream.")
    time_s: TimeColumn = Field(description="True presentation time.")
    faces: IntegerColumn = Field(description="Faces found; 0 says that nobody was found.")

    def __call__(self, person: int | None = None) -> Any:  # noqa: ANN401 - pandas is optional
        """The table of `to_csv` as a pandas DataFrame: a row for each face and frame.

        `person` keeps the rows of one person. Raises FormatUnavailableError without pandas and
        InvalidOptionError for a person that is not there.
        """
        if self._table is None:
            raise TypeError("these frames belong to no report")
        return self._table(person)

    def with_table(self, table: Callable[[int | None], Any] | None) -> Frames:
        """The same columns; called, they give `table` of the number of a person or None."""
        frames = self.model_copy()
        frames._table = table
        return frames


class Track(Part):
    """A face followed without a gap of more than two seconds."""

    id: int = Field(description="1-based, unique in the report.")
    start_s: float = Field(description="First sighting.")
    end_s: float = Field(description="Last sighting.")
    frames: int = Field(description="Analysed frames in which it was seen.")


class FaceTimeline(Part):
    """Columns over the frames in which the person was found."""

    frame_number: IntegerColumn = Field(description="1-based number of the frame.")
    time_s: TimeColumn = Field(description="True presentation time.")
    track_id: IntegerColumn = Field(description="Track of the sighting.")
    left_px: PixelColumn = Field(description="Left edge of the face box in source pixels.")
    top_px: PixelColumn = Field(description="Top edge.")
    right_px: PixelColumn = Field(description="Right edge.")
    bottom_px: PixelColumn = Field(description="Bottom edge.")
    score: FractionColumn = Field(
        description="How sure the network is that there is a face, 0-1; the detector's own "
        "confidence where the engine reads expressions only."
    )
    detected: BooleanColumn = Field(
        description="Whether the detector looked at the frame; false where the face was followed "
        "by its landmarks."
    )
    size_px: PixelColumn = Field(description="Geometric mean of the box's sides.")
    sharpness: PixelColumn = Field(
        description="Standard deviation of the Laplacian of the crop, grey levels."
    )
    brightness: FractionColumn = Field(description="Mean grey level of the crop, 0-1.")
    probabilities: dict[Emotion, FractionColumn] | None = Field(
        description="Probability of each expression, 0-1; the seven sum to 1 in each frame. null "
        "where withheld."
    )
    uncertain: list[Uncertainty] = Field(
        description="Why the expression of the frame should not be read: flat (no probability "
        "stands out), small, blurred, dark, turned, covered; empty where it may."
    )
    speaking: list[Speaking] = Field(description="Whether this person speaks.")
    eye_openness: FractionColumn | None = Field(
        description="1 open, 0 closed; null where the engine reads expressions only, like all "
        "columns below."
    )
    smile: FractionColumn | None = Field(description="Mean of both sides' smile action, 0-1.")
    mouth_opening: FractionColumn | None = Field(
        description="Gap between the inner lips over the distance between the eyes."
    )
    pitch_deg: PixelColumn | None = Field(description="Head up (+) or down (-).")
    yaw_deg: PixelColumn | None = Field(description="Head to the picture's right (+) or left (-).")
    roll_deg: PixelColumn | None = Field(description="Head tilted clockwise (+) or back (-).")
    eye_distance_px: PixelColumn | None = Field(
        description="Between the centres of the eyes in source pixels."
    )
    actions: dict[str, FractionColumn] | None = Field(
        description="The 52 facial actions (blendshapes of ARKit and MediaPipe), 0-1."
    )
    action_units: dict[str, IntensityColumn] | None = Field(
        default=None,
        description="Intensity 0-5 of the FACS action units that the network recognises well "
        "enough (area under the ROC curve of at least .85 on people set aside); null where the "
        "engine reads none.",
    )
    landmarks: Landmarks | None = Field(
        default=None,
        description="null unless `options.landmarks` asked for them, and where the engine reads "
        "expressions only.",
    )


class BlinkEvent(Part):
    """One blink, from half closed to half open again."""

    start_s: float = Field(description="Begin on the file's clock.")
    end_s: float = Field(description="End on the file's clock.")
    depth: float = Field(description="How far the lids closed, 0-1.")


class BehaviourMeasures(Part):
    """The person's frames in a few numbers; null where the frames cannot say."""

    certain_share: float = Field(
        description="Share of the frames whose expression may be read, 0-1."
    )
    smile_mean: float | None = Field(description="Mean smile, 0-1.")
    blinks_per_min: float | None = Field(
        description="Blinks per minute of the frames seen; null under 30 s, too few for a rate."
    )
    head_speed_deg_s: float | None = Field(description="Median speed of the head's turning.")
    speaking_share: float | None = Field(description="Share of the frames in which they speak.")


class Person(Part):
    """One person: tracks that follow each other at one place. Nobody is identified."""

    id: int = Field(description="1-based, by first appearance.")
    is_main: bool = Field(description="True for the one seen longest and largest.")
    frames: int = Field(description="Analysed frames in which the person was found.")
    share_of_frames: float = Field(description="The same as a share of all analysed frames, 0-1.")
    mean_probabilities: dict[Emotion, float] | None = Field(
        description="Mean of the raw probabilities over the frames whose expression can be read; "
        "null where it can be read in none, or where withheld."
    )
    mean_probabilities_all_frames: dict[Emotion, float] | None = Field(
        default=None,
        description="The same over all frames in which the person was found, readable or not; "
        "null where withheld.",
    )
    tracks: list[Track] = Field(description="Where the person was followed.")
    measures: BehaviourMeasures
    blinks: list[BlinkEvent] | None = Field(description="null where they cannot be seen.")
    blinks_absent_reason: AbsentReason | None = Field(
        description="Why `blinks` is null: frames too far apart, a face too small, covered eyes, a "
        "still image, or an engine without actions."
    )
    smile_absent_reason: AbsentReason | None = Field(
        default=None,
        description="Why `smile_mean` is null: the mouth is covered, or the image is still.",
    )
    head_absent_reason: AbsentReason | None = Field(
        default=None,
        description="Why `head_speed_deg_s` is null.",
    )
    speaking_unknown_reason: AbsentReason | None = Field(
        description="Why `speaking` is unknown in some frames; null where it never is."
    )
    timeline: FaceTimeline


class LegacyMentalHealth(Part):
    """The four v1 scores, 0-100. The names are the contract's, not a claim."""

    depression: float = Field(description="Share formula.")
    stress: float = Field(description="Share formula, .7 face + .3 voice where there is sound.")
    anxiety: float = Field(description="Share formula, .7 face + .3 voice where there is sound.")
    confidence: float = Field(description="Mean confidence of the analysed frames, percent.")


class LegacyVoiceAnalysis(Part):
    """v1 on the sound, 0-100: a loudness meter."""

    stress: float = Field(description="Half pitch term, half loudness.")
    anxiety: float = Field(description=".7 pitch term, .3 loudness.")


class LegacyFrameData(Part):
    """v1 on one analysed frame, 0-100."""

    time: float = Field(description="True presentation time, seconds.")
    stress: float = Field(
        description="The v1 formula applied to this frame only; with sound 0.7 face + 0.3 voice."
    )
    anxiety: float = Field(
        description="The v1 formula applied to this frame only; with sound 0.7 face + 0.3 voice."
    )
    confidence: float = Field(description="Confidence of the dominant emotion, percent.")


class LegacyBlock(Part):
    """The answer of the existing service, kept for its clients; not a measurement of a person."""

    formula: Literal["v1-legacy"] = Field(description="Marks the formula.")
    emotions: dict[Emotion, list[float]] = Field(
        description="Dominant emotion -> confidence in percent of each frame that has it; a frame "
        "without a face counts as neutral with 0.0."
    )
    mental_health: LegacyMentalHealth
    voice_analysis: LegacyVoiceAnalysis | None = Field(description="null without sound.")
    frame_data: list[LegacyFrameData] = Field(description="One per analysed frame.")
    peak_stress: float = Field(description="Highest stress of `frame_data`.")
    video_duration: float = Field(description="Seconds.")


class Notice(Part):
    """Something that limits what the report can say."""

    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="For people.")


class Withheld(Part):
    """Fields that were filled by the analysis and left out of this report on request."""

    reason: Literal["observations_only"] = Field(
        description="observations_only: no emotion, and no score that stands on one."
    )
    parts: list[str] = Field(
        description="The fields; `[]` stands for every element of a list, `[name]` for the one "
        "of that name."
    )


VoiceAbsentReason = Literal["no_audio_stream", "audio_not_decodable", "not_wanted"]


class ReportData(Part):
    """The fields of a report. `Report` adds figures and tables, which read these fields."""

    schema_version: Literal["1.6"] = Field(description="Version of this shape.")
    producer: Producer
    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")
    summary: Summary = Field(description="What was seen and heard: to be shown first.")
    moments: list[Moment] = Field(
        description="Telling stretches of the recording, the most striking first; at most ten."
    )
    marks: list[Mark] = Field(
        default_factory=list[Mark],
        description="What people marked while watching. An analysis makes none: the page, or "
        "whoever passes the report on, adds them.",
    )
    indicators: IndicatorBlock
    media: MediaFacts
    options: OptionsUsed
    models: list[ModelUsed] = Field(description="Models and methods that took part.")
    frames: Frames
    people: list[Person] = Field(description="Persons found, by first appearance; may be empty.")
    voice: Voice | None = Field(description="null where there is no voice to read.")
    voice_absent_reason: VoiceAbsentReason | None = Field(
        description="Why `voice` is null; null where it is not."
    )
    v1: LegacyBlock | None = Field(
        description="Always there in the answer of `/analyze-video/`; null where withheld."
    )
    withheld: Withheld | None = Field(description="What was left out on request, or null.")
    warnings: list[Notice] = Field(description="What limits this report.")
    timings_s: dict[str, float] = Field(
        description="Seconds per stage; stages run side by side, `total` is the wall time."
    )
