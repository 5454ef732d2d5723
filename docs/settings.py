"""Write docs/settings.md from the settings themselves: `python -m docs.settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from evolvisense.service.settings import Settings

PAGE = Path(__file__).parent / "settings.md"
COMPUTED = {
    "data_dir": "`~/.local/share/evolvisense/server`",
    "workers": "one for each core, 4 at most",
    "require_sandbox": "on in the strict profile",
}
INTRODUCTION = """# Settings of the server

Environment variables, or a TOML file that `EVOLVISENSE_CONFIG` names, with the same names in small
letters and without the prefix (`max_queued = 50`). The environment wins over the file, an option of
the command over both. `evolvisense serve`, `evolvisense worker` and `uvicorn app:app` read them.
A name or value that is not known stops the start and is told. Written by `make docs` from
`src/evolvisense/service/settings.py`.

| variable | default | meaning |
|---|---|---|
"""
MODELS = """
Library, command and server read these too:

| variable | default | meaning |
|---|---|---|
| `EVOLVISENSE_HOME` | `~/.local/share/evolvisense` | folder of baselines and of `server/` |
| `EVOLVISENSE_CACHE_DIR` | `~/.cache/evolvisense` | models that were downloaded on request |
| `EVOLVISENSE_MODELS_DIR` | none | a read-only folder that is looked into first |
| `EVOLVISENSE_OFFLINE` | `0` | `1` refuses every download |
| `EVOLVISENSE_PROVIDER` | by what works here | what the networks run on: `cpu`, or `cuda` (needs \
onnxruntime-gpu; an error where it cannot be had) |
"""


def page_text() -> str:
    """The page as it is stored."""
    rows = [
        f"| `EVOLVISENSE_{name.upper()}` | {_default(name, field)} | {field.description}"
        f"{_choices(field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return INTRODUCTION + "\n".join(rows) + "\n" + MODELS


def _default(name: str, field: FieldInfo) -> str:
    if name in COMPUTED:
        return COMPUTED[name]
    value: Any = field.default
    assert value is not PydanticUndefined, f"{name} has no default that can be shown"
    if value in ("", []):
        return "none"
    if isinstance(value, bool):
        return f"`{int(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _choices(field: FieldInfo) -> str:
    if get_origin(field.annotation) is not Literal:
        return ""
    return " One of " + ", ".join(f"`{choice}`" for choice in get_args(field.annotation)) + "."


def main() -> None:
    """Write the page."""
    PAGE.write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
