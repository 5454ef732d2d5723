"""Requests and responses of `/v1`: jobs, facts about the server, figures, personal baselines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from evolvisense.types.indicators import Feature
from evolvisense.types.job import ENDED, JobState


class AnalysisError(BaseModel):
    """Why an analysis failed."""

    code: str = Field(description="Stable, for programs; the catalogue is in docs/errors.md.")
    detail: str = Field(description="For people: what is wrong and what to do.")


class AnalysisLinks(BaseModel):
    """Addresses that belong to an analysis."""

    self: str
    events: str
    report: str | None = Field(description="null until the analysis has succeeded.")
    overlay: str | None = Field(
        default=None,
        description="The overlay video; null until the analysis has succeeded, and where none was "
        "asked for or could be made (`overlay_failed` among the report's warnings).",
    )


class Analysis(BaseModel):
    """One video that is, was or will be analysed."""

    id: str
    state: JobState
    stage: str = Field(
        description="`queued`, `opening`, `analysing`, `scoring`, `overlay` or `done`."
    )
    percent: float = Field(
        ge=0, le=100, description="Of the media time; half of it is for an overlay."
    )
    queue_position: int | None = Field(
        description="How many analyses come before this one; null where it does not wait."
    )
    attempts: int = Field(description="How often a worker began with it.")
    submission: str | None = Field(description="The same for all files of one request.")
    options: dict[str, Any] = Field(description="What it was asked with.")
    media_bytes: int
    media_sha256: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When the report is deleted.")
    error: AnalysisError | None = Field(description="null unless the state is `failed`.")
    links: AnalysisLinks

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


class AnalysisList(BaseModel):
    """Analyses, newest first."""

    analyses: list[Analysis]
    next_page_token: str | None = Field(description="Give it as `page_token`; null at the end.")


ReportFormat = Literal["json", "csv", "parquet", "html", "eaf", "textgrid"]
REPORT_FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)


class ConsentText(BaseModel):
    """What must be confirmed under the strict profile."""

    version: str
    text: str


class ServerLimits(BaseModel):
    """What this server accepts."""

    max_upload_bytes: int
    max_files: int = Field(description="In one request.")
    max_duration_s: float
    max_pixels: int = Field(description="Of a frame.")
    max_streams: int
    max_queued: int = Field(description="Analyses that may wait.")
    queued: int = Field(description="Analyses that wait now.")
    running: int
    report_retention_s: float = Field(
        description="Reports and overlay videos are deleted after so long."
    )
    media_retention_s: float = Field(description="Media are deleted when their analysis ends.")
    rate_per_minute: float = Field(description="Requests of one key or address; 0: no limit.")
    live_streams: int
    live_max_fps: float
    keys_required: bool = Field(description="Whether every request needs a key.")
    baselines: bool = Field(description="Whether personal baselines are kept for you.")
    report_formats: list[ReportFormat] = Field(description="What reports can be had as.")
    profile: str = Field(description="`open`, or `strict`: consent and purpose are wanted.")
    observations_only: bool = Field(description="No emotion labels and no scores for anybody.")
    purposes: dict[str, str] = Field(description="What an analysis may be for.")
    consent: ConsentText
    notice: str = Field(description="What the numbers do not mean; to be shown beside them.")


class FigureShown(BaseModel):
    """A figure for plotly: `Plotly.newPlot(element, data, layout)`."""

    name: str
    title: str
    description: str = Field(description="One sentence, for those who do not see it.")
    data: list[dict[str, Any]] = Field(description="Traces; none where there is nothing to show.")
    layout: dict[str, Any]
    height_px: int
    absent_reason: str | None = Field(description="In words, why there is nothing to show.")


class Figures(BaseModel):
    """Figures of one analysis."""

    figures: list[FigureShown] = Field(description="In the order in which they were asked for.")
    start_s: float = Field(description="Begin of the window, seconds since the recording's own.")
    end_s: float = Field(description="End of the window.")


class ComparedValue(BaseModel):
    """One measure of two recordings. Whether they differ by more than chance is not said."""

    figure: str = Field(description="Name of the figure that shows it.")
    name: str = Field(description="Stable, for programs.")
    label: str = Field(description="For people.")
    unit: str
    first: float | None = Field(description="null where it cannot be told.")
    second: float | None
    first_interval: tuple[float, float] | None = Field(description="90 %, where there is one.")
    second_interval: tuple[float, float] | None
    note: str = Field(description="Whether the intervals overlap, or why a value is not there.")


class ComparisonWarning(BaseModel):
    """Why two analyses can be compared with care only, or not at all."""

    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="For people.")


class Comparison(BaseModel):
    """Two analyses side by side."""

    figures: list[FigureShown]
    rows: list[ComparedValue]
    warnings: list[ComparisonWarning]
    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")


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
