"""Write the outputs that README.md, docs/http.md and docs/command.md show: `python -m docs.shown`.

Needs the clips of the data folder (EVOLVISENSE_DATA); tests/test_docs.py compares them with what
the library, the old address and the command give.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import evolvisense

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("EVOLVISENSE_DATA", ROOT.parent / "shared" / "data"))
CLIPS = DATA / "clips"
COLUMNS = "100"


def printed(*command: str) -> str:
    """What a Python process prints in the folder of the clips."""
    env = {**os.environ, "COLUMNS": COLUMNS}
    return subprocess.run(
        [sys.executable, *command], cwd=CLIPS, env=env, capture_output=True, text=True, check=True
    ).stdout


def of_the_library(page: str) -> str:
    """README with the output of its Python example."""
    head, rest = page.split("## Python", 1)
    source, output = re.findall(r"```(?:python)?\n(.*?)```", rest, re.DOTALL)[:2]
    return f"{head}## Python{rest.replace(output, printed('-c', source), 1)}"


def of_the_old_address(page: str) -> str:
    """The page of first requests with the answer to talk_1.mp4."""
    report = evolvisense.analyze(CLIPS / "talk_1.mp4", frame_skip=20)
    assert report.v1 is not None
    answer = report.v1.model_dump(mode="json")

    def text(value: object) -> str:
        return json.dumps(value, separators=(",", ":"))

    for name in ("emotions", "mental_health", "voice_analysis"):
        page = re.sub(rf'(?m)^ "{name}":.*,$', f' "{name}":{text(answer[name])},', page)
    first = text(answer["frame_data"][0])
    page = re.sub(r'(?m)^ "frame_data":.*,$', f' "frame_data":[{first}, ...],', page)
    peak, duration = text(answer["peak_stress"]), text(answer["video_duration"])
    return re.sub(
        r'(?m)^ "peak_stress":.*,$', f' "peak_stress":{peak},"video_duration":{duration},', page
    )


def of_the_command(page: str) -> str:
    """The page of the command with what it prints for talk_hd_1.mp4, without the notice."""
    prompt = "$ evolvisense analyze talk_hd_1.mp4\n"
    head, rest = page.split(prompt, 1)
    tail = rest.split("```", 1)[1]
    output = printed("-m", "evolvisense.cli", "analyze", "talk_hd_1.mp4").split("╭")[0]
    lines = "\n".join(line.rstrip() for line in output.strip("\n").splitlines())
    return f"{head}{prompt}{lines}\n```{tail}"


def main() -> None:
    for name, fill in (
        ("README.md", of_the_library),
        ("docs/http.md", of_the_old_address),
        ("docs/command.md", of_the_command),
    ):
        path = ROOT / name
        path.write_text(fill(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
