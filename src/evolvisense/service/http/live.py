"""Live streams under the rules of this server: its settings, its keys, its profile."""

from __future__ import annotations

import asyncio
import uuid

from fastapi import WebSocket

from evolvisense.service.access.audit import AuditEntry
from evolvisense.service.access.purpose import parse_consent
from evolvisense.service.http.context import service_of
from evolvisense.service.http.errors import RequestRefusedError, TooManyRequestsError
from evolvisense.service.http.strict import STRICT
from evolvisense.service.live import EndOfStreamError, LiveSettings, Opening
from evolvisense.service.live.protocol import POLICY, TRY_AGAIN
from evolvisense.service.settings import Settings


def live_settings(settings: Settings) -> LiveSettings:
    """What the settings say about live streams."""
    return LiveSettings(
        max_streams=settings.live_streams,
        max_streams_each=settings.share_of(settings.live_streams),
        max_fps=settings.live_max_fps,
        idle_s=settings.live_idle_s,
        max_frame_bytes=settings.live_max_frame_bytes,
        max_pixels=min(settings.max_pixels, LiveSettings.max_pixels),
        max_message_bytes=2 * settings.live_max_frame_bytes,
    )


async def authorize(websocket: WebSocket, opening: Opening) -> str:
    """Let in whoever has the scope `live`; returns the name under which their streams are counted.

    Raises EndOfStreamError, and as `parse_consent`. The origin was checked before: `origins`.
    """
    service = service_of(websocket)
    try:
        caller = await websocket.app.state.gate.caller(websocket, "live", opening.api_key)
    except RequestRefusedError as error:
        close = TRY_AGAIN if isinstance(error, TooManyRequestsError) else POLICY
        raise EndOfStreamError(close, error.code, str(error)) from error
    if service.settings.observations_only:
        raise EndOfStreamError(
            POLICY, "observations_only", "this server gives no emotion labels, and so no streams"
        )
    if service.settings.profile == STRICT:
        declaration = parse_consent(opening.terms)
        entry = AuditEntry(
            event="live.opened",
            request_id=uuid.uuid4().hex,
            key_id=caller.owner,
            purpose=declaration.purpose,
            consent=declaration.consent,
        )
        await asyncio.to_thread(service.audit.append, entry)
    return caller.turn
