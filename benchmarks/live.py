"""Live streams against a server of their own on a socket: answers a second and their delay.

`paced`: each client sends 10 pictures of 640 x 480 a second, and sound. `full`: each client sends
the next picture when the last one is answered. Clients and server share the machine.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from websockets.sync.client import ClientConnection, connect

from benchmarks.clip import ten_seconds
from benchmarks.machine import Row
from evolvisense.media import MediaLimits, decode_audio, decode_video
from trials.proc import process_tree

SIZE_WH = (640, 480)
FPS = 10
SECONDS = 10
STREAMS = (1, 3)

SERVER = """
import socket, uvicorn
from contextlib import asynccontextmanager
from fastapi import FastAPI
from evolvisense.service.live import LivePool, LiveSettings, live_routes
settings = LiveSettings(max_fps=1000.0)
pool = LivePool(settings)
@asynccontextmanager
async def lifespan(app):
    yield
    await pool.close()
app = FastAPI(lifespan=lifespan)
async def let_in(websocket, opening):
    return ""
app.include_router(live_routes(settings, pool, let_in))
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(app, log_level="error", ws_per_message_deflate=False)
uvicorn.Server(config).run([listener])
"""


def measure(rounds: int) -> tuple[dict[str, Any], list[Row]]:
    pictures, sound, rate_hz = _material()
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    address = f"ws://127.0.0.1:{int(server.stdout.readline())}/v1/live"
    results: dict[str, Any] = {}
    rows: list[Row] = []
    try:
        with connect(address, compression=None) as keeper:  # the models stay loaded
            _configure(keeper, None)
            for count in STREAMS:
                for mode in ("paced", "full"):
                    clients = [_Client(address, pictures, sound, rate_hz) for _ in range(count)]
                    found = _run(clients, mode, server.pid)
                    results[f"{mode}_{count}"] = found
                    rows.append(_row(mode, count, found))
                    print(json.dumps({f"{mode}_{count}": found}), flush=True)
    finally:
        server.terminate()
        server.wait()
    return results, rows


class _Client:
    def __init__(self, address: str, pictures: list[bytes], sound: bytes, rate_hz: int) -> None:
        self._address, self._pictures = address, pictures
        self._sound, self._rate_hz = sound, rate_hz
        self.delays_s: list[float] = []
        self.dropped = 0

    def paced(self) -> None:
        sent_s: dict[int, float] = {}
        with connect(self._address, compression=None, max_size=None) as socket:
            _configure(socket, self._rate_hz)
            hearing = threading.Thread(target=self._hear, args=(socket, sent_s))
            hearing.start()
            began_s = time.perf_counter()
            step = 2 * (self._rate_hz // FPS)
            for n in range(FPS * SECONDS):
                time.sleep(max(0.0, began_s + n / FPS - time.perf_counter()))
                piece = self._sound[n * step : (n + 1) * step]
                if piece:
                    socket.send(struct.pack(">Bd", 2, n / FPS) + piece)
                sent_s[n + 1] = time.perf_counter()
                socket.send(self._picture(n))
            hearing.join()

    def full(self) -> None:
        with connect(self._address, compression=None, max_size=None) as socket:
            _configure(socket, None)
            end_s = time.perf_counter() + SECONDS
            n = 0
            while (now_s := time.perf_counter()) < end_s:
                socket.send(self._picture(n))
                n += 1
                self._count(json.loads(socket.recv()), now_s)

    def _hear(self, socket: ClientConnection, sent_s: dict[int, float]) -> None:
        answered = 0
        while answered < FPS * SECONDS:
            message = json.loads(socket.recv())
            if message["type"] != "voice":
                answered += 1
                self._count(message, sent_s[message["seq"]])

    def _count(self, message: dict[str, Any], sent_s: float) -> None:
        if message["type"] == "frame":
            assert message["faces"]
            self.delays_s.append(time.perf_counter() - sent_s)
        else:
            self.dropped += 1

    def _picture(self, n: int) -> bytes:
        return struct.pack(">Bd", 1, n / FPS) + self._pictures[n % len(self._pictures)]


def _run(clients: list[_Client], mode: str, server: int) -> dict[str, float]:
    before_s = _cpu_s(server)
    threads = [threading.Thread(target=getattr(client, mode)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    delays = np.concatenate([client.delays_s for client in clients])
    return {
        "cpu_ms_per_answer": round(1000 * (_cpu_s(server) - before_s) / len(delays), 1),
        "answers_per_s_each": round(len(delays) / SECONDS / len(clients), 2),
        "dropped": sum(client.dropped for client in clients),
        "delay_ms_p50": round(1000 * float(np.quantile(delays, 0.5)), 1),
        "delay_ms_p95": round(1000 * float(np.quantile(delays, 0.95)), 1),
    }


def _cpu_s(pid: int) -> float:
    """Of the server and its process."""
    stats = [Path(f"/proc/{p}/stat").read_text().rpartition(")")[2] for p in process_tree(pid)]
    ticks = sum(int(field) for stat in stats for field in stat.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _row(mode: str, count: int, found: dict[str, float]) -> Row:
    how = f"{FPS} pictures/s each, with sound" if mode == "paced" else "as fast as answers come"
    value = (
        f"{found['answers_per_s_each']:.1f}/s each, "
        f"{found['delay_ms_p50']:.0f} ms (p95 {found['delay_ms_p95']:.0f}), "
        f"{found['cpu_ms_per_answer']:.0f} ms of one core per answer"
    )
    target = f">= {FPS}/s each" if (mode, count) == ("full", STREAMS[-1]) else ""
    return Row(f"live, {count} stream{'s' * (count > 1)}, 640x480, {how}", value, target)


def _configure(socket: ClientConnection, rate_hz: int | None) -> None:
    audio = None if rate_hz is None else {"rate_hz": rate_hz}
    socket.send(json.dumps({"type": "configure", "audio": audio}))
    assert json.loads(socket.recv())["type"] == "configured"


def _material() -> tuple[list[bytes], bytes, int]:
    path = ten_seconds()
    pictures = [
        cv2.imencode(".jpg", cv2.resize(frame.rgb, SIZE_WH)[..., ::-1])[1].tobytes()
        for frame in decode_video(path, frame_skip=3)
    ]
    blocks = list(decode_audio(path, MediaLimits()))
    mono = np.concatenate([block.mono for block in blocks])
    return pictures, (np.clip(mono, -1, 1) * 32767).astype("<i2").tobytes(), blocks[0].rate_hz
