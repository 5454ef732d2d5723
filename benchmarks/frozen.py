"""What the product puts out, written to a folder, to be compared before and after a refactoring.

    python -m benchmarks.frozen write before     (on the old commit)
    python -m benchmarks.frozen write after      (on the new one)
    python -m benchmarks.frozen compare before after

Written are, for the clips of the data folder and a few generated ones, the reports in all formats
(JSON, CSV, Parquet, HTML, EAF, TextGrid); and of the command and a server: the help of every
command, /openapi.json, the JSON Schema of the report, the names of /metrics and the tables of the
database. Only public names and commands are used, so that the script runs on both commits. Times
and random ids are left out. The exit status of `compare` is 1 where something differs.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import httpx
import numpy as np

from evolvisense import AnalysisOptions, Analyzer, Report
from evolvisense.errors import EvolviSenseError
from evolvisense.report import (
    observations_only,
    to_csv,
    to_eaf,
    to_html,
    to_json,
    to_parquet,
    to_textgrid,
)
from trials.paths import DATA

RATE_HZ = 16_000
OPTIONS = {
    "sparse": AnalysisOptions(frame_skip=10, max_frames=50),
    "dense": AnalysisOptions(frame_skip=2, max_frames=150, landmarks=True),
    "raw": AnalysisOptions(frame_skip=5, smoothing="off", voice=False, language="en"),
}
VARIABLE = (
    (re.compile(r'DATE="[^"]*"'), 'DATE=""'),
    (re.compile(r"urn:[\w:-]+"), "urn"),
    (re.compile(r'"timings_s": ?\{[^}]*\}'), '"timings_s": {}'),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "uuid"),
)
"""What differs from run to run, and what stands for it."""
SHOWN_LINES = 40
START_S = 60.0


def write(folder: Path) -> None:
    """All outputs of this commit. Raises FileExistsError for a folder that is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    _write_helps(folder / "help")
    _write_server(folder / "server")
    with TemporaryDirectory() as scratch:
        _write_reports(folder / "reports", [*_clips(), *_generated(Path(scratch))])


def _clips() -> list[Path]:
    return sorted(p for p in (DATA / "clips").iterdir() if p.suffix in {".mp4", ".mov", ".flv"})


def _write_reports(folder: Path, clips: list[Path]) -> None:
    analyzer = Analyzer()
    for clip in clips:
        for name, options in OPTIONS.items():
            target = folder / clip.name / name
            target.mkdir(parents=True)
            try:
                report = analyzer.analyze(clip, options)
            except EvolviSenseError as error:
                (target / "error.txt").write_text(f"{type(error).__name__}: {error}\n")
                continue
            _write_formats(target, report)
            print(clip.name, name, flush=True)


def _write_formats(target: Path, report: Report) -> None:
    report = report.model_copy(update={"timings_s": {}})
    (target / "report.json").write_text(json.dumps(json.loads(to_json(report)), indent=1))
    observed = json.loads(to_json(observations_only(report)))
    (target / "observations.json").write_text(json.dumps(observed, indent=1))
    (target / "report.csv").write_text(to_csv(report))
    (target / "report.html").write_text(_stable(_without_library(to_html(report))))
    (target / "report.eaf").write_text(_stable(_text(to_eaf(report))))
    (target / "report.TextGrid").write_text(_text(to_textgrid(report)))
    (target / "report.parquet.txt").write_text(_parquet_text(report))


def _parquet_text(report: Report) -> str:
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra
    from pyarrow import BufferReader  # noqa: PLC0415

    table = pq.read_table(BufferReader(to_parquet(report)))
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    lines = [str(table.schema.remove_metadata()), json.dumps(metadata, indent=1, sort_keys=True)]
    return "\n".join([*lines, *(json.dumps(row, default=str) for row in table.to_pylist())])


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()


def _without_library(html: str) -> str:
    """Without plotly's JavaScript, 5 MB in a page."""
    return re.sub(r"<script[^>]*>[^<]{200000,}.*?</script>", "<script>plotly</script>", html)


def _stable(text: str) -> str:
    for pattern, replacement in VARIABLE:
        text = pattern.sub(replacement, text)
    return text


