"""The part `options` of a form."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from evolvisense.options import Smoothing
from evolvisense.types.indicators import Language

LARGEST_COUNT = 2**53
"""The largest whole number that survives JSON."""

Count = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]


class Webhook(BaseModel):
    """Where to tell that an analysis has ended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(max_length=2000, description="An https address that anybody can reach.")


class Consent(BaseModel):
    """Who has agreed to the analysis; wanted by the strict profile."""

    model_config = ConfigDict(extra="forbid", strict=True)

    confirmed_by: str = Field(min_length=1, max_length=200)
    confirmed_at: str = Field(max_length=64, description="ISO 8601 with a time zone.")
    text_version: str = Field(max_length=64, description="Of the text in `/v1/limits`.")


class Purpose(BaseModel):
    """What the analysis is for; wanted by the strict profile."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: str = Field(
        max_length=64,
        description="`self-reflection`, `research`, `software-testing` or `clinical-supervised`.",
    )
    ethics_id: str | None = Field(
        default=None, max_length=200, description="Of the ethics vote; wanted for `research`."
    )


class BaselineChoice(BaseModel):
    """A person's own recordings that the scores are to be relative to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=64, description="Of one of your baselines: `/v1/baselines`.")
    task: str | None = Field(
        default=None,
        max_length=100,
        description="Label of the recordings to compare with; wanted where there are several.",
    )


class Overlay(BaseModel):
    """A video with what was found drawn over it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    blur_faces: bool | None = Field(
        default=None,
        description="Make every face that was found unrecognisable; the sound stays. null: only "
        "under the strict profile, where false is refused.",
    )


class Options(BaseModel):
    """The part `options` of the form, as JSON."""

    model_config = ConfigDict(extra="forbid", strict=True)

    frame_skip: Count = Field(
        default=1, description="Analyse frames whose 1-based number is a multiple of this."
    )
    max_frames: Count | None = Field(
        default=None, description="Read faces in so many frames at most; null reads to the end."
    )
    voice: bool = Field(default=True, description="Read the voice too.")
    smoothing: Smoothing = Field(default="one-euro", description="Filter of the timelines.")
    language: Language = Field(
        default="any", description="Indicators are relative to the reference set of this language."
    )
    landmarks: bool = Field(default=False, description="Keep the landmarks of faces in the report.")
    video_stream: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] | None = Field(
        default=None,
        description="Number of the video stream to analyse, as FFmpeg counts the streams of the "
        "file, from 0; null takes the default or longest one in which a face is found.",
    )
    overlay: Overlay | None = Field(
        default=None, description="Make an overlay video too; null makes none."
    )
    observations_only: bool = Field(
        default=False, description="No emotion labels and no scores in the report."
    )
    baseline: BaselineChoice | None = Field(
        default=None, description="As it stands when the analysis is accepted."
    )
    webhook: Webhook | None = Field(default=None)
    consent: Consent | None = Field(default=None)
    purpose: Purpose | None = Field(default=None)

    def analysis(self) -> dict[str, Any]:
        """The fields of AnalysisOptions."""
        return self.model_dump(
            include={
                "frame_skip",
                "max_frames",
                "voice",
                "smoothing",
                "language",
                "landmarks",
                "video_stream",
            }
        )
