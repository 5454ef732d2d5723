"""Webhooks that tell the end of a job, as https://www.standardwebhooks.com describes them."""

from __future__ import annotations

from evolvisense.server.webhooks.posting import Poster
from evolvisense.server.webhooks.sender import WebhookSender
from evolvisense.server.webhooks.signing import owner_secret, payload, secret_bytes, sign
from evolvisense.server.webhooks.targets import SystemResolver, check_url

__all__ = [
    "Poster",
    "SystemResolver",
    "WebhookSender",
    "check_url",
    "owner_secret",
    "payload",
    "secret_bytes",
    "sign",
]
