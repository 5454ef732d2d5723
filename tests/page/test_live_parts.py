"""The modules of recording and of the live view that need no camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.factory.quick_server import Running
from tests.page.conftest import NewPage

Run = Callable[..., Any]


@pytest.fixture
def run(quick: Running, new_page: NewPage) -> Run:
    """Evaluates a body in the page: `m` is the module, `x` the argument."""
    page = new_page(quick.url)
    page.goto("/")

    def evaluate(module: str, body: str, argument: object = None) -> Any:
        return page.evaluate(
            f"async (x) => {{ const m = await import('/static/js/{module}'); {body} }}", argument
        )

    return evaluate


def test_a_baseline_is_mean_and_spread_of_what_was_known(run: Run):
    body = """
      const taking = new m.BaselineTaking();
      for (const value of x) {
        taking.add(new Map([["smile", { value }], ["never", { value: null, reason: "" }]]));
      }
      return Object.fromEntries(taking.result());
    """
    values = [0.25, 0.75] * 15
    found = run("live/baseline.js", body, values)
    assert set(found) == {"smile"}
    assert found["smile"]["mean"] == pytest.approx(0.5)
    assert found["smile"]["sd"] == pytest.approx(0.25426, abs=1e-4)
    assert found["smile"]["count"] == 30
    too_few: list[float | None] = [*values[:25], *[None] * 20]
    assert run("live/baseline.js", body, too_few) == {}
    assert run("live/baseline.js", body, values[:19]) == {}


def test_a_change_is_told_in_units_and_spreads(run: Run):
    changed = run("live/baseline.js", "return m.changeOf(3, { mean: 2, sd: 0.5, count: 30 })")
    assert changed == {"difference": 1, "spreads": 2}
    still = run("live/baseline.js", "return m.changeOf(3, { mean: 2, sd: 0, count: 30 })")
    assert still == {"difference": 1, "spreads": None}


def test_delays_are_quantiles_of_the_last_pictures(run: Run):
    body = """
      const delays = new m.Delays();
      const before = delays.quantile(0.5);
      for (let ms = 1; ms <= 400; ms++) delays.add(ms);
      return [before, delays.quantile(0.5), delays.quantile(0.95), delays.count];
    """
    assert run("live/delay.js", body) == [None, 251, 386, 400]


ENDINGS: list[tuple[str, int, int, int | None]] = [
    ("connection_failed", 1006, 0, 1),
    ("connection_failed", 1006, 3, 8),
    ("connection_failed", 1006, 6, None),
    ("busy", 1013, 50, 10),
    ("idle", 1008, 3, 0),
    ("internal_error", 1011, 0, 1),
    ("internal_error", 1011, 1, None),
    ("invalid_option", 1008, 0, None),
    ("forbidden", 1008, 0, None),
]


@pytest.mark.parametrize(("code", "close_code", "tries", "pause_s"), ENDINGS)
def test_when_a_stream_is_tried_again(
    run: Run, code: str, close_code: int, tries: int, pause_s: int | None
):
    assert run("live/connection.js", "return m.pauseS(...x)", [code, close_code, tries]) == pause_s


def test_a_recording_fits_into_an_upload(run: Run):
    def plan(max_bytes: int, max_duration_s: float) -> dict[str, float]:
        limits = {"max_upload_bytes": max_bytes, "max_duration_s": max_duration_s}
        return run("camera/recording.js", "return m.planRecording(x)", limits)

    for max_bytes in (10**6, 10**7, 10**8, 10**9):
        found = plan(max_bytes, 3600)
        rate = found["videoBitsPerSecond"] + found["audioBitsPerSecond"]
        assert found["typicalS"] * rate / 8 <= max_bytes
        assert 800_000 <= found["videoBitsPerSecond"] <= 2_500_000
    assert plan(10**9, 60)["typicalS"] == plan(10**9, 60)["longestS"] == 60
    assert plan(10**6, 3600)["longestS"] == 3600, "it ends at real bytes, not at a guessed rate"
    assert plan(10**7, 3600)["heightPx"] == 480
    assert plan(10**9, 3600)["heightPx"] == 720


def test_a_face_that_should_not_be_read_has_measures_but_no_expression(run: Run):
    pose = {"pitch_deg": 1, "yaw_deg": 2, "roll_deg": 3}
    face = {
        "track_id": 1, "box": [0, 0, 9, 9], "presence": 1, "is_main": True,
        "probabilities": {"happy": 1.0}, "uncertain": "blurred", "smile": 0.4,
        "eye_openness": 1, "mouth_opening": 0, "pose": pose,
    }  # fmt: skip
    body = "return Object.fromEntries(m.readFace(x))"
    found = run("live/measures.js", body, face)
    assert found["happy"] == {"value": None, "reason": "the face is blurred"}
    assert found["smile"] == {"value": 0.4}
    assert found["yaw_deg"] == {"value": 2}
    certain = run("live/measures.js", body, {**face, "uncertain": ""})
    assert certain["happy"] == {"value": 1}


def test_a_trace_keeps_half_a_minute_in_order(run: Run):
    body = """
      const trace = new m.Trace();
      for (const timeS of x) trace.add(timeS, timeS);
      return trace.points.map(({ timeS }) => timeS);
    """
    assert run("live/history.js", body, [0, 5, 4, 20, 40]) == [20, 40]


def test_a_busy_server_gets_fewer_pictures_and_all_again_when_it_keeps_up(run: Run):
    body = """
      const pace = new m.Pace(10);
      let nowMs = 0;
      const told = [];
      for (const [delayMs, answers] of x) {
        for (let i = 0; i < answers; i++) pace.answered(delayMs, nowMs += 1000);
        told.push([pace.perSecond, pace.isSlow]);
      }
      pace.dropped(nowMs + 9000);
      return [...told, [pace.perSecond, pace.isSlow]];
    """
    at_first, busy, between, again, dropped = run(
        "live/pace.js", body, [[100, 5], [1500, 40], [500, 10], [100, 60]]
    )
    assert at_first == [10, False]
    assert busy == [1, True]
    assert between == busy
    assert again == [10, False]
    assert dropped == [7, True]


def test_what_is_left_of_a_recording_follows_its_real_bytes(run: Run):
    plan = {"longestS": 600, "typicalS": 90, "maxBytes": 10e6}
    so = [
        {"elapsedS": 1, "bytes": 0},
        {"elapsedS": 90, "bytes": 1.8e6},
        {"elapsedS": 590, "bytes": 1e6},
    ]
    left = [run("camera/recording.js", "return m.leftS(...x)", [plan, one]) for one in so]
    assert left == [89, pytest.approx(410), 10]


LONG_SESSION = """
  class Recorder extends EventTarget {
    static made = [];
    static isTypeSupported = () => true;
    mimeType = "video/webm";
    state = "inactive";
    constructor() { super(); Recorder.made.push(this); }
    start() { this.state = "recording"; }
    stop() { this.state = "inactive"; this.dispatchEvent(new Event("stop")); }
    give(text) {
      if (this.state !== "recording") return;
      const event = new Event("dataavailable");
      event.data = new Blob([text]);
      this.dispatchEvent(event);
    }
  }
  window.MediaRecorder = Recorder;
  const root = document.createElement("div");
  root.innerHTML = `<div data-part="recording"></div><span data-part="elapsed"></span>
    <video data-part="replay"></video><p data-part="about"></p>`;
  let kept = null;
  URL.createObjectURL = (blob) => {
    kept = blob;
    return "";
  };
  const rates = { videoBitsPerSecond: 1, audioBitsPerSecond: 1 };
  const plan = { maxBytes: 100, longestS: 3600, typicalS: 60, ...rates };
  const session = new m.Session(root, plan);
  session.start({ active: true });
  for (let second = 10; second < 40; second++) {
    for (const one of Recorder.made) one.give(`${second}--------`.slice(0, 10));
    await new Promise((done) => setTimeout(done, 120)); // a tick of the session
  }
  const isShown = await session.finish();
  const blob = await kept.text();
  return { isShown, made: Recorder.made.length, blob, about: root.textContent };
"""


def test_of_a_long_session_the_last_part_is_kept(run: Run):
    found = run("live/session.js", LONG_SESSION)
    assert found["isShown"]
    assert found["made"] >= 3
    assert found["blob"].endswith("39--------")
    assert 40 <= len(found["blob"]) <= 100, "between half of what fits and all of it"
    assert "The last part of the session" in found["about"]
