"""The page in Debian's Chromium before a real server.

    server          the real app with one real worker; `server.url`, `server.service`, `server.jobs`
    quick           the same with a worker that looks at no video: see tests/factory/quick_worker.py
    strict_server   under the strict profile, with a key: `strict_server.key`
    page            a fresh profile on a desktop; `page.goto("/")` is the server's start
    phone_page      390 x 844 pixels with touch
    dark            `page` where dark colours are preferred
    new_page        makes further ones: new_page(server.url, **context options)
    clip            a short video with a face and speech
    analysed        id of the analysis of `clip` on `server`
    long_video      ten minutes
    long_analysis   id of its analysis on `server`
    withheld        id of an analysis of `clip` with observations only

A test fails for every error in the console of its pages, except for those that it names:
`@pytest.mark.expected_console("regular expression", ...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from evolvisense.report import to_json
from evolvisense.service.queue.messages import ANALYSIS_TARGET
from tests.conftest import DATA
from tests.factory.browser import DESKTOP, PHONE, browsing, chromium, watched_context
from tests.factory.fake_camera import FakeCamera
from tests.factory.long_report import recording
from tests.factory.media import Film, plain
from tests.factory.patience import PATIENCE_S, wait_until
from tests.factory.quick_server import Running, quick_gate, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CLIP = "clips/talk_1.mp4"
LONG_S = 600.0
ROOM: dict[str, Any] = {"max_upload_bytes": 64 * 1024**2, "rate_per_minute": 0}
NewPage = Callable[..., "Page"]


@dataclass(frozen=True)
class Strict:
    """A server under the strict profile, and a key that it knows."""

    url: str
    key: str
    server: Running


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "expected_console(*patterns): errors in the console that belong to the test"
    )


def pytest_collect_file() -> None:
    # The whole folder is skipped without it, so that its modules may import it as they like.
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")


@pytest.fixture(scope="session")
def clip(request: pytest.FixtureRequest) -> Path:
    """A short video with a face and speech; a generated one where the data folder is absent."""
    real = DATA / CLIP
    return real if real.is_file() else request.getfixturevalue("face_video")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    chromium()  # first of all, for a server without a browser is started for nothing
    with running(tmp_path_factory.mktemp("data"), target=ANALYSIS_TARGET, **ROOM) as started:
        yield started


@pytest.fixture(scope="session")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strict]:
    chromium()
    folder = tmp_path_factory.mktemp("strict")
    with running(folder, target=ANALYSIS_TARGET, profile="strict", **ROOM) as started:
        _, key = started.service.keys.create("tests", ["analyze", "read", "live"])
        yield Strict(started.url, key, started)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Running]:
    """Its worker fails on files that begin with `refuse`, waits for `tmp_path/go` on `wait`."""
    chromium()
    with quick_gate(tmp_path), running(tmp_path / "data", **ROOM) as started:
        yield started


@pytest.fixture(scope="session")
def analysed(server: Running, clip: Path) -> str:
    return submit(server, clip)


@pytest.fixture(scope="session")
def withheld(server: Running, clip: Path) -> str:
    return submit(server, clip, '{"observations_only": true}')


@pytest.fixture(scope="session")
def long_analysis(server: Running, long_video: Path) -> str:
    """The analysis of `long_video`, with the report of somebody who speaks in its place."""
    return spoken(server, long_video, LONG_S)


@pytest.fixture(scope="session")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of grey, as something to seek in."""
    every_ms = 4000
    times_ms = range(0, round(1000 * LONG_S), every_ms)
    film = Film(frames=[plain((160, 120))] * len(times_ms), rate_hz=1, pts_ms=times_ms)
    return film.write(tmp_path_factory.mktemp("long") / "long.webm")


def submit(server: Running, media: Path, options: str = "{}", key: str = "") -> str:
    """The id of a video's analysis, which has succeeded."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with media.open("rb") as file, httpx.Client(base_url=server.url, headers=headers) as client:
        answer = client.post(
            "/v1/analyses",
            files={"file": (media.name, file)},
            data={"options": options},
            timeout=PATIENCE_S,
        )
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["id"]
    wait_until(lambda: _state(server, job_id) not in ("queued", "running"))
    assert _state(server, job_id) == "succeeded"
    return job_id


def spoken(server: Running, media: Path, seconds: float) -> str:
    """The id of an analysis whose report is that of somebody who spoke for so long."""
    # One picture in a hundred is looked at: the report is another one anyway.
    job_id = submit(server, media, '{"frame_skip": 100, "voice": false}')
    job = server.service.store.get(job_id)
    assert job is not None
    assert job.report is not None
    content = to_json(recording(seconds).report())
    server.service.files.report_path(job.report).write_text(content)
    return job_id


def _state(server: Running, job_id: str) -> str:
    job = server.service.store.get(job_id)
    return job.state if job is not None else "deleted"


# Of the package, for a loop of Playwright's runs in this thread as long as the browser is open,
# and tests elsewhere run loops of their own.
@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Browser]:
    chromium()
    camera = FakeCamera.of_clip(clip, tmp_path_factory.mktemp("camera"))
    with browsing(camera) as opened:
        yield opened


@pytest.fixture
def new_page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[NewPage]:
    marks = request.node.iter_markers("expected_console")
    expected = [pattern for mark in marks for pattern in mark.args]
    with ExitStack() as stack:

        def make(base_url: str, **options: Any) -> Page:
            context = watched_context(
                browser, expected, base_url=base_url, **{**DESKTOP, **options}
            )
            return stack.enter_context(context).new_page()

        yield make


@pytest.fixture
def page(server: Running, new_page: NewPage) -> Page:
    return new_page(server.url)


@pytest.fixture
def phone_page(server: Running, new_page: NewPage) -> Page:
    return new_page(server.url, **PHONE)


@pytest.fixture
def dark(page: Page) -> Page:
    page.emulate_media(color_scheme="dark")
    return page
