"""The page, the docs, the probes, the settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from evolvisense.service.http import pages
from evolvisense.service.http.app import create_app
from evolvisense.service.http.guides import GUIDES
from evolvisense.service.settings import Settings
from tests.service.http.conftest import Running, Start

ROOT = Path(__file__).resolve().parents[3]
PAGES = ["/", "/docs", "/docs/reference"]


def test_probes(server: Running):
    assert server.client.get("/healthz").json() == {"status": "ok"}
    ready = server.client.get("/readyz").json()
    assert ready == {"status": "ready", "queued": 0, "running": 0}


@pytest.mark.parametrize("page", PAGES)
def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script(server: Running, page: str):
    response = server.client.get(page)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "{{" not in response.text
    assert not re.search(r"(?:https?:)?//\w", response.text)
    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", response.text, re.S)
    assert scripts
    assert all("src=" in attributes and not body for attributes, body in scripts)
    assert not re.search(r"\son\w+\s*=", response.text)
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "worker-src 'self'" in policy
    assert "unsafe-inline" not in policy.partition("style-src")[0]
    assert response.headers["permissions-policy"] == "camera=(self), microphone=(self)"
    for address in re.findall(r'(?:src|href)="(/[^"]+)"', response.text):
        assert server.client.get(address).status_code == 200, address


def test_a_page_includes_its_views(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "start.html").write_text("<p>{{version}}</p>{{> views/start.html}}")
    page = "<body>{{> views/start.html}} {{> ../secret.html}}</body>"
    (tmp_path / "index.html").write_text(page)
    monkeypatch.setattr(pages, "WEB", tmp_path)
    text = server.client.get("/").text
    # What is included includes nothing, and nothing comes from outside the folder.
    inner = f"<p>{version('evolvisense')}</p>{{{{> views/start.html}}}}"
    assert text == f"<body>{inner} {{{{> ../secret.html}}}}</body>"


def test_plotly_is_the_bundle_that_the_page_needs(server: Running):
    page = server.client.get("/").text
    address = re.search(r'/static/plotly\.min\.js\?v=[^"]+', page)
    assert address
    pinned = server.client.get(address.group())
    assert "plotly.js (cartesian" in pinned.text[:200]
    assert "immutable" in pinned.headers["cache-control"]
    plain = server.client.get("/static/plotly.min.js")
    assert "max-age" in plain.headers["cache-control"]
    assert "immutable" not in plain.headers["cache-control"]


def test_openapi_describes_the_upload(server: Running):
    api = server.client.get("/openapi.json").json()
    route = api["paths"]["/analyze-video/"]["post"]
    form = route["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    options = {"frame_skip", "max_frames", "smoothing", "language"}
    assert set(form["properties"]) == {"file", "options", *options}
    assert {p["name"]: p["schema"]["default"] for p in route["parameters"]} == {
        "frame_skip": 10,
        "max_frames": 50,
        "smoothing": "one-euro",
        "language": "any",
        "report": True,
    }
    assert form["properties"]["smoothing"]["enum"] == ["one-euro", "off"]
    assert set(route["responses"]) == {
        "200", "400", "401", "403", "408", "413", "415", "422", "429", "500", "503", "507",
    }  # fmt: skip
    assert "VideoAnswer" in api["components"]["schemas"]


def test_every_route_has_a_summary():
    for route in create_app(Settings()).routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            assert route.summary


def test_cors_is_off_by_default(server: Running):
    response = server.client.get("/healthz", headers={"Origin": "https://a.example"})
    assert "access-control-allow-origin" not in response.headers


def test_cors_by_setting(start: Start, text_file: Path):
    origin = {"Origin": "https://a.example"}
    with start(cors_origins="https://a.example, https://b.example") as running:
        preflight = running.client.options(
            "/analyze-video/", headers={**origin, "Access-Control-Request-Method": "POST"}
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://a.example"
        with text_file.open("rb") as file:
            refused = running.client.post("/analyze-video/", files={"file": file}, headers=origin)
        assert refused.status_code == 400
        assert refused.headers["access-control-allow-origin"] == "https://a.example"
        assert "Retry-After" in refused.headers["access-control-expose-headers"]
        other = running.client.get("/healthz", headers={"Origin": "https://c.example"})
        assert "access-control-allow-origin" not in other.headers


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("EVOLVISENSE_MAX_UPLOAD_BYTES", "1000")
    monkeypatch.setenv("EVOLVISENSE_CORS_ORIGINS", "*")
    monkeypatch.setenv("EVOLVISENSE_DATA_DIR", str(tmp_path))
    settings = Settings()
    assert settings.max_upload_bytes == 1000
    assert settings.cors_origins == ["*"]
    assert settings.data_dir == tmp_path
    assert settings.queue_url == f"sqlite:///{tmp_path / 'queue.db'}"
    assert settings.workers >= 1


def test_settings_come_from_a_file_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    file = tmp_path / "evolvisense.toml"
    file.write_text('max_queued = 7\ncors_origins = ["https://a.example"]\nworkers = 3\n')
    monkeypatch.setenv("EVOLVISENSE_CONFIG", str(file))
    monkeypatch.setenv("EVOLVISENSE_WORKERS", "1")
    settings = Settings()
    assert (settings.max_queued, settings.workers) == (7, 1)
    assert settings.cors_origins == ["https://a.example"]
    file.write_text("max_qeued = 7\n")
    with pytest.raises(ValueError, match="max_qeued"):
        Settings()
    monkeypatch.setenv("EVOLVISENSE_CONFIG", str(tmp_path / "nothing.toml"))
    with pytest.raises(FileNotFoundError, match=r"nothing\.toml"):
        Settings()


def test_the_strict_profile_wants_keys():
    with pytest.raises(ValueError, match="allow_anonymous"):
        Settings.model_validate({"profile": "strict", "allow_anonymous": True})


@pytest.mark.parametrize(
    "name", ["max_attempts", "max_upload_bytes", "max_duration_s", "max_pixels"]
)
def test_impossible_settings_are_refused(name: str):
    with pytest.raises(ValueError, match=name):
        Settings.model_validate({name: 0})


def test_importing_the_app_stays_light():
    """What the models need is loaded beside the start, and plotly not at all."""
    code = (
        "import sys, evolvisense.service.http; "
        "print([m for m in ('av', 'onnxruntime', 'cv2', 'plotly', 'swift_f0') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_is_a_page_whose_links_lead_somewhere(server: Running, name: str):
    response = server.client.get(f"/docs/guides/{name}")
    assert response.status_code == 200
    assert "<h1 id=" in response.text
    # A placeholder of ours has a name or a path in it; code samples may hold other braces.
    assert not re.search(r"\{\{(?:> )?[\w./]+\}\}", response.text)
    assert "<script" not in response.text
    for address in re.findall(r'href="(/[^"#]*)', response.text):
        assert server.client.get(address).status_code == 200, address
    for fragment in re.findall(r'href="#([^"]+)"', response.text):
        assert f'id="{fragment}"' in response.text, fragment


def test_there_are_no_other_guides(server: Running):
    response = server.client.get("/docs/guides/secrets")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_the_wheel_carries_the_guides():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert carried == {f"docs/{name}.md": f"evolvisense/web/guides/{name}.md" for name in GUIDES}


def test_swagger_ui_comes_from_the_installation_and_is_kept(server: Running):
    page = server.client.get("/docs").text
    (script,) = re.findall(r'src="(/static/swagger-ui-bundle\.js\?v=[^"]+)"', page)
    response = server.client.get(script)
    assert response.headers["content-type"].startswith("text/javascript")
    assert "immutable" in response.headers["cache-control"]
    assert "SwaggerUIBundle" in response.text
    unpinned = server.client.get("/static/swagger-ui.css")
    assert "immutable" not in unpinned.headers["cache-control"]
