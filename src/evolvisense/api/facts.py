"""What is answered about the server."""

from __future__ import annotations

from pydantic import BaseModel, Field

from evolvisense.api.schemas import ReportFormat


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
