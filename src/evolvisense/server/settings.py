"""Every setting of the server; the environment names them with the prefix EVOLVISENSE_."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import DirectoryPath, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MOST_WORKERS_BY_DEFAULT = 4


def _workers_for_this_machine() -> int:
    return max(1, min(MOST_WORKERS_BY_DEFAULT, len(os.sched_getaffinity(0))))


class Settings(BaseSettings):
    """Read from the environment, for instance `EVOLVISENSE_MAX_UPLOAD_BYTES=52428800`."""

    model_config = SettingsConfigDict(env_prefix="EVOLVISENSE_", frozen=True, extra="forbid")

    max_upload_bytes: int = Field(
        default=10 * 1024 * 1024, ge=1, description="Largest video that is accepted."
    )
    upload_timeout_s: float = Field(
        default=30.0, gt=0, description="An upload ends with 408 when no byte comes for this long."
    )
    max_duration_s: float = Field(
        default=3600.0, gt=0, description="Longest video that is accepted."
    )
    max_pixels: int = Field(
        default=7680 * 4320, ge=1, description="Most pixels a frame may have; the default is 8K."
    )
    max_streams: int = Field(
        default=32, ge=1, description="Most streams a file may have, used or not."
    )
    workers: int = Field(
        default_factory=_workers_for_this_machine,
        ge=1,
        description="Videos analysed at the same time; by default one for each core, 4 at most.",
    )
    queue_size: int = Field(
        default=8,
        ge=0,
        description="Videos that may wait for a worker; beyond it the answer is 503, Retry-After.",
    )
    cors_origins: Annotated[list[str], NoDecode] = Field(
        default=[],
        description="Web pages of other origins that may call this server, separated by commas, "
        "as in `https://a.example,https://b.example`; `*` allows every page; none by default.",
    )
    temp_dir: DirectoryPath | None = Field(
        default=None,
        description="Folder of uploads while they are analysed; the system's where it is not set.",
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
        if isinstance(value, str):
            return [origin.strip() for origin in value.split(",") if origin.strip()]
        return value
