"""Every error that EvolviSense raises on purpose, as one tree.

`EvolviSenseError`
  `InputError`: the caller's file or options; another input would work
    `EmptyFileError`, `NotAVideoError`, `NoVideoStreamError`, `NoFramesError`, `FileUnreadableError`
    `LimitError`: readable, but larger than a setting allows
      `FileTooLargeError`, `FrameTooLargeError`, `VideoTooLongError`, `TooManyStreamsError`
    `BadImageError`: a picture of a live stream
    `InvalidOptionError`, `WebhookRefusedError`
    `ConsentMissingError`, `PurposeRefusedError`: the strict profile
    `IdempotencyConflictError`: the key of a request was used before
    `BaselineError`: a personal baseline
      `BaselineNameError`, `BaselineNotFoundError`, `BaselineRecordingError`, `BaselineTaskError`,
      `BaselineCorruptError`
  `EngineError`: this installation
    `UnknownEngineError`, `EngineUnavailableError`, `FormatUnavailableError`, `ExtraMissingError`
    `ModelMissingError`, `ModelCorruptError`, `ModelDownloadError`
  `StorageError`: the disk or the database of the server
    `StorageFullError`, `DatabaseError`, `FolderNotSharedError`, `DataFolderError`,
    `DatabaseMismatchError`
  `AuditError`: the audit log cannot be written, so nothing may be analysed
  `SandboxError`: work in a process of its own came to no result
    `SandboxDiedError`, `SandboxLimitError`, `SandboxTaskError`
  `BusyError`: try again later
    `QueueFullError`
  `CancelledError`: somebody asked the work to stop

`code` is stable and meant for programs; the text is meant for people and says what to do.
"""

from __future__ import annotations

import errno
from typing import ClassVar, Literal


class EvolviSenseError(Exception):
    """Base of all errors raised on purpose."""

    code: ClassVar[str] = "error"


class InputError(EvolviSenseError):
    """The given file or options cannot be worked with."""

    code = "input_error"


class EmptyFileError(InputError):
    """The file has no bytes."""

    code = "empty_file"


class FileUnreadableError(InputError):
    """The file does not exist or may not be read."""

    code = "file_unreadable"


class NotAVideoError(InputError):
    """The bytes are no media container that is read here."""

    code = "not_a_video"


class IncompleteFileError(NotAVideoError):
    """An MP4 or MOV file whose index was never written: its recording was interrupted."""

    code = "incomplete_file"


class EncryptedFileError(InputError):
    """The streams are encrypted (DRM)."""

    code = "encrypted_file"


class NoVideoStreamError(InputError):
    """A file without a video stream where one is needed, or without any sound either.

    Sound files are analysed by `Analyzer.analyze`; `/analyze-video/` and overlays need a video.
    """

    code = "no_video_stream"


class StillImageError(NoVideoStreamError):
    """A photo: JPEG, PNG, WebP, HEIC, AVIF and others."""

    code = "still_image"


class NoFramesError(InputError):
    """The container opens, but not one picture of it can be decoded."""

    code = "no_frames"


class BadImageError(InputError):
    """The bytes are not a complete image of a supported format."""

    code = "bad_picture"


BadPictureError = BadImageError
"""The old name."""


class LimitError(InputError):
    """The file is readable but exceeds a limit that is a setting."""

    code = "limit_exceeded"


class FileTooLargeError(LimitError):
    """More bytes than allowed."""

    code = "file_too_large"


class FrameTooLargeError(LimitError):
    """More pixels in a frame than allowed."""

    code = "frame_too_large"


class VideoTooLongError(LimitError):
    """The header announces a longer duration than allowed."""

    code = "video_too_long"


class TooManyStreamsError(LimitError):
    """More streams in the container than allowed."""

    code = "too_many_streams"


class InvalidOptionError(InputError):
    """An option is outside its range."""

    code = "invalid_option"


class IdempotencyConflictError(InputError):
    """There are jobs of that owner with that idempotency key."""

    code = "idempotency_conflict"

    def __init__(self, message: str, job_ids: tuple[str, ...]) -> None:
        super().__init__(message)
        self.job_ids = job_ids


class WebhookRefusedError(InputError):
    """The URL of a webhook is none that this server sends to."""

    code = "webhook_refused"


