"""Writes a weights file for DeepFace's emotion model: its own architecture, random seeded values.

The published weights cannot be had everywhere. Speed and code path do not depend on the values.
Runs in DeepFace's environment: python -m trials.deepface_weights DEEPFACE_HOME
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

FILE_NAME = "facial_expression_model_weights.h5"
SEED = 7


def write(home: Path) -> Path:
    """The weights file that DeepFace will find where DEEPFACE_HOME is `home`."""
    path = home / ".deepface" / "weights" / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    os.environ["DEEPFACE_HOME"] = str(home)
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # as deepface.DeepFace sets it

    import tensorflow as tf  # noqa: PLC0415 - after the settings
    from deepface.models.demography.tf import Emotion  # noqa: PLC0415

    def keep(model: Any, weight_file: str) -> Any:
        return model

    # load_model() builds the network, then downloads and loads; only the building is wanted.
    Emotion.weight_utils.download_weights_if_necessary = lambda **_: ""
    Emotion.weight_utils.load_model_weights = keep
    tf.keras.utils.set_random_seed(SEED)
    Emotion.load_model().save_weights(str(path))
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
