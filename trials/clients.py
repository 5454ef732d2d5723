"""Two real clients of the old service: a page in a browser, and a program with a WebSocket."""

from __future__ import annotations

import base64
import json
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
from websockets.sync.client import connect

from trials.clips import small_clip
from trials.paths import WORK
from trials.process import PATIENCE_S, Server, free_port, serving
from trials.rows import Row

PAGE = Path(__file__).with_name("client_page.html")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run")
FRAMES, QUICK_FRAMES = 100, 10


def browser() -> str | None:
    """The browser of this machine."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def first_picture(clip: Path) -> bytes:
    """The first picture of a clip as JPEG."""
    with av.open(str(clip)) as container:
        bgr = next(container.decode(video=0)).to_ndarray(format="bgr24")
    return bytes(cv2.imencode(".jpg", bgr)[1])


def in_a_browser(server: Server, clip: Path, page_port: int) -> dict[str, Any]:
    """What the page found; it comes from another origin, which the server's settings name."""
    program = browser()
    assert program is not None
    address = f"http://127.0.0.1:{page_port}/#{server.url}"
    with (
        _page_server(clip, page_port) as found,
        # The browser still writes while it ends.
        tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile,
        subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            return found.get(timeout=PATIENCE_S)
        finally:
            process.terminate()
            process.wait()


def by_websocket(server: Server, picture: bytes, frames: int) -> list[dict[str, Any]]:
    """The answers to one picture sent so many times as base64, each after the one before."""
    text = base64.b64encode(picture).decode()
    answers: list[dict[str, Any]] = []
    with connect(f"ws://127.0.0.1:{server.port}/ws/emotion-stream/") as socket:
        for _ in range(frames):
            socket.send(text)
            answers.append(json.loads(socket.recv(timeout=PATIENCE_S)))
    return answers


def run(quick: bool) -> list[Row]:
    """The trial."""
    frames = QUICK_FRAMES if quick else FRAMES
    clip, port = small_clip(), free_port()
    origin = f"http://127.0.0.1:{port}"
    with serving(WORK / "reliability" / "clients", cors_origins=origin) as server:
        rows = [_browser_row(server, clip, port)]
        answers = by_websocket(server, first_picture(clip), frames)
    last = answers[-1]
    good = all("emotion" in answer for answer in answers)
    history = len(last["trend_data"]["stress_history"]) if good else 0
    rows.append(
        Row(
            "a program sends JPEG pictures in base64 to /ws/emotion-stream/",
            f"{frames} pictures",
            f"{sum('emotion' in answer for answer in answers)} answers with an emotion; the last: "
            f"{last.get('emotion')} {last.get('confidence')}, history of {history}",
            held=good and history == min(frames, 100),
        )
    )
    return rows


def _browser_row(server: Server, clip: Path, port: int) -> Row:
    what = (
        "a page of another origin: fetch with FormData, `toFixed` on every number of the answer "
        "(frame_data, video_duration and others), a refusal, pictures of a canvas to "
        "/ws/emotion-stream/"
    )
    if browser() is None:
        return Row(what, "0", "not tried: no browser here", "-", held=False)
    found = in_a_browser(server, clip, port)
    if "failed" in found:
        return Row(what, "1 time", str(found["failed"]), "the answer", held=False)
    analysis, refusal = found["analysis"], found["refusal"]
    return Row(
        what,
        "1 time",
        f"{len(analysis['times'])} entries of frame_data, {analysis['duration']} s; refused with "
        f"{refusal['status']} and a text; {len(found['stream'])} answers to pictures",
        held=refusal["status"] == 400 and bool(refusal["error"]) and len(found["stream"]) == 3,
    )


@contextmanager
def _page_server(clip: Path, port: int) -> Generator[queue.Queue[dict[str, Any]]]:
    """Serves the page, the clip and a picture, and takes what the page found."""
    found: queue.Queue[dict[str, Any]] = queue.Queue()
    files = {
        "/": ("text/html", PAGE.read_bytes()),
        "/clip": ("video/webm", clip.read_bytes()),
        "/face.jpg": ("image/jpeg", first_picture(clip)),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = files.get(self.path, ("text/plain", b""))
            self._answer(200 if content else 404, kind, content)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            found.put(json.loads(self.rfile.read(length)))
            self._answer(200, "text/plain", b"thanks")

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
