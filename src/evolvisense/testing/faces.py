"""Conformance suites of face detectors, trackers, face networks and classifiers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evolvisense.testing.common import (
    names_its_model,
    require,
    require_array,
    require_distribution,
    require_range,
    same_in_threads,
)
from evolvisense.types.arrays import F32, I64, U8
from evolvisense.types.engines import (
    Effort,
    ExpressionClassifier,
    FaceDetector,
    FaceNetwork,
    FaceTracker,
    WholeFrameReader,
)
from evolvisense.types.face import CropReadings, FaceDetections
from evolvisense.types.scores import EMOTIONS

FRAME_SIZES = ((320, 240), (16, 16), (1, 1), (3, 400))
"""Width and height; the smallest come from damaged and unusual files."""
EFFORTS: tuple[Effort, ...] = ("quick", "full")
GREY = 128
SAME = 1e-4


def _noise(width: int, height: int, seed: int = 0) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def _check_detections(found: FaceDetections, rgb: U8) -> None:
    height, width = rgb.shape[:2]
    require_array("xyxy", found.xyxy, (None, 4), np.float32)
    require_array("score", found.score, (len(found.xyxy),), np.float32)
    require_range("score", found.score, 0, 1)
    require_range("xyxy, left and right", found.xyxy[:, [0, 2]], 0, width)
    require_range("xyxy, top and bottom", found.xyxy[:, [1, 3]], 0, height)
    require(
        bool((found.xyxy[:, :2] < found.xyxy[:, 2:]).all()), "left < right and top < bottom in xyxy"
    )
    require(bool((np.diff(found.score) <= 0).all()), "the highest score first")


def finds_nothing_in_plain_frames(detector: FaceDetector) -> None:
    """A grey frame of any size has no face; the arrays are empty in their shapes."""
    for width, height in FRAME_SIZES:
        rgb = np.full((height, width, 3), GREY, np.uint8)
        for effort in EFFORTS:
            found = detector.detect(rgb, effort)
            _check_detections(found, rgb)
            require(len(found) == 0, f"no face in a grey frame of {width} x {height} px")


def boxes_lie_in_the_frame(detector: FaceDetector) -> None:
    """Whatever is found in noise lies in the frame, ordered by score."""
    for width, height in FRAME_SIZES:
        rgb = _noise(width, height)
        for effort in EFFORTS:
            _check_detections(detector.detect(rgb, effort), rgb)


def leaves_the_frame_as_it_is(detector: FaceDetector) -> None:
    """The frame is read by others too: it must not be written to."""
    rgb = _noise(160, 120)
    before = rgb.copy()
    rgb.setflags(write=False)
    detector.detect(rgb)
    np.testing.assert_array_equal(rgb, before)


def detects_the_same_in_threads(detector: FaceDetector) -> None:
    """One detector serves several videos at once."""

    def equal(first: FaceDetections, second: FaceDetections) -> None:
        np.testing.assert_array_equal(first.xyxy, second.xyxy)
        np.testing.assert_array_equal(first.score, second.score)

    frames = [_noise(200 + 16 * i, 160, seed=i) for i in range(3)]
    same_in_threads(detector.detect, frames, equal)


DETECTOR_CHECKS: tuple[Callable[[FaceDetector], None], ...] = (
    names_its_model,
    finds_nothing_in_plain_frames,
    boxes_lie_in_the_frame,
    leaves_the_frame_as_it_is,
    detects_the_same_in_threads,
)


def check_finds_face(
    detector: FaceDetector, rgb: U8, face_xyxy: tuple[float, float, float, float]
) -> None:
    """Check that exactly one face is found where it is (intersection over union above 0.5).

    Args:
        detector: The engine.
        rgb: An image of your own with one face, uint8 (H, W, 3).
        face_xyxy: Left, top, right, bottom of the face in its pixels.
    """
    found = detector.detect(rgb)
    _check_detections(found, rgb)
    require(len(found) == 1, f"one face, got {len(found)}")
    box, expected = found.xyxy[0].astype(np.float64), np.array(face_xyxy, np.float64)
    sides = np.minimum(box[2:], expected[2:]) - np.maximum(box[:2], expected[:2])
    common = float(np.prod(np.maximum(sides, 0)))
    areas = sum(float(np.prod(one[2:] - one[:2])) for one in (box, expected))
    overlap = common / (areas - common)
    require(overlap > 0.5, f"the face at {face_xyxy}, got {box.tolist()} (overlap {overlap:.2f})")


def _boxes(*boxes: tuple[float, float, float, float]) -> FaceDetections:
    return FaceDetections(
        np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32)
    )


HERE, THERE = (40.0, 40.0, 100.0, 100.0), (200.0, 40.0, 260.0, 100.0)


def keeps_track_ids(tracker: FaceTracker) -> None:
    """Faces that rest keep their ids, whatever their order; a new face gets a new id."""
    state = tracker.start()
    first = state.update(0.0, _boxes(HERE))
    require_array("track ids", first, (1,), np.int64)
    require(int(first[0]) >= 1, f"track ids from 1 on, got {first[0]}")
    both = state.update(0.04, _boxes(HERE, THERE))
    require(both[0] == first[0], "the same id for a face that rests")
    require(both[1] != both[0], "another id for another face")
    swapped = state.update(0.08, _boxes(THERE, HERE))
    require(swapped.tolist() == both[::-1].tolist(), "ids that belong to places, not to rows")


def tracks_through_empty_frames(tracker: FaceTracker) -> None:
    """A frame without a face gives no id and does not end a track."""
    state = tracker.start()
    first = state.update(0.0, _boxes(HERE))
    require_array("track ids", state.update(0.04, FaceDetections.none()), (0,), np.int64)
    again = state.update(0.08, _boxes(HERE))
    require(again.tolist() == first.tolist(), "the same id after one frame without the face")


def videos_have_trackers_of_their_own(tracker: FaceTracker) -> None:
    """What one video shows changes nothing for another."""

    def ids(state_of: FaceTracker, *, disturbed: bool) -> list[I64]:
        state, other = state_of.start(), state_of.start()
        found: list[I64] = []
        for i in range(4):
            if disturbed:
                other.update(0.04 * i, _boxes(THERE, HERE))
            found.append(state.update(0.04 * i, _boxes(HERE)))
        return found

    expected, got = ids(tracker, disturbed=False), ids(tracker, disturbed=True)
    np.testing.assert_array_equal(np.concatenate(got), np.concatenate(expected))


TRACKER_CHECKS: tuple[Callable[[FaceTracker], None], ...] = (
    names_its_model,
    keeps_track_ids,
    tracks_through_empty_frames,
    videos_have_trackers_of_their_own,
)


def _crops(engine: ExpressionClassifier, count: int) -> U8:
    """Crops that are smooth enough to look like something: uint8 (M, S, S, 3)."""
    side = engine.input_px
    coarse = np.random.default_rng(count).integers(0, 256, (count, 8, 8, 3), np.uint8)
    rows = np.arange(side) * 8 // side
    return np.ascontiguousarray(coarse[:, rows][:, :, rows])


def classifies_crops(classifier: ExpressionClassifier) -> None:
    """Rows of seven probabilities; no crop gives no row."""
    require(
        classifier.input_px > 0, f"input_px to be the side in pixels, got {classifier.input_px}"
    )
    for count in (0, 1, 5):
        probs = classifier.probabilities(_crops(classifier, count))
        require_array("probabilities", probs, (count, len(EMOTIONS)), np.float32)
        require_distribution("probabilities", probs)


def batches_change_no_probability(classifier: ExpressionClassifier) -> None:
    """A crop reads the same alone and among others."""
    crops = _crops(classifier, 5)
    together = classifier.probabilities(crops)
    alone = [classifier.probabilities(crop[None]) for crop in crops]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=SAME)


def classifies_the_same_in_threads(classifier: ExpressionClassifier) -> None:
    """One classifier serves several videos at once."""

    def equal(first: F32, second: F32) -> None:
        np.testing.assert_allclose(first, second, atol=SAME)

    batches = [_crops(classifier, count) for count in (1, 2, 3)]
    same_in_threads(classifier.probabilities, batches, equal)


CLASSIFIER_CHECKS: tuple[Callable[[ExpressionClassifier], None], ...] = (
    names_its_model,
    classifies_crops,
    batches_change_no_probability,
    classifies_the_same_in_threads,
)


def reads_everything_in_its_shape(network: FaceNetwork) -> None:
    """Probabilities, blendshapes, landmarks, head pose, presence and action units of crops."""
    layout = network.layout
    points, units = len(layout.mesh_points), len(layout.action_units)
    for count in (0, 1, 5):
        found = network.read_crops(_crops(network, count))
        require_array("probs", found.probs, (count, len(EMOTIONS)), np.float32)
        require_distribution("probs", found.probs)
        require_array("action", found.action, (count, len(layout.actions)), np.float32)
        require_range("action", found.action, 0, 1)
        require_array("landmark_xy", found.landmark_xy, (count, points, 2), np.float32)
        require_array("pose_deg", found.pose_deg, (count, 3), np.float32)
        require_range("pose_deg", found.pose_deg, -180, 180)
        require_array("presence", found.presence, (count,), np.float32)
        require_range("presence", found.presence, 0, 1)
        require((found.au is None) == (units == 0), "au exactly where the layout has action units")
        if found.au is not None:
            require_array("au", found.au, (count, units), np.float32)
            require_range("au", found.au, 0, 5)


def has_a_layout(network: FaceNetwork) -> None:
    """Names without repetition, and the landmarks and blendshapes that behaviour is read from."""
    layout = network.layout
    require(len(set(layout.actions)) == len(layout.actions), "names of actions without repetition")
    for name in ("eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight"):
        require(name in layout.actions, f"{name} among the actions")
    require_array("mean_shape_xy", layout.mean_shape_xy, (len(layout.mesh_points), 2), np.float32)
    for point in (33, 133, 263, 362, 13, 14):  # corners of the eyes, middle of the inner lips
        require(point in layout.mesh_points, f"mesh point {point} among the landmarks")


def batches_change_no_reading(network: FaceNetwork) -> None:
    """A crop reads the same alone and among others; `probabilities` are those of `read_crops`."""
    crops = _crops(network, 5)
    together = network.read_crops(crops)
    alone: list[CropReadings] = [network.read_crops(crop[None]) for crop in crops]
    for name, of_all in vars(together).items():
        if of_all is not None:
            of_each = np.concatenate([getattr(one, name) for one in alone])
            tolerance = 1e-2 if name == "pose_deg" else SAME
            np.testing.assert_allclose(of_all, of_each, atol=tolerance, err_msg=name)
    np.testing.assert_allclose(network.probabilities(crops), together.probs, atol=SAME)


FACE_NETWORK_CHECKS: tuple[Callable[[FaceNetwork], None], ...] = (
    *CLASSIFIER_CHECKS,
    has_a_layout,
    reads_everything_in_its_shape,
    batches_change_no_reading,
)


def reads_whole_frames(reader: WholeFrameReader) -> None:
    """Faces and probabilities have the same length; the boxes lie in the frame."""
    for rgb in (np.full((240, 320, 3), GREY, np.uint8), _noise(320, 240)):
        found, probs = reader.read(rgb)
        _check_detections(found, rgb)
        require_array("probabilities", probs, (len(found), len(EMOTIONS)), np.float32)
        require_distribution("probabilities", probs)


WHOLE_FRAME_CHECKS: tuple[Callable[[WholeFrameReader], None], ...] = (
    names_its_model,
    reads_whole_frames,
)
