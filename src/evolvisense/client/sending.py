"""Requests of both clients: what is given to httpx, which requests are retried and when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import httpx

from evolvisense.client.answers import refusal
from evolvisense.client.calls import Call
from evolvisense.client.errors import ApiError, ClientError, ConnectionFailedError

PASSING = frozenset({429, 502, 503, 504})
"""A later try may be answered otherwise: busy, starting, or a proxy without its server."""
IN_USE = "idempotency_key_in_use"
"""The try before is still being answered."""
NOT_FOUND = 404
MOST_DOUBLINGS = 30


@dataclass(frozen=True)
class Retries:
    """How often and how patiently a request is sent again."""

    most: int = 6
    """Further tries after the first; 0 for none. For events: without any sign in between."""
    first_pause_s: float = 0.5
    """Doubles with each try."""
    longest_pause_s: float = 60.0
    """A server that asks for a longer pause is not waited for."""

    def __post_init__(self) -> None:
        if self.most < 0 or self.first_pause_s < 0 or self.longest_pause_s < 0:
            raise ValueError(f"expected numbers of 0 or more, got {self}")


class Patience:
    """Counts failures, and says how long to pause after each."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self.failures = 0

    def after(self, error: ClientError) -> float:
        """Seconds to wait before the next try. Raises `error` where there is to be none."""
        wanted_s = error.retry_after_s if isinstance(error, ApiError) else None
        if isinstance(error, ApiError) and not is_passing(error):
            raise error
        if self.failures >= self._retries.most or (wanted_s or 0) > self._retries.longest_pause_s:
            raise error
        pause_s = self._retries.first_pause_s * 2 ** min(self.failures, MOST_DOUBLINGS)
        self.failures += 1
        # Clients that failed together do not come back together.
        pause_s *= 1 + 0.5 * random.random()  # noqa: S311 - no secret
        return max(wanted_s or 0, min(pause_s, self._retries.longest_pause_s))

    def renew(self) -> None:
        """Something went well: what comes counts anew."""
        self.failures = 0


class Attempts:
    """The tries of one call."""

    def __init__(self, call: Call, retries: Retries) -> None:
        self._call = call
        self._patience = Patience(retries if call.is_repeatable else Retries(most=0))

    def failed(self, error: httpx.RequestError) -> float:
        """Seconds until the next try. Raises ConnectionFailedError where there is none."""
        failure = connection_error(error)
        if not may_pass(error):
            raise failure from error
        return self._patience.after(failure)

    def answered(self, response: httpx.Response) -> float | None:
        """None for a good answer, seconds until the next try for others. Raises ApiError."""
        if response.is_success:
            return None
        if (
            self._call.method == "DELETE"
            and response.status_code == NOT_FOUND
            and self._patience.failures
        ):
            return None  # the try whose answer was lost has deleted it
        return self._patience.after(refusal(response))


def is_passing(error: ApiError) -> bool:
    """Whether the same request may be answered otherwise later."""
    return error.status in PASSING or error.code == IN_USE


def may_pass(error: httpx.RequestError) -> bool:
    """Whether a connection that failed so may work the next time."""
    return isinstance(
        error, httpx.NetworkError | httpx.TimeoutException | httpx.RemoteProtocolError
    )


def connection_error(error: httpx.RequestError) -> ConnectionFailedError:
    """The same as an error of the client."""
    reason = str(error) or type(error).__name__
    failure = ConnectionFailedError(f"{_origin(error)} cannot be used: {reason}")
    failure.__cause__ = error
    return failure


def _origin(error: httpx.RequestError) -> str:
    url = error.request.url
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def settings(base_url: str, api_key: str | None, timeout_s: float) -> dict[str, Any]:
    """Arguments of httpx.Client. Raises ValueError for an address or a key that is none."""
    url = httpx.URL(base_url)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"expected an address such as https://host:port, got {base_url!r}")
    headers = {"User-Agent": f"evolvisense-client/{version('evolvisense')}"}
    if api_key:
        if not (api_key.isascii() and api_key.isprintable()):
            raise ValueError("the key holds characters that no key has")
        headers["Authorization"] = f"Bearer {api_key}"
    return {"base_url": url, "headers": headers, "timeout": timeout_s}


def request(call: Call, timeout: httpx.Timeout, files: Any = None) -> dict[str, Any]:  # noqa: ANN401 - httpx keeps the type of its files to itself
    """Arguments of httpx's `build_request`."""
    silence_s = call.silence_s
    if silence_s is None and timeout.read is not None:
        silence_s = timeout.read + call.answer_s
    found: dict[str, Any] = {
        "method": call.method,
        "url": call.path,
        "params": dict(call.params),
        "headers": dict(call.headers),
        "timeout": httpx.Timeout(
            connect=timeout.connect, read=silence_s, write=timeout.write, pool=timeout.pool
        ),
    }
    if call.form is not None:
        found |= {"data": {"options": call.form.options}, "files": files}
    if call.json is not None:
        found["json"] = dict(call.json)
    return found
