"""Every error that EvolviSense raises on purpose, as one tree.

`EvolviSenseError`
  `InputError`: the caller's file or options; another input would work
    `EmptyFileError`, `NotAVideoError`, `NoVideoStreamError`, `NoFramesError`, `FileUnreadableError`
    `LimitError`: readable, but larger than a setting allows
      `FileTooLargeError`, `FrameTooLargeError`, `VideoTooLongError`, `TooManyStreamsError`
    `InvalidOptionError`
    `BaselineError`: a personal baseline
      `BaselineNameError`, `BaselineNotFoundError`, `BaselineRecordingError`, `BaselineTaskError`,
      `BaselineCorruptError`
  `EngineError`: this installation
    `UnknownEngineError`, `EngineUnavailableError`
    `ModelMissingError`, `ModelCorruptError`, `ModelDownloadError`
  `BusyError`: try again later
  `CancelledError`: somebody asked the work to stop

`code` is stable and meant for programs; the text is meant for people and says what to do.
"""

from __future__ import annotations

from typing import ClassVar


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


class NoVideoStreamError(InputError):
    """A media container without a video stream, such as a sound file."""

    code = "no_video_stream"


class NoFramesError(InputError):
    """The container opens, but not one picture of it can be decoded."""

    code = "no_frames"


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


class ModelMissingError(EngineError):
    """A model file is not on this machine, and nothing is downloaded unasked."""

    code = "model_missing"


class ModelCorruptError(EngineError):
    """A model file does not have the sha256 of its spec."""

    code = "model_corrupt"


class ModelDownloadError(EngineError):
    """A model could not be downloaded."""

    code = "model_download_failed"


class BusyError(EvolviSenseError):
    """The queue is full."""

    code = "busy"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CancelledError(EvolviSenseError):
    """The work was stopped on request."""

    code = "cancelled"
