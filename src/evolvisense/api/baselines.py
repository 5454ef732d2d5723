"""What is asked and answered about personal baselines."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from evolvisense.types.indicators import Feature

LONGEST_TASK = 100


class NewRecording(BaseModel):
    """An analysed recording that a baseline is to hold."""

    model_config = ConfigDict(extra="forbid", strict=True)

    analysis: str = Field(max_length=64, description="Id of a succeeded analysis of yours.")
    task: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_TASK,
        description="What was done and with which device, such as `diary, phone`: only recordings "
        "with the same label are compared.",
    )
    recorded: date | None = Field(
        default=None,
        description="Day of the recording; null for the day of its analysis (UTC).",
    )


class BaselineFeature(BaseModel):
    """A feature of the recordings of one task."""

    name: Feature = Field(description="Its name, with its unit; logarithms are natural.")
    recordings: int = Field(description="Recordings that have it.")
    mean: float
    lowest: float
    highest: float


class BaselineTask(BaseModel):
    """The recordings of one task, which are compared with each other."""

    task: str | None = Field(description="Its label; null for recordings without one.")
    recorded: list[date] = Field(description="A day for each recording, oldest first.")
    days: int = Field(description="Different days among them.")
    is_ready: bool = Field(description="Whether they are enough to be compared with.")
    missing_recordings: int = Field(description="How many more they need.")
    missing_days: int = Field(description="Over how many more days they must be spread.")
    features: list[BaselineFeature]


class PersonalBaseline(BaseModel):
    """Feature values of a person's own recordings: no media, no names of files, no scores."""

    name: str
    recordings: int
    tasks: list[BaselineTask]


class BaselineList(BaseModel):
    """The baselines of one key."""

    baselines: list[PersonalBaseline]
