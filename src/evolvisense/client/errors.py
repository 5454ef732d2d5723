"""What a client raises, as one tree.

`ClientError`
  `ConnectionFailedError`: no answer, however often it was asked
  `UnexpectedAnswerError`: an answer that is none of this interface
  `ApiError`: the server refused, with a reason
  `AnalysisFailedError`: an analysis that was waited for ended without a report
  `WaitTimeoutError`: it has not ended in the time that was given
"""

from __future__ import annotations

from evolvisense.api.schemas import Analysis
from evolvisense.errors import EvolviSenseError


class ClientError(EvolviSenseError):
    """Something went wrong between a client and its server."""

    code = "client_error"


class ConnectionFailedError(ClientError):
    """The server cannot be reached, or the connection broke each time."""

    code = "connection_failed"


class UnexpectedAnswerError(ClientError):
    """What answered is no such server, or one of another version."""

    code = "unexpected_answer"


class ApiError(ClientError):
    """The server refused. `code` is stable, for programs; the catalogue is in docs/errors.md."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        request_id: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        named = f", request {request_id}" if request_id else ""
        super().__init__(f"{detail} ({status} {code}{named})")
        self.status = status
        """HTTP status."""
        self.code = code  # pyright: ignore[reportAttributeAccessIssue] - of the answer
        self.detail = detail
        """For people: what is wrong and what to do."""
        self.request_id = request_id
        """Names the request in the log of the server; empty where a proxy answered."""
        self.retry_after_s = retry_after_s
        """When to ask again, where the server said so."""


class AnalysisFailedError(ClientError):
    """An analysis failed or was canceled; `code` says why, or is `canceled`."""

    def __init__(self, analysis: Analysis) -> None:
        detail = analysis.error.detail if analysis.error else f"the analysis was {analysis.state}"
        super().__init__(f"{detail} (analysis {analysis.id})")
        code = analysis.error.code if analysis.error else analysis.state
        self.code = code  # pyright: ignore[reportAttributeAccessIssue] - of the analysis
        self.analysis = analysis
        """As it ended."""


class WaitTimeoutError(ClientError):
    """The analysis goes on; the waiting does not."""

    code = "wait_timeout"
