"""Every engine keeps the contract of its protocol; engines are objects or names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer
from evolvisense.errors import EngineUnavailableError
from evolvisense.face.tracking import NearestTracker
from evolvisense.face.yunet import YuNet
from evolvisense.live import LiveSession
from evolvisense.models.engines import Engines, create_engine, resolve_engine
from evolvisense.testing import check_engine, checks_of
from evolvisense.types.engines import EngineKind, ModelIdentity
from tests.factory.faces import Painted, PaintedDetector, PaintedNetwork
from tests.factory.flow import analyze_painted
from tests.factory.live import painted_models, png
from tests.factory.media import astronaut

BUILT_IN: list[tuple[EngineKind, str]] = [
    ("detector", "evolvisense"),
    ("detector", "libfacedetection"),
    ("tracker", "nearest"),
    ("expression", "evolvisense"),
    ("activity", "silero"),
    ("pitch", "swift-f0"),
    ("voice_emotion", "evolvisense"),
]


@cache
def engine(kind: EngineKind, name: str) -> Any:
    return create_engine(kind, name)


@pytest.mark.parametrize(
    ("kind", "name", "check"),
    [
        pytest.param(kind, name, check, id=f"{kind}.{name}-{check.__name__}")
        for kind, name in BUILT_IN
        for check in checks_of(kind, engine(kind, name))
    ],
)
def test_built_in_engines_keep_their_contract(kind: EngineKind, name: str, check: Any) -> None:
    check(engine(kind, name))


def test_yunet_keeps_its_contract(data_file: Callable[[str], Path]) -> None:
    content = data_file("models/yunet_n.onnx").read_bytes()
    check_engine("detector", YuNet(content, ModelIdentity("yunet", "test", "Apache-2.0")))


class PerBatch:
    model = ModelIdentity("broken", "1", "MIT")
    input_px = 64

    def probabilities(self, crops_rgb: np.ndarray) -> np.ndarray:
        """Rows that depend on the number of crops."""
        probs = np.full((len(crops_rgb), 7), 0.1, np.float32)
        probs[:, len(crops_rgb) % 7] = 0.4
        return probs


class Percent(PerBatch):
    def probabilities(self, crops_rgb: np.ndarray) -> np.ndarray:
        return np.full((len(crops_rgb), 7), 100 / 7, np.float32)


class Nameless(PerBatch):
    model = ModelIdentity("", "1", "MIT")


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (PerBatch(), "Not equal"),
        (Percent(), "probabilities in 0-1, got 14"),
        (Nameless(), "model.id"),
    ],
)
def test_an_engine_that_breaks_its_contract_is_found_out(broken: object, expected: str) -> None:
    with pytest.raises(AssertionError, match=expected):
        check_engine("expression", broken)


class Tracker(NearestTracker):
    def __init__(self) -> None:
        super().__init__()
        self.model = replace(self.model, id="mine")


def test_an_analyzer_works_with_the_objects_it_is_given() -> None:
    tracker, detector = Tracker(), PaintedDetector()
    analyzer = Analyzer(tracker=tracker, detector=detector, voice_emotion=None)
    assert analyzer.engines.tracker is tracker
    assert analyzer.engines.detector is detector
    assert "mine" in {model.id for model in analyzer.models}
    assert "voice" not in {model.id for model in analyzer.models}


def test_a_report_names_the_engines_that_were_given() -> None:
    report = analyze_painted([(i / 10, [Painted(100, 100)]) for i in range(5)])
    assert {PaintedDetector().model.id, PaintedNetwork().model.id} <= {m.id for m in report.models}


def test_a_live_stream_works_with_the_engines_of_an_analyzer() -> None:
    engines = replace(painted_models(), tracker=Tracker())
    live = LiveSession(engines, rate_hz=None, max_pixels=320 * 240)
    assert len(live.frame(png(Painted(100, 100)), 0.0).faces) == 1
    without = replace(engines, expression=PerBatch())
    with pytest.raises(EngineUnavailableError, match="broken"):
        LiveSession(without, rate_hz=None, max_pixels=320 * 240)


def test_what_is_not_an_engine_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(TypeError, match=r"Painted is not a detector engine.*'detect', 'model'"):
        Engines.load(detector=Painted(1, 1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'start'"):
        resolve_engine("pitch", PaintedDetector())


def test_an_analysis_with_an_object_is_the_one_with_its_name(face_video: Path) -> None:
    options = AnalysisOptions(frame_skip=25, voice=False)
    by_name = Analyzer(detector="evolvisense").analyze(face_video, options)
    detector = create_engine("detector", "evolvisense")
    by_object = Analyzer(detector=detector).analyze(face_video, options)
    one, other = by_name.people[0].timeline, by_object.people[0].timeline
    np.testing.assert_array_equal(one.left_px, other.left_px)


def test_the_example_of_the_page_runs() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "engines.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    namespace: dict[str, Any] = {}
    for block in blocks:
        exec(block, namespace)  # the third block checks the detector
    pair = np.full((300, 900, 3), 90, np.uint8)
    pair[:, :300], pair[100:220, 600:720] = astronaut((300, 300)), astronaut((120, 120))
    (box,) = namespace["LargestFace"]().detect(pair).xyxy
    assert box[2] < 300
    assert "largest-face" in {model.id for model in namespace["analyzer"].models}
