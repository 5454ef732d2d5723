"""The graph of the shipped voice network: what the heads add to the networks' own answers."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.models.registry import find_file, spec
from evolvisense.types.scores import EMOTIONS
from evolvisense.voice.emotion import MODEL_ID, VoiceEmotionReader
from evolvisense.voice.mel import features
from tests.voice.test_emotion import syllables

# Part of the training environment.
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

INNER = ("network_probs", "network_arousal")


def test_networks_are_inside_and_heads_change_their_answers() -> None:
    path = find_file(spec(MODEL_ID))
    assert path is not None
    model = onnx.utils.Extractor(onnx.load(path)).extract_model(["features"], list(INNER))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    sounds = np.stack([syllables(2.0, seed) for seed in range(4)])
    probs, arousal = session.run(list(INNER), {"features": features(sounds)})
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
    assert probs.shape == (4, len(EMOTIONS))
    ours, heard = VoiceEmotionReader().read_windows(sounds)
    assert np.abs(ours - probs).max() > 0.01
    assert np.abs(heard - arousal).max() > 0.01