def _generated(folder: Path) -> Iterator[Path]:
    """Small files: noise with a tone, a still image, a tone only, no sound, not a video."""
    random = np.random.default_rng(7)
    noise = random.integers(0, 255, (36, 120, 160, 3), dtype=np.uint8)
    tone = np.sin(2 * np.pi * 180 * np.arange(3 * RATE_HZ) / RATE_HZ) * 0.3
    yield _encoded(folder / "noise_tone.mp4", noise, tone)
    yield _encoded(folder / "still.mp4", np.repeat(noise[:1], 36, axis=0), None)
    yield _encoded(folder / "tone.wav", None, tone)
    (folder / "text.mp4").write_text("not a video")
    yield folder / "text.mp4"


def _encoded(path: Path, frames: Any, sound: Any) -> Path:
    """Frames (N, H, W, 3) at 12 Hz and mono samples at RATE_HZ in one file."""
    with av.open(str(path), "w") as output:
        video = None if frames is None else output.add_stream("mpeg4", rate=12)
        audio = None
        if sound is not None:
            codec = "pcm_s16le" if path.suffix == ".wav" else "aac"
            audio = output.add_stream(codec, rate=RATE_HZ, layout="mono")
        if video is not None:
            video.width, video.height, video.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
            for image in frames:
                output.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            output.mux(video.encode(None))
        if audio is not None:
            samples = (sound * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = RATE_HZ, Fraction(1, RATE_HZ), 0
            resampler = av.AudioResampler(audio.format, "mono", RATE_HZ, audio.frame_size or None)
            for block in (*resampler.resample(frame), *resampler.resample(None)):
                output.mux(audio.encode(block))
            output.mux(audio.encode(None))
    return path


def _write_helps(folder: Path) -> None:
    folder.mkdir(parents=True)
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        words = waiting.pop()
        text = _help(words)
        (folder / f"{'-'.join(('evolvisense', *words))}.txt").write_text(text)
        _, _, commands = text.partition("─ Commands ")
        waiting += [(*words, name) for name in re.findall(r"^│ ([a-z][\w-]*) ", commands, re.M)]


def _help(words: tuple[str, ...]) -> str:
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "evolvisense", *words, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


def _write_server(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "report.schema.json").write_text(json.dumps(Report.model_json_schema(), indent=1))
    with TemporaryDirectory() as scratch:
        port = "17861"
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("EVOLVISENSE_")},
            "EVOLVISENSE_DATA_DIR": scratch,
        }
        command = [sys.executable, "-m", "evolvisense", "serve", "--port", port]
        server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_until(lambda: _answers(f"{base}/readyz"))
            api = httpx.get(f"{base}/openapi.json").raise_for_status().json()
            (folder / "openapi.json").write_text(json.dumps(api, indent=1))
            metrics = httpx.get(f"{base}/metrics").raise_for_status().text
            names = sorted(set(re.findall(r"^# .*", metrics, re.M)))
            (folder / "metrics.txt").write_text("\n".join(names) + "\n")
            models = httpx.get(f"{base}/v1/models").raise_for_status().json()
            (folder / "models.json").write_text(json.dumps(models, indent=1))
            limits = httpx.get(f"{base}/v1/limits").raise_for_status().json()
            (folder / "limits.json").write_text(json.dumps(limits, indent=1))
        finally:
            server.terminate()
            server.wait()
        (folder / "database.sql").write_text("\n".join(_tables(Path(scratch))) + "\n")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + START_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"the server was not ready after {START_S:.0f} s")
        time.sleep(0.2)


def _tables(folder: Path) -> list[str]:
    lines: list[str] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            if file.read(15) != b"SQLite format 3":
                continue
        with sqlite3.connect(path) as database:
            rows = database.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL").fetchall()
        lines += sorted(row[0] for row in rows)
    return lines


def compare(before: Path, after: Path) -> int:
    """Print what differs; the number of files that do."""
    names = {p.relative_to(d) for d in (before, after) for p in d.rglob("*") if p.is_file()}
    different = 0
    for name in sorted(names):
        old, new = before / name, after / name
        if not (old.exists() and new.exists()):
            print(f"only in {before if old.exists() else after}: {name}")
        elif (one := old.read_text()) != (other := new.read_text()):
            print(f"different: {name}")
            lines = difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=0)
            print("\n".join(f"    {line[:200]}" for line in islice(lines, SHOWN_LINES)))
        else:
            continue
        different += 1
    print(f"{len(names)} files, {different} different")
    return different


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frozen", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("write").add_argument("folder", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    options = parser.parse_args()
    if options.command == "write":
        write(options.folder)
    elif compare(options.before, options.after):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
