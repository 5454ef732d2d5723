"""Engines: objects with a protocol of `evolvisense.types.engines`, or names that stand for them.

A name is looked up in the entry-point group `evolvisense.engines`. A package adds one with an
entry point named `KIND.NAME`, for instance `detector.mine`, that points at a class or at another
callable without arguments. `docs/engines.md` shows how to write an engine and test it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, TypeVar, get_args

from evolvisense.errors import EngineUnavailableError, UnknownEngineError
from evolvisense.types.engines import (
    EngineKind,
    ExpressionEngine,
    FaceDetector,
    FaceNetwork,
    FaceTracker,
    ModelIdentity,
    PitchTracker,
    VoiceActivity,
    VoiceEmotionClassifier,
    WholeFrameReader,
)

Engine = TypeVar("Engine")

GROUP = "evolvisense.engines"

PROTOCOLS: Mapping[EngineKind, tuple[type, ...]] = {
    "detector": (FaceDetector,),
    "tracker": (FaceTracker,),
    "expression": get_args(ExpressionEngine),
    "activity": (VoiceActivity,),
    "pitch": (PitchTracker,),
    "voice_emotion": (VoiceEmotionClassifier,),
}
"""What an engine of each kind has to provide: one of these protocols."""


def engine_names(kind: EngineKind) -> list[str]:
    """Names of all installed engines of a kind, sorted."""
    prefix = f"{kind}."
    names = {
        e.name.removeprefix(prefix) for e in entry_points(group=GROUP) if e.name.startswith(prefix)
    }
    return sorted(names)


def create_engine(kind: EngineKind, name: str) -> Any:  # noqa: ANN401 - any of the protocols
    """A new engine.

    Args:
        kind: what it does.
        name: as `engine_names` lists it.

    Raises:
        UnknownEngineError: no engine of this name is installed.
        EngineUnavailableError: it cannot run here; the text says what it needs.
    """
    found = entry_points(group=GROUP, name=f"{kind}.{name}")
    if not found:
        known = ", ".join(engine_names(kind)) or "none"
        raise UnknownEngineError(f"no {kind} engine '{name}'; installed are: {known}")
    try:
        engine_class = next(iter(found)).load()
    except ImportError as error:
        raise EngineUnavailableError(
            f"{kind} engine '{name}' needs a package that is not installed here: {error}"
        ) from error
    return engine_class()


def resolve_engine(kind: EngineKind, engine: str | Engine) -> Engine:
    """Return an engine object as it is; look up a name.

    Args:
        kind: what the engine does.
        engine: an object, or the name of an installed engine or `auto`.

    Returns:
        An object with the protocol of the kind.

    Raises:
        UnknownEngineError: no engine of this name is installed.
        EngineUnavailableError: it cannot run here; the text says what it needs.
        TypeError: the object lacks attributes of the protocol; the text names them.

    Example:
        >>> from evolvisense.face.tracking import NearestTracker
        >>> resolve_engine("tracker", "nearest").model.id
        'nearest'
        >>> tracker = NearestTracker()
        >>> resolve_engine("tracker", tracker) is tracker
        True
        >>> resolve_engine("tracker", 3)
        Traceback (most recent call last):
        TypeError: int is not a tracker engine: it has no 'model', 'start'
    """
    found: Any = create_engine(kind, engine) if isinstance(engine, str) else engine
    protocols = PROTOCOLS[kind]
    if not any(isinstance(found, protocol) for protocol in protocols):
        absent = min(
            ([n for n in _members(p) if not hasattr(found, n)] for p in protocols), key=len
        )
        raise TypeError(
            f"{type(found).__name__} is not a {kind} engine: it has no "
            + ", ".join(f"'{name}'" for name in absent)
        )
    return found


def _members(protocol: type) -> list[str]:
    """Names of a protocol's attributes and methods."""
    names: set[str] = set()
    for base in protocol.__mro__:
        names |= {*inspect.get_annotations(base)}
        names |= {name for name, value in vars(base).items() if callable(value)}
    return sorted(name for name in names if not name.startswith("_"))


@dataclass(frozen=True)
class Engines:
    """The engines of an analyzer or of live streams, loaded; safe to use from several threads."""

    detector: FaceDetector | None
    """None where `expression` finds the faces itself (WholeFrameReader)."""
    tracker: FaceTracker
    expression: ExpressionEngine
    activity: VoiceActivity
    pitch: PitchTracker
    voice_emotion: VoiceEmotionClassifier | None
    """None where emotion in the voice is not read."""

    @classmethod
    def load(
        cls,
        *,
        detector: str | FaceDetector = "evolvisense",
        tracker: str | FaceTracker = "nearest",
        expression: str | ExpressionEngine = "evolvisense",
        activity: str | VoiceActivity = "silero",
        pitch: str | PitchTracker = "swift-f0",
        voice_emotion: str | VoiceEmotionClassifier | None = "evolvisense",
    ) -> Engines:
        """Load the engines that are given by name; take objects as they are.

        Raises UnknownEngineError, EngineUnavailableError, ModelMissingError, ModelCorruptError,
        or TypeError for an object that is not an engine of its kind.
        """
        reader = resolve_engine("expression", expression)
        return cls(
            None if isinstance(reader, WholeFrameReader) else resolve_engine("detector", detector),
            resolve_engine("tracker", tracker),
            reader,
            resolve_engine("activity", activity),
            resolve_engine("pitch", pitch),
            None if voice_emotion is None else resolve_engine("voice_emotion", voice_emotion),
        )

    @property
    def network(self) -> FaceNetwork | None:
        """The expression engine where it reads landmarks, pose and blendshapes too."""
        return self.expression if isinstance(self.expression, FaceNetwork) else None

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """Names and versions of all engines: results are made with these."""
        engines = (
            self.detector,
            self.tracker,
            self.expression,
            self.activity,
            self.pitch,
            self.voice_emotion,
        )
        return tuple(engine.model for engine in engines if engine is not None)
