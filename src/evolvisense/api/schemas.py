"""What is answered about analyses."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field

from evolvisense.jobs.records import ENDED, JobState


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
