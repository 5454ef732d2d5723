"""What worker processes do in tests instead of analysing; named by `Settings.workplace`.

The folder in EVOLVISENSE_TEST_GATE says how: each function tells where it looks.
"""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path
from typing import Any

from evolvisense.media.descriptors import DescriptorFile, descriptor_of
from evolvisense.sandbox import ChildChannel
from tests.factory.patience import PATIENCE_S

MODELS = [{"id": "none", "version": "1", "licence": "MIT", "sha256": None}]


def gate() -> Path:
    return Path(os.environ["EVOLVISENSE_TEST_GATE"])


def wait_for(name: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not (gate() / name).exists():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def gated(channel: ChildChannel) -> None:
    """Analyses once there is a file `go`; `begun-<pid>` in its own folder is not needed."""
    from evolvisense.analyzer import Analyzer
    from evolvisense.service.queue import analysis

    real = Analyzer.analyze

    def slow(self: Analyzer, *args: Any, **kwargs: Any) -> Any:
        kwargs["on_progress"](progress(0.5))
        wait_for("go")
        return real(self, *args, **kwargs)

    Analyzer.analyze = slow  # type: ignore[method-assign]
    analysis.serve(channel)


def progress(share: float) -> Any:
    from evolvisense.types.progress import Progress

    return Progress("analysing", share, 1.0, 0)


def late(channel: ChildChannel) -> None:
    """Loads its models once there is a file `go`."""
    from evolvisense.service.queue import analysis

    wait_for("go")
    analysis.serve(channel)


def unloadable(channel: ChildChannel) -> None:
    """Has no models."""
    channel.event(
        {"event": "broken", "code": "model_missing", "detail": "/secret/path/model.onnx is missing"}
    )


def endless(channel: ChildChannel) -> None:
    """Works until it is told to stop."""
    channel.event({"event": "ready", "models": MODELS})
    for task in channel.tasks():
        channel.event({"event": "progress", "stage": "analysing", "percent": 10.0})
        while not task.is_cancelled():
            time.sleep(0.01)
        channel.error("cancelled", "stopped")


def deaf(channel: ChildChannel) -> None:
    """Works on whatever it is told, as a decoder that hangs."""
    channel.event({"event": "ready", "models": MODELS})
    for _ in channel.tasks():
        channel.event({"event": "progress", "stage": "analysing", "percent": 10.0})
        time.sleep(PATIENCE_S)


def crashing(channel: ChildChannel) -> None:
    """Dies with every file, as a broken decoder."""
    channel.event({"event": "ready", "models": MODELS})
    for _ in channel.tasks():
        ctypes.string_at(0)


def crashing_once(channel: ChildChannel) -> None:
    """Dies with the first file after the start of the server, and analyses from then on."""
    from evolvisense.service.queue import analysis

    first = gate() / "has-died"
    if first.exists():
        analysis.serve(channel)
        return
    channel.event({"event": "ready", "models": MODELS})
    for _ in channel.tasks():
        first.touch()
        ctypes.string_at(0)


def greedy(channel: ChildChannel) -> None:
    """Takes memory without end."""
    channel.event({"event": "ready", "models": MODELS})
    for _ in channel.tasks():
        held = []
        while True:
            held.append(bytearray(os.urandom(1024)) * 16384)


def broken(channel: ChildChannel) -> None:
    """Has a mistake of ours."""
    from evolvisense.analyzer import Analyzer
    from evolvisense.service.queue import analysis

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret detail")

    Analyzer.analyze = fail  # type: ignore[method-assign]
    analysis.serve(channel)


def incomplete(channel: ChildChannel) -> None:
    """Misses a file of the installation."""
    from evolvisense.analyzer import Analyzer
    from evolvisense.errors import ModelMissingError
    from evolvisense.service.queue import analysis

    def fail(*_: Any, **__: Any) -> Any:
        raise ModelMissingError("/secret/path/model.onnx is missing")

    Analyzer.analyze = fail  # type: ignore[method-assign]
    analysis.serve(channel)


def full(channel: ChildChannel) -> None:
    """Finds no place for its report until there is a file `go`."""
    from evolvisense.service.queue import analysis, messages

    channel.event({"event": "ready", "models": MODELS})
    for task in channel.tasks():
        if not (gate() / "go").exists():
            channel.error(messages.STORAGE_FULL, "the disk is full")
            continue
        analysis.answer(channel, analysis.Work(channel, analysis.Analyzer()), task)


def plain(channel: ChildChannel) -> None:
    """Analyses as the product does."""
    from evolvisense.service.queue import analysis

    analysis.serve(channel)


def hoarding(channel: ChildChannel) -> None:
    """Keeps what it took."""
    channel.event({"event": "ready", "models": MODELS})
    held: list[bytearray] = []
    for _ in channel.tasks():
        held.append(bytearray(os.urandom(1024)) * (350 * 1024))
        channel.error("not_a_video", "kept")


def clumsy(channel: ChildChannel) -> None:
    """Has a mistake of ours in what draws overlays."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    _draws_with(channel, fail)


def greedy_painter(channel: ChildChannel) -> None:
    """Takes memory without end for an overlay, half of which it has written."""

    def paint(_media: Path, _report: Any, target: Path, **_: Any) -> None:
        DescriptorFile(descriptor_of(target)).write(b"half")
        held = []
        while True:
            held.append(bytearray(os.urandom(1024)) * 16384)

    _draws_with(channel, paint)


def dying_painter(channel: ChildChannel) -> None:
    """Dies over every overlay, half of which it has written."""

    def paint(_media: Path, _report: Any, target: Path, **_: Any) -> None:
        DescriptorFile(descriptor_of(target)).write(b"half")
        ctypes.string_at(0)

    _draws_with(channel, paint)


def slow_painter(channel: ChildChannel) -> None:
    """Draws until it is told to stop."""

    def paint(_media: Path, _report: Any, target: Path, **how: Any) -> None:
        from evolvisense.errors import CancelledError

        DescriptorFile(descriptor_of(target)).write(b"half")
        how["on_progress"](progress_of_overlay())
        while not how["is_cancelled"]():
            time.sleep(0.01)
        raise CancelledError("stopped")

    _draws_with(channel, paint)


def progress_of_overlay() -> Any:
    from evolvisense.types.progress import Progress

    return Progress("overlay", 0.5, 1.0, 0)


def _draws_with(channel: ChildChannel, paint: Any) -> None:
    """Loads no models, finds nobody in two pictures and draws as it is told."""
    from evolvisense.media import MediaLimits
    from evolvisense.service.queue import analysis
    from evolvisense.service.queue import analysis as drawing
    from tests.factory.flow import analyze_painted  # the sandbox reads the package tests alone

    class Quick:
        models = ()

        def __init__(self, limits: MediaLimits) -> None:
            self.limits = limits

        def analyze(self, *_: Any, **__: Any) -> Any:
            return analyze_painted([(1.0, []), (2.0, [])])

    analysis.Analyzer = Quick  # type: ignore[assignment, misc]
    drawing.write_overlay = paint  # type: ignore[assignment]
    analysis.serve(channel)
