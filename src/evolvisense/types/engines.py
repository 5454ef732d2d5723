"""Protocols of the engines that can be exchanged by name (entry-point group `evolvisense.engines`).

An engine is built once, without arguments, and is safe to call from several threads; what follows
one video (a tracker, a voice stream) is made by `start()` and used by one thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from evolvisense.types.arrays import F32, I64, U8
from evolvisense.types.face import CropReadings, FaceDetections, FaceLayout
from evolvisense.types.voice import PitchContour

Effort = Literal["quick", "full"]
EngineKind = Literal["detector", "tracker", "expression", "activity", "pitch", "voice_emotion"]


@dataclass(frozen=True)
class ModelIdentity:
    """Which model and version produced a result."""

    id: str
    version: str
    licence: str
    sha256: str | None = None
    """None where the weights are inside a third-party package, which `version` pins."""


@runtime_checkable
class FaceDetector(Protocol):
    """Finds faces in one frame."""

    model: ModelIdentity

    def detect(self, rgb: U8, effort: Effort = "full") -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3), best score first; `quick` may miss small ones."""
        ...


@runtime_checkable
class SinglePassDetector(FaceDetector, Protocol):
    """A detector that can also be asked for one pass at a given size, for evaluation."""

    def detect_once(self, rgb: U8, min_score: float = ...) -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3) at the size it has, scores of at least `min_score`."""
        ...


class TrackerState(Protocol):
    """Follows the faces of one video."""

    def update(self, pts_s: float, detections: FaceDetections) -> I64:
        """Track ids int64 (F,) of the detections of the next frame; ids start at 1."""
        ...


@runtime_checkable
class FaceTracker(Protocol):
    """Makes a tracker for each video."""

    model: ModelIdentity

    def start(self) -> TrackerState:
        """A tracker that has seen nothing yet."""
        ...


@runtime_checkable
class ExpressionClassifier(Protocol):
    """Reads expressions of face crops."""

    model: ModelIdentity
    input_px: int
    """Side of the square crops that are expected."""

    def probabilities(self, crops_rgb: U8) -> F32:
        """uint8 (M, input_px, input_px, 3) -> float32 (M, 7) in the order of EMOTIONS."""
        ...


@runtime_checkable
class FaceNetwork(ExpressionClassifier, Protocol):
    """Reads expressions, actions, landmarks and pose of face crops in one pass."""

    layout: FaceLayout

    def read_crops(self, crops_rgb: U8) -> CropReadings:
        """uint8 (M, input_px, input_px, 3) -> everything; the number of crops changes nothing."""
        ...


@runtime_checkable
class WholeFrameReader(Protocol):
    """An expression engine that finds the faces itself, as DeepFace does."""

    model: ModelIdentity

    def read(self, rgb: U8) -> tuple[FaceDetections, F32]:
        """Faces of one frame and their probabilities float32 (F, 7)."""
        ...


ExpressionEngine = ExpressionClassifier | WholeFrameReader


class ActivityStream(Protocol):
    """Voice activity of one audio stream at 16 kHz."""

    def push(self, mono_16k: F32) -> F32:
        """Speech probabilities float32 (K,) of the 32 ms steps completed by these samples."""
        ...

    def flush(self) -> F32:
        """Probability of the last, incomplete step; (0,) or (1,)."""
        ...


@runtime_checkable
class VoiceActivity(Protocol):
    """Tells speech from everything else."""

    model: ModelIdentity

    def start(self) -> ActivityStream:
        """A stream at its beginning."""
        ...


class PitchStream(Protocol):
    """Pitch of one audio stream at 16 kHz."""

    def push(self, mono_16k: F32) -> PitchContour:
        """The pitch frames that these samples complete."""
        ...

    def flush(self) -> PitchContour:
        """The rest."""
        ...


@runtime_checkable
class PitchTracker(Protocol):
    """Follows the fundamental frequency."""

    model: ModelIdentity

    def start(self) -> PitchStream:
        """A stream at its beginning."""
        ...


@runtime_checkable
class VoiceEmotionClassifier(Protocol):
    """Reads emotions from the sound of a voice, whatever is said and however loud it is."""

    model: ModelIdentity
    window_s: float
    """Length of the windows that it was trained on; shorter ones, down to 0.5 s, are allowed."""

    def read_windows(self, mono_16k: F32) -> tuple[F32, F32]:
        """float32 (W, N) -> probabilities (W, 7) in the order of EMOTIONS, arousal (W,) 0-1."""
        ...
