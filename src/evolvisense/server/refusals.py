"""Requests that are refused, whatever the video: each with its status and its stable code."""

from __future__ import annotations

from typing import ClassVar


class RequestRefusedError(Exception):
    """The request itself is wrong, whatever the video."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        return {}


class BrokenMultipartError(RequestRefusedError):
    """The body is cut off or does not follow multipart/form-data."""

    code = "broken_multipart"


class UnsupportedRequestError(RequestRefusedError):
    """The body is of another type than the route takes."""

    status = 415
    code = "unsupported_media_type"


class BodyTooLargeError(RequestRefusedError):
    """A body that is no upload is longer than anything it could say."""

    status = 413
    code = "body_too_large"


class MissingFileError(RequestRefusedError):
    """The form has no part `file`."""

    status = 422
    code = "missing_file"


class UploadTimeoutError(RequestRefusedError):
    """The client stopped sending, or sends too slowly."""

    status = 408
    code = "upload_timeout"


class JobNotFoundError(RequestRefusedError):
    """No analysis of that id belongs to the one who asks."""

    status = 404
    code = "analysis_not_found"


class NoReportError(RequestRefusedError):
    """The analysis has no report: it has not ended, or not well."""

    status = 409
    code = "no_report"


class NoOverlayError(RequestRefusedError):
    """The analysis has no overlay video."""

    status = 409
    code = "no_overlay"


class ReportOutdatedError(RequestRefusedError):
    """Another version of EvolviSense wrote the report, which is read no more."""

    status = 409
    code = "report_outdated"


class RequestRunningError(RequestRefusedError):
    """A request with this Idempotency-Key is being answered at this moment."""

    status = 409
    code = "idempotency_key_in_use"

    def headers(self) -> dict[str, str]:
        """When to ask again."""
        return {"Retry-After": "1"}


class UnauthenticatedError(RequestRefusedError):
    """A key is needed, or the one given is not known."""

    status = 401
    code = "unauthenticated"

    def headers(self) -> dict[str, str]:
        """How to identify oneself."""
        return {"WWW-Authenticate": 'Bearer realm="evolvisense"'}


class ForbiddenError(RequestRefusedError):
    """The key has not the scope that this needs, or the server is not open to this address."""

    status = 403
    code = "forbidden"


class HostNotAllowedError(RequestRefusedError):
    """The Host header names another host than this server's."""

    status = 421
    code = "host_not_allowed"


class OriginRefusedError(RequestRefusedError):
    """A page of an origin that may not send asks."""

    status = 403
    code = "origin_refused"


class TooManyRequestsError(RequestRefusedError):
    """More requests than one key or address may send."""

    status = 429
    code = "rate_limited"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    def headers(self) -> dict[str, str]:
        """When to ask again."""
        return {"Retry-After": str(self.retry_after_s)}


class JobFailedError(Exception):
    """An analysis that somebody waits for has failed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
