"""What can be scored, and which numbers of a clip stand for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from evolvisense.types.indicators import INDICATORS

ScoreName = Literal["v1", "v2", "emotion"]
SCORE_NAMES: tuple[ScoreName, ...] = get_args(ScoreName)

RANKINGS: Mapping[ScoreName, tuple[str, ...]] = {
    "v1": ("voice_stress", "voice_anxiety"),
    "v2": INDICATORS,
    "emotion": ("anger_or_fear", "arousal"),
}
"""Numbers that the AUC is made of; the first of each is the headline."""

MEANINGS: Mapping[str, str] = {
    "voice_stress": "v1 voice stress, 0-100",
    "voice_anxiety": "v1 voice anxiety, 0-100",
    **{name: f"v2 indicator {name}, 0-100" for name in INDICATORS},
    "anger_or_fear": "p(angry) + p(fear), mean of the windows",
    "arousal": "arousal of the voice-emotion network, mean of the windows",
}

NEEDS_NETWORK: frozenset[ScoreName] = frozenset({"v2", "emotion"})
"""v2 has features that are made with the voice-emotion network."""

NO_CLASSES: Mapping[ScoreName, str] = {
    "v1": "v1 gives a number for stress and one for anxiety, no classes",
    "v2": "v2 gives indicators, no classes",
}
"""Why there is no UAR, accuracy and calibration error."""

GATES_LIFTED: Mapping[ScoreName, str] = {
    "v2": "v2: the gates of duration (10 s voiced, 20 s of speech) and of several speakers are "
    "lifted, for acted clips are shorter; a report keeps them",
    "emotion": "emotion: a clip in which voice activity finds under half a second of speech is "
    "read all the same, for the table says that somebody speaks; a report leaves it out",
}
"""What `--gates lifted` does, as the output says it."""
