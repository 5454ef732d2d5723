"""Every setting of the server: from the environment (prefix EVOLVISENSE_) or a TOML file.

`EVOLVISENSE_CONFIG` names the file; its keys are the names below in small letters. The environment
wins over the file.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from evolvisense.api.scalars import decimal_number, truth, whole_number
from evolvisense.errors import ExtraMissingError
from evolvisense.extras import sentence
from evolvisense.sandbox import Files, Limits
from evolvisense.service.access.hosts import checked_patterns
from evolvisense.service.queue.messages import ANALYSIS_TARGET
from evolvisense.service.queue.settings import LeaseRules, PoolSettings, WorkplaceSettings
from evolvisense.service.webhooks.signing import secret_bytes

try:
    from pydantic_settings import (
        BaseSettings,
        NoDecode,
        PydanticBaseSettingsSource,
        SettingsConfigDict,
        TomlConfigSettingsSource,
    )
except ImportError as error:
    raise ExtraMissingError(sentence("server", "The server", "pydantic-settings")) from error

MB = 1024**2
GB = 1024**3
MOST_WORKERS_BY_DEFAULT = 4
CONFIG_VARIABLE = "EVOLVISENSE_CONFIG"


def _workers_for_this_machine() -> int:
    return max(1, min(MOST_WORKERS_BY_DEFAULT, len(os.sched_getaffinity(0))))


def _home() -> Path:
    if configured := os.environ.get("EVOLVISENSE_HOME"):
        return Path(configured) / "server"
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "evolvisense" / "server"


READERS: Mapping[object, Callable[[object], object]] = {
    int: whole_number,
    float: decimal_number,
    bool: truth,
}
"""Type of a setting -> what reads its text."""

Texts = Annotated[list[str], NoDecode]


class Settings(BaseSettings):
    """Read from the environment, for instance `EVOLVISENSE_MAX_UPLOAD_BYTES=52428800`."""

    model_config = SettingsConfigDict(
        env_prefix="EVOLVISENSE_",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # a value may be a secret
    )

    data_dir: Path = Field(
        default_factory=_home,
        description="Folder of the queue, of uploads until they are analysed, and of reports.",
    )
    database_url: str = Field(
        default="",
        description="Database of the queue, such as `postgresql+psycopg://user@host/name`; a "
        "SQLite file in `data_dir` where it is empty.",
    )

    max_upload_bytes: int = Field(default=10 * MB, ge=1, description="Largest video, bytes.")
    max_files: int = Field(default=16, ge=1, description="Most videos in one request to /v1.")
    max_uploads: int = Field(
        default=64, ge=1, description="Most uploads at a time; a slow one gives way to others."
    )
    upload_timeout_s: float = Field(
        default=30.0, gt=0, description="An upload ends with 408 when no byte comes for this long."
    )
    upload_total_s: float = Field(
        default=600.0, gt=0, description="An upload ends with 408 when it takes longer than this."
    )
    header_timeout_s: float = Field(
        default=10.0,
        gt=0,
        description="A connection is closed when the headers of a request take longer than this.",
    )
    keep_alive_s: float = Field(
        default=30.0, gt=0, description="A connection without a request is closed after this time."
    )
    max_connections: int = Field(
        default=0,
        ge=0,
        description="Most connections at a time. 0: half as many as the process may open files, "
        "1000 at most. At the limit the connection that has waited longest without a request "
        "gives way to a new one.",
    )
    max_connections_per_address: int = Field(
        default=0,
        ge=0,
        description="Most connections of one peer address, which may be a proxy; 0: half of "
        "`max_connections`.",
    )
    max_duration_s: float = Field(
        default=3600.0,
        gt=0,
        description="Longest video; one without a duration in its header is read up to here.",
    )
    max_pixels: int = Field(default=7680 * 4320, ge=1, description="Most pixels of a frame (8K).")
    max_streams: int = Field(default=32, ge=1, description="Most streams a file may have.")

    workers: int = Field(
        default_factory=_workers_for_this_machine,
        ge=0,
        description="Videos analysed at the same time, each in a process of its own: one for each "
        "core, 4 at most. 0 leaves the work to `evolvisense worker`.",
    )
    queue_size: int = Field(
        default=8,
        ge=0,
        description="Clients of /analyze-video/ that may wait; beyond it the answer is 429.",
    )
    max_queued: int = Field(
        default=1000, ge=0, description="Jobs of /v1 that may wait; beyond it the answer is 429."
    )
    max_attempts: int = Field(
        default=3, ge=1, description="A job whose worker died so often fails with the reason."
    )
    lease_s: float = Field(
        default=15.0, gt=1, description="A job whose worker is silent for so long is taken again."
    )
    job_memory_bytes: int = Field(default=2 * GB, ge=256 * MB, description="Memory of a worker.")
    job_cpu_s: float = Field(default=14400.0, gt=0, description="CPU seconds of one job.")
    job_wall_s: float = Field(default=7200.0, gt=0, description="Seconds that one job may take.")
    shutdown_grace_s: float = Field(
        default=10.0,
        ge=0,
        description="Running jobs may end in so many seconds at shutdown; the "
        "others go back to the queue.",
    )
    report_retention_s: float = Field(
        default=24 * 3600.0,
        ge=0,
        description="Reports of /v1 are deleted so long after their job ended. Media are always "
        "deleted when the job ends.",
    )
    min_free_bytes: int = Field(
        default=200 * MB, ge=0, description="Uploads are refused with 507 below so much free disk."
    )

    allow_anonymous: bool = Field(
        default=False,
        description="Serve everybody without keys on other addresses than loopback.",
    )
    allowed_hosts: Texts = Field(
        default=[],
        description="Names of this server besides localhost and the host it listens on, separated "
        "by commas, as in `video.example.org,*.example.net`; `*` allows every name. Requests to "
        "other names are answered with 421.",
    )
    trusted_proxies: Texts = Field(
        default=[],
        description="Addresses or networks of proxies, separated by commas, as in "
        "`127.0.0.1,10.0.0.0/8`: what they write into `X-Forwarded-For` and `X-Forwarded-Proto` "
        "counts, and what others write does not.",
    )
    caller_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of the queue, of the uploads, of the clients of /analyze-video/ and of "
        "the live streams that one key, or one address without a key, may take; 1 is all of them.",
    )
    rate_per_minute: float = Field(
        default=120.0,
        ge=0,
        description="Requests per minute of one key, or of one address without a key; 0 is without "
        "limit.",
    )
    rate_burst: int = Field(default=60, ge=1, description="Requests at once before that counts.")
    cors_origins: Texts = Field(
        default=[],
        description="Web pages of other origins that may call this server, separated by commas, "
        "as in `https://a.example,https://b.example`; `*` allows every page.",
    )
    webhook_secrets: Annotated[list[SecretStr], NoDecode] = Field(
        default=[],
        description="Standard Webhooks secrets (`whsec_...`), separated by commas, newest first; "
        "without one no webhooks are sent.",
    )
    allow_private_webhooks: bool = Field(
        default=False, description="Webhooks may go to private addresses and by http."
    )
    profile: Literal["open", "strict"] = Field(
        default="open",
        description="`strict` wants consent and purpose with every video and keeps an audit log.",
    )
    observations_only: bool = Field(
        default=False, description="No emotion labels and no scores, for everybody."
    )

    require_sandbox: bool | None = Field(
        default=None,
        description="Start only where every part of the sandbox around untrusted media is in "
        "force, as tried at start; on in the strict profile.",
    )

    live_streams: int = Field(default=8, ge=0, description="Live streams at the same time.")
    live_max_fps: float = Field(default=15.0, gt=0, description="Pictures per second of one.")
    live_idle_s: float = Field(default=30.0, gt=0, description="A silent live stream is closed.")
    live_max_frame_bytes: int = Field(default=2 * MB, ge=1024, description="Largest live picture.")

    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines for people or for programs."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe messages that are logged."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        given = os.environ.get(CONFIG_VARIABLE)
        if not given:
            return init_settings, env_settings
        if not Path(given).is_file():
            raise FileNotFoundError(f"{CONFIG_VARIABLE} names {given}, which is no file")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(given))

    @field_validator("*", mode="before")
    @classmethod
    def _one_spelling(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - as above
        kind: object = cls.model_fields[info.field_name or ""].annotation
        read = READERS.get(kind)
        return value if read is None else read(value)

    @field_validator(
        "allowed_hosts", "trusted_proxies", "cors_origins", "webhook_secrets", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, value: list[str]) -> list[str]:
        return checked_patterns(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: list[str]) -> list[str]:
        for proxy in value:
            try:
                ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"{proxy!r} is not an address or a network: {error}") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        return [origin.lower().removesuffix("/") for origin in value]

    @field_validator("webhook_secrets")
    @classmethod
    def _usable(cls, value: list[SecretStr]) -> list[SecretStr]:
        for number, secret in enumerate(value, 1):
            try:
                secret_bytes(secret.get_secret_value())
            except ValueError as error:
                # Without its value, which would stand in the log.
                raise ValueError(f"webhook secret {number} is not usable: {error}") from None
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if self.profile == "strict" and self.allow_anonymous:
            raise ValueError("the strict profile wants keys: leave allow_anonymous off")
        return self

    def share_of(self, whole: int) -> int:
        """How much of `whole` one caller may take: one at least, where there is one."""
        return min(whole, max(1, math.floor(whole * self.caller_share)))

    @property
    def queue_url(self) -> str:
        """Where the queue is."""
        return self.database_url or f"sqlite:///{self.data_dir / 'queue.db'}"

    @property
    def requires_sandbox(self) -> bool:
        """Whether nothing is analysed where a part of the sandbox is not in force."""
        if self.require_sandbox is None:
            return self.profile == "strict"
        return self.require_sandbox

    def workplace(
        self, target: str = ANALYSIS_TARGET, files: Files | None = None
    ) -> WorkplaceSettings:
        """What they say about the queue and its workers.

        Args:
            target: What the workers run.
            files: What they may reach besides what they work on, by default nothing.
        """
        media = {"max_bytes": self.max_upload_bytes}
        media |= self.model_dump(include={"max_pixels", "max_duration_s", "max_streams"})
        return WorkplaceSettings(
            data_dir=self.data_dir,
            database_url=self.queue_url,
            reserve_bytes=self.min_free_bytes,
            pool=PoolSettings(
                workers=self.workers,
                limits=Limits(self.job_memory_bytes, self.job_cpu_s, self.job_wall_s),
                media_limits=media,
                max_attempts=self.max_attempts,
                report_retention_s=self.report_retention_s,
                target=target,
                require_sandbox=self.requires_sandbox,
                files=files or Files(),
            ),
            leases=LeaseRules(self.lease_s, self.max_attempts, self.report_retention_s),
        )
