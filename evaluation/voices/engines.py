"""The reading path of the product, with the shipped network or other files of its contract."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import cast

from evaluation.errors import EvaluationError
from evaluation.voices.answers import (
    ClipAnswer,
    UnreadableSoundError,
    answer_of,
    read_as_speech,
    read_sound,
)
from evaluation.voices.choices import NEEDS_NETWORK, ScoreName
from evaluation.voices.table import Clip
from evolvisense.indicators import GATES, LIFTED, Reference, load_reference
from evolvisense.models.engines import create_engine
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.engines import (
    ModelIdentity,
    PitchTracker,
    VoiceActivity,
    VoiceEmotionClassifier,
)
from evolvisense.types.indicators import Language
from evolvisense.types.voice import VoiceEmotion
from evolvisense.voice.emotion import VoiceEmotionReader
from evolvisense.voice.reading import VoiceReader

ACTIVITY, PITCH, EMOTION = "silero", "swift-f0", "evolvisense"
FOLDS_FILE = "folds.json"


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is said of a clip; small, so that processes can pass it on."""

    scores: tuple[ScoreName, ...]
    normalise: bool = True
    """Bring every clip to one speech level first."""
    language: Language = "any"
    """Reference set of v2."""
    lifts_gates: bool = True
    """For short acted clips; a report never does it, see GATES_LIFTED."""
    network: Path | None = None
    """Another ONNX file of the voice-emotion network's contract; None: the shipped one."""
    folds: Path | None = None
    """Folder with folds.json and fold{k}.onnx: each speaker is read by the network of its fold."""

    @property
    def needs_network(self) -> bool:
        """Whether a voice-emotion network takes part."""
        return bool(NEEDS_NETWORK.intersection(self.scores))


@dataclass
class ClipReader:
    """Reads clips with the engines of one process; each network is opened when it is needed."""

    recipe: Recipe
    folds: Mapping[str, str]
    """Speaker -> name of the fold; empty without folds."""
    activity: VoiceActivity
    pitch: PitchTracker
    reference: Reference | None
    _readers: dict[str, VoiceReader] = field(default_factory=dict[str, VoiceReader])

    def read(self, clip: Clip, path: Path) -> ClipAnswer:
        """Everything asked for about one clip. Raises UnreadableSoundError."""
        blocks = read_sound(path, normalise=self.recipe.normalise)
        reader = self._reader(self.fold_of(clip))
        reading = reader.read(blocks)
        if reading is None:
            raise UnreadableSoundError("there are no samples in it")

        def anyway() -> VoiceEmotion | None:
            if reader.emotion is None or not self.recipe.lifts_gates:
                return None
            return read_as_speech(reader.emotion, blocks)

        gates = LIFTED if self.recipe.lifts_gates else GATES
        return answer_of(reading, self.recipe.scores, self.reference, gates, anyway)

    def fold_of(self, clip: Clip) -> str:
        """Name of the fold whose network has not heard this speaker; empty without folds."""
        return self.folds[clip.columns["speaker"]] if self.folds else ""

    def models(self, clips: Sequence[Clip]) -> tuple[ModelIdentity, ...]:
        """The voice-emotion networks that read these clips; opens all of them."""
        folds = dict.fromkeys(self.fold_of(clip) for clip in clips)
        networks = (self._reader(fold).emotion for fold in folds)
        return tuple(network.model for network in networks if network is not None)

    def _reader(self, fold: str) -> VoiceReader:
        if fold not in self._readers:
            emotion = _open_network(self.recipe, fold) if self.recipe.needs_network else None
            self._readers[fold] = VoiceReader(self.activity, self.pitch, emotion)
        return self._readers[fold]


def open_reader(recipe: Recipe, clips: Sequence[Clip]) -> ClipReader:
    """The reader of this process.

    Raises EvaluationError where folds do not fit the clips, or what `create_engine` raises.
    """
    return ClipReader(
        recipe,
        _read_folds(recipe.folds, clips) if recipe.folds else {},
        create_engine("activity", ACTIVITY),
        create_engine("pitch", PITCH),
        load_reference(recipe.language) if "v2" in recipe.scores else None,
    )


def _read_folds(folder: Path, clips: Sequence[Clip]) -> dict[str, str]:
    path = folder / FOLDS_FILE
    try:
        content: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"cannot read {path}: {error}; it is a JSON object, speaker -> fold"
        ) from error
    if not isinstance(content, dict):
        raise EvaluationError(f"{path} is no JSON object; write speaker -> fold")
    folds = {name: str(fold) for name, fold in cast("dict[str, object]", content).items()}
    for clip in clips:
        speaker = clip.columns["speaker"]
        if speaker not in folds:
            raise EvaluationError(
                f"row {clip.line}: speaker '{speaker}' is in no fold of {path}; add the speaker "
                "or leave --folds out for speakers that no network has heard"
            )
    return folds


def _open_network(recipe: Recipe, fold: str) -> VoiceEmotionClassifier:
    file = recipe.folds / f"fold{fold}.onnx" if recipe.folds else recipe.network
    if file is None:
        return create_engine("voice_emotion", EMOTION)
    return _open_file(file)


def _open_file(file: Path) -> VoiceEmotionReader:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise EvaluationError(f"cannot read the network {file}: {error.strerror}") from error
    try:
        session = OnnxSession(content)
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        raise EvaluationError(f"{file} is no network that ONNX Runtime can run: {error}") from error
    reader = VoiceEmotionReader(session)
    reader.model = ModelIdentity(
        file.stem, "file", reader.model.licence, sha256(content).hexdigest()
    )
    return reader
