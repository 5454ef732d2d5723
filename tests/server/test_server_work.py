"""The queue behind the routes: full, left by its client, broken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from evolvisense.errors import CancelledError, ModelMissingError
from evolvisense.pipeline import Analyzer
from tests.server.conftest import Running, Start
from tests.server.test_server_refusals import refusal, wait_until_empty

Analysis = Callable[..., object]


def replace_analysis(monkeypatch: pytest.MonkeyPatch, analysis: Analysis) -> None:
    monkeypatch.setattr(Analyzer, "analyze", lambda _self, *a, **k: analysis(*a, **k))


def test_a_full_queue_refuses_and_recovers(
    start: Start, silent_video: Path, monkeypatch: pytest.MonkeyPatch
):
    gate = threading.Event()
    running_now = threading.Semaphore(0)
    real = Analyzer.analyze

    def slow(self: Analyzer, *args: object, **kwargs: object) -> object:
        running_now.release()
        assert gate.wait(60)
        return real(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Analyzer, "analyze", slow)
    origin = "https://client.example"
    with start(workers=1, queue_size=1, cors_origins=[origin]) as running:
        answers: list[int] = []
        clients = [
            threading.Thread(target=lambda: answers.append(running.post(silent_video).status_code))
            for _ in range(2)
        ]
        for client in clients:
            client.start()
        assert running_now.acquire(timeout=30)
        while running.service.in_flight < 2:
            pass
        with silent_video.open("rb") as file:
            refused = running.client.post(
                "/analyze-video/", files={"file": file}, headers={"Origin": origin}
            )
        refusal(refused, 503, "busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["access-control-allow-origin"] == origin
        assert running.client.get("/healthz").status_code == 200
        gate.set()
        for client in clients:
            client.join(60)
        assert answers == [200, 200]
        assert running.post(silent_video).status_code == 200
        assert running.leftovers() == []


def test_a_client_that_leaves_cancels_its_analysis(
    server: Running, silent_video: Path, monkeypatch: pytest.MonkeyPatch
):
    cancelled = threading.Event()

    def endless(path: Path, _options: object, *, is_cancelled: Callable[[], bool]) -> object:
        for _ in range(3000):
            assert path.exists()
            if is_cancelled():
                cancelled.set()
                raise CancelledError("stopped")
            cancelled.wait(0.01)
        raise AssertionError("nobody cancelled")

    replace_analysis(monkeypatch, endless)
    with (
        httpx.Client(timeout=httpx.Timeout(30, read=0.5)) as impatient,
        silent_video.open("rb") as file,
        pytest.raises(httpx.ReadTimeout),
    ):
        impatient.post(f"http://127.0.0.1:{server.port}/analyze-video/", files={"file": file})
    assert cancelled.wait(30)
    wait_until_empty(server)


def test_a_client_that_leaves_gives_its_place_in_the_queue_back(
    start: Start, silent_video: Path, monkeypatch: pytest.MonkeyPatch
):
    gate = threading.Event()
    begun: list[Path] = []

    def slow(path: Path, *_: object, **__: object) -> object:
        begun.append(path)
        assert gate.wait(60)
        raise CancelledError("stopped")

    replace_analysis(monkeypatch, slow)
    with start(workers=1, queue_size=1) as running:
        first = threading.Thread(target=lambda: running.post(silent_video))
        first.start()
        while not begun:
            pass
        with httpx.Client(timeout=httpx.Timeout(30, read=0.5)) as impatient:
            url = f"http://127.0.0.1:{running.port}/analyze-video/"
            with silent_video.open("rb") as file, pytest.raises(httpx.ReadTimeout):
                impatient.post(url, files={"file": file})
        while running.service.in_flight > 1:
            pass
        gate.set()
        first.join(30)
        assert len(begun) == 1
        wait_until_empty(running)


def test_an_unexpected_error_shows_no_traceback(
    server: Running,
    silent_video: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("secret detail")

    replace_analysis(monkeypatch, broken)
    with caplog.at_level(logging.ERROR):
        answer = refusal(server.post(silent_video), 500, "internal_error")
    assert "secret" not in answer["error"]
    assert answer["request_id"] in caplog.text
    assert "name of the client" not in caplog.text


def test_not_ready_until_the_models_are_loaded(
    start: Start, silent_video: Path, monkeypatch: pytest.MonkeyPatch
):
    gate = threading.Event()
    real = Analyzer.__init__

    def slow(self: Analyzer, **kwargs: object) -> None:
        assert gate.wait(60)
        real(self, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Analyzer, "__init__", slow)
    with start(until_ready=False) as running:
        refused = running.client.get("/readyz")
        refusal(refused, 503, "starting")
        assert int(refused.headers["retry-after"]) >= 1
        assert running.client.get("/healthz").status_code == 200
        threading.Timer(0.3, gate.set).start()
        # An upload that comes early waits for the models.
        assert running.post(silent_video).status_code == 200
        assert running.client.get("/readyz").status_code == 200


def test_models_that_cannot_be_loaded(
    start: Start,
    silent_video: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def broken(_self: Analyzer, **_: object) -> None:
        raise ModelMissingError("/secret/path/model.onnx is missing")

    monkeypatch.setattr(Analyzer, "__init__", broken)
    with start(until_ready=False) as running:
        while running.service.failure is None:
            pass
        answer = refusal(running.client.get("/readyz"), 503, "model_missing")
        assert "/secret" not in answer["error"]
        refusal(running.post(silent_video), 500, "model_missing")
        assert running.leftovers() == []
    assert "/secret/path/model.onnx" in caplog.text


def test_a_broken_installation_tells_only_its_operator(
    server: Running,
    silent_video: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def broken(*_: object, **__: object) -> object:
        raise ModelMissingError("/secret/path/model.onnx is missing")

    replace_analysis(monkeypatch, broken)
    with caplog.at_level(logging.ERROR):
        answer = refusal(server.post(silent_video), 500, "model_missing")
    assert "/secret" not in answer["error"]
    assert "/secret/path/model.onnx" in caplog.text