class ConsentMissingError(InputError):
    """The strict profile asks for a consent that is not there or not whole."""

    code = "consent_required"


class PurposeRefusedError(InputError):
    """The strict profile asks for a purpose, and this is none that it allows."""

    code = "purpose_refused"


class BaselineError(InputError):
    """A personal baseline cannot be used as asked."""

    code = "baseline_error"


class BaselineNameError(BaselineError):
    """The name is no name of a baseline."""

    code = "invalid_baseline_name"


class BaselineNotFoundError(BaselineError):
    """There is no baseline of that name on this machine."""

    code = "baseline_not_found"


class BaselineRecordingError(BaselineError):
    """The recording cannot be added: it has no feature to keep, or is in the baseline already."""

    code = "baseline_recording_unusable"


class BaselineTaskError(BaselineError):
    """The baseline has no recording of that task, or of several and none was named."""

    code = "baseline_task_unknown"


class BaselineCorruptError(BaselineError):
    """The file of a baseline is not what was written."""

    code = "baseline_corrupt"


class EngineError(EvolviSenseError):
    """Something is missing or broken in this installation."""

    code = "engine_error"


class UnknownEngineError(EngineError):
    """No engine of that name is installed."""

    code = "unknown_engine"


class EngineUnavailableError(EngineError):
    """The engine is known, but what it needs is not installed."""

    code = "engine_unavailable"


class FormatUnavailableError(EngineError):
    """A format is known, but what writes it is not installed."""

    code = "format_unavailable"


class ExtraMissingError(EngineError, ImportError):
    """A part of the package was imported whose extra is not installed."""

    code = "extra_missing"


class ModelMissingError(EngineError):
    """A model file is not on this machine, and nothing is downloaded unasked."""

    code = "model_missing"


class ModelCorruptError(EngineError):
    """A model file does not have the sha256 of its spec."""

    code = "model_corrupt"


class ModelDownloadError(EngineError):
    """A model could not be downloaded."""

    code = "model_download_failed"


class StorageError(EvolviSenseError):
    """The disk or the database of the server does not do its work."""

    code = "storage_error"


class StorageFullError(StorageError):
    """No space is left, or less than is kept free."""

    code = "storage_full"


class DatabaseError(StorageError):
    """The database cannot be reached or read, or a newer program wrote it."""

    code = "database_error"


class DataFolderError(StorageError):
    """The data folder cannot be written, or is used by a process that has to stop first."""

    code = "data_folder_unusable"


class DatabaseMismatchError(StorageError):
    """The data folder holds files of another database than the one that the settings name."""

    code = "database_mismatch"


class FolderNotSharedError(StorageError):
    """Another process of this queue has another data folder."""

    code = "folder_not_shared"


class AuditError(EvolviSenseError):
    """The audit log cannot be written, and nothing is analysed without it."""

    code = "audit_unavailable"


class SandboxError(EvolviSenseError):
    """Work in a process of its own came to no result."""

    code = "sandbox_error"


class SandboxDiedError(SandboxError):
    """The process ended, or said what makes no sense, in the middle of its work."""

    code = "sandbox_died"

    def __init__(
        self, message: str, *, signal: int | None = None, exit_code: int | None = None
    ) -> None:
        super().__init__(message)
        self.signal, self.exit_code = signal, exit_code


class SandboxLimitError(SandboxError):
    """The process was killed for exceeding a limit."""

    code = "sandbox_limit"

    def __init__(self, which: Literal["memory", "cpu", "wall"], message: str) -> None:
        super().__init__(message)
        self.which: Literal["memory", "cpu", "wall"] = which


class SandboxTaskError(SandboxError):
    """The process answered with a failure; it can go on. `code` is the one that it gave."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code  # pyright: ignore[reportAttributeAccessIssue] - of the task, not the class
        self.detail = detail


def is_disk_full(error: BaseException) -> bool:
    """Whether the disk takes no more, or no more of this user's."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


class BusyError(EvolviSenseError):
    """Others keep the database or the models at this moment."""

    code = "busy"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QueueFullError(BusyError):
    """No further job, upload or waiting client has a place."""

    code = "queue_full"


class CancelledError(EvolviSenseError):
    """The work was stopped on request."""

    code = "cancelled"
