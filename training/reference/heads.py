"""Speed of the head in the talking clips of the data folder, by our own pipeline."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np

from evolvisense import Analyzer
from training.reference.assumed import Assumed

CLIPS = ("talk_1", "talk_2", "talk_3", "talk_hd_1", "talk_hd_2")
SAME_ACTOR = ("ang", "dis", "fea", "hap", "neu", "sad")
SAME_ACTOR_S = 2.1
"""Mean length of the six clips of one CREMA-D actor."""


def head_norm(analyzer: Analyzer, clips: Path) -> Assumed:
    """Mean and spread over five people, noise from six sentences of one."""
    people = [log_speed(analyzer, clips / f"{name}.mp4") for name in CLIPS]
    one = [log_speed(analyzer, clips / f"crema_1001_dfa_{name}.flv") for name in SAME_ACTOR]
    return Assumed(
        mean=float(np.mean(people)),
        sd=float(np.std(people, ddof=1)),
        noise_var_s=float(np.var(one, ddof=1) * SAME_ACTOR_S),
        source="median speed of the head in five talking clips of 5-8 s (talk_*), noise between "
        "six sentences of one actor (crema_1001_*), both by our own pipeline.",
    )


def log_speed(analyzer: Analyzer, path: Path) -> float:
    (main,) = (person for person in analyzer.analyze(path).people if person.is_main)
    speed = main.measures.head_speed_deg_s
    if speed is None:
        raise SystemExit(f"{path}: the head's speed cannot be seen")
    return log(speed)
