"""Bodies and signatures as https://www.standardwebhooks.com asks for them (version 1.0.0).

A receiver gets `webhook-id`, the same in every try, `webhook-timestamp`, the unix seconds of this
try, and `webhook-signature`: for each secret `v1,` and the base64 of the HMAC-SHA256 of
`id.timestamp.body`, with a space between them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from evolvisense.types.job import Job

PREFIX = "whsec_"
SHORTEST_SECRET, LONGEST_SECRET = 24, 64


def secret_bytes(secret: str) -> bytes:
    """The key that a secret `whsec_...` stands for; ValueError, without the secret in its text."""
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text)
    except ValueError:
        key = b""
    is_canonical = secret.startswith(PREFIX) and base64.b64encode(key).decode() == text
    if not is_canonical or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise ValueError(
            f"a webhook secret is {PREFIX} and the base64 of {SHORTEST_SECRET} to {LONGEST_SECRET} "
            f'random bytes, as `echo "{PREFIX}$(openssl rand -base64 32)"` writes it'
        )
    return key


def owner_secret(secret: str, owner: str) -> str:
    """The secret that signs for one owner of jobs, made from the server's.

    Each owner has another, so none can write webhooks in the name of this server to another. ""
    (nobody, on a server without keys) has the server's own. Raises ValueError as `secret_bytes`.
    """
    key = secret_bytes(secret)
    if not owner:
        return secret
    derived = hmac.digest(key, f"evolvisense webhooks of {owner}".encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(derived).decode()


def sign(message_id: str, timestamp: int, body: bytes, secret: str) -> str:
    """One signature, `v1,...`. Raises ValueError for a secret or an id that is none."""
    if not message_id or "." in message_id:
        raise ValueError("the id of a webhook is a text without full stops")
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(secret_bytes(secret), signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(
    message_id: str, timestamp: int, body: bytes, secrets: Sequence[str]
) -> dict[str, str]:
    """The three headers; several secrets while receivers change from the old to the new one."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(message_id, timestamp, body, s) for s in secrets),
    }


def message_id(job_id: str, event: str) -> str:
    """The id of what happened: the same in every try, and without full stops."""
    return "msg_" + hashlib.sha256(f"{job_id} {event}".encode()).hexdigest()[:32]


def payload(job: Job, event: str) -> bytes:
    """What is sent about an ended job: that it ended, and how; the rest is to be asked for."""
    finished_s = job.created_s if job.finished_s is None else job.finished_s
    time = datetime.fromtimestamp(finished_s, UTC).isoformat(timespec="milliseconds")
    content = {
        "type": event,
        "timestamp": time.replace("+00:00", "Z"),
        "data": {"id": job.id, "state": job.state},
    }
    return json.dumps(content, separators=(",", ":")).encode()
