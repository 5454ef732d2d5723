"""Specs, files, downloads and engine lookup."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from evolvisense.errors import (
    ModelCorruptError,
    ModelDownloadError,
    ModelMissingError,
    UnknownEngineError,
)
from evolvisense.models.download import download
from evolvisense.models.engines import create_engine, engine_names
from evolvisense.models.registry import ModelSpec, all_specs, find_file, load_bytes, spec

CONTENT = b"weights " * 1000


@pytest.fixture
def server() -> Iterator[str]:
    """A local server: CONTENT for /good, something else for /bad, no HTTP for /nonsense."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/nonsense":
                self.wfile.write(b"this is no HTTP\r\n\r\n")
                return
            if self.path not in ("/good", "/bad"):
                self.send_error(404)
                return
            body = CONTENT if self.path == "/good" else b"tampered"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVOLVISENSE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("EVOLVISENSE_MODELS_DIR", raising=False)
    monkeypatch.delenv("EVOLVISENSE_OFFLINE", raising=False)
    return tmp_path / "cache"


def remote(url: str) -> ModelSpec:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return replace(spec("yunet"), id="test", file="test.onnx", sha256=digest, url=url)


def test_every_spec_is_complete() -> None:
    assert set(all_specs()) == {"detector", "face", "voice", "yunet"}
    for model in all_specs().values():
        assert len(model.sha256) == 64
        assert model.licence
        assert model.training_data
        assert model.input
        assert model.output


def test_a_model_without_an_address_is_inside_the_package() -> None:
    for model in all_specs().values():
        if model.url is None:
            assert hashlib.sha256(load_bytes(model)).hexdigest() == model.sha256


def test_download_verifies_and_caches(server: str, cache: Path) -> None:
    model = remote(f"{server}/good")
    with pytest.raises(ModelMissingError, match="models download test"):
        load_bytes(model)
    seen: list[int] = []
    path = download(model, seen.append)
    assert path == cache / "test.onnx"
    assert load_bytes(model) == CONTENT
    assert seen[-1] == len(CONTENT)
    assert [p.name for p in cache.iterdir()] == ["test.onnx"]
    download(replace(model, url=f"{server}/absent"))  # cached: nothing is asked for


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/bad", ModelCorruptError),
        ("/absent", ModelDownloadError),
        ("/nonsense", ModelDownloadError),
    ],
)
def test_a_failed_download_leaves_nothing(
    server: str, cache: Path, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        download(remote(server + path))
    assert list(cache.iterdir()) == []


def test_offline_forbids_downloads(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVOLVISENSE_OFFLINE", "1")
    with pytest.raises(ModelDownloadError, match="EVOLVISENSE_OFFLINE"):
        download(remote(f"{server}/good"))
    assert not cache.exists()


def test_plain_http_elsewhere_is_refused(cache: Path) -> None:
    for url in ("http://models.invalid/x", "file:///etc/passwd", "http://127.0.0.1.evil.invalid/x"):
        with pytest.raises(ModelDownloadError):
            download(remote(url))


def test_offline_directory_comes_first(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "offline"
    folder.mkdir()
    (folder / "test.onnx").write_bytes(CONTENT)
    monkeypatch.setenv("EVOLVISENSE_MODELS_DIR", str(folder))
    assert find_file(remote("https://models.invalid/x")) == folder / "test.onnx"
    assert load_bytes(remote("https://models.invalid/x")) == CONTENT


def test_a_damaged_file_is_refused(cache: Path) -> None:
    cache.mkdir()
    (cache / "test.onnx").write_bytes(CONTENT[:-1])
    with pytest.raises(ModelCorruptError, match="sha256"):
        load_bytes(remote("https://models.invalid/x"))


def test_engines_are_found_by_name() -> None:
    assert engine_names("detector") == ["evolvisense", "libfacedetection", "yunet"]
    assert engine_names("expression") == ["deepface", "evolvisense"]
    assert create_engine("tracker", "nearest").model.id == "nearest"


def test_an_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(UnknownEngineError, match="evolvisense, libfacedetection, yunet"):
        create_engine("detector", "haar")
    with pytest.raises(UnknownEngineError, match="face, voice, yunet"):
        spec("nothing")
