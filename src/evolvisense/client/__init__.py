"""A client of `/v1`: videos go to a server, analyses and reports come back.

with Client("http://127.0.0.1:7860") as client:
    report = client.analyze("interview.webm")

`sync`, `asynchronous` and `baselines` only send and sleep. `calls`: what is sent, `sending`: how
httpx is told. `uploads`: files. `answers`: what comes back. `retrying`: what is sent again, and
when. `following`, `sse`: events. `errors`: what is raised. No video is decoded here, no model
loaded.
"""

from evolvisense.extras import require_extra

require_extra("client", "The client", "httpx")

from evolvisense.api.options import BaselineChoice, Consent, Options, Purpose, Webhook
from evolvisense.api.schemas import Analysis
from evolvisense.client.asynchronous import AsyncClient
from evolvisense.client.errors import (
    AnalysisFailedError,
    ApiError,
    ClientError,
    ConnectionFailedError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from evolvisense.client.sending import Retries
from evolvisense.client.sync import Client
from evolvisense.client.uploads import Source

__all__ = [
    "Analysis",
    "AnalysisFailedError",
    "ApiError",
    "AsyncClient",
    "BaselineChoice",
    "Client",
    "ClientError",
    "ConnectionFailedError",
    "Consent",
    "Options",
    "Purpose",
    "Retries",
    "Source",
    "UnexpectedAnswerError",
    "WaitTimeoutError",
    "Webhook",
]
