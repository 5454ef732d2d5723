"""What the conformance suites share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from evolvisense.types.engines import ModelIdentity

Item = TypeVar("Item")
Result = TypeVar("Result")


def require(fits: bool, expected: str) -> None:
    """Raise AssertionError unless `fits`; unlike `assert` it works under `python -O` too."""
    if not fits:
        raise AssertionError(f"expected {expected}")


def require_array(
    name: str,
    array: Any,  # noqa: ANN401
    shape: tuple[int | None, ...],
    dtype: type[np.generic],
) -> None:
    """Check type and shape; None in `shape` is any length."""
    require(isinstance(array, np.ndarray), f"{name} to be an array, got {type(array).__name__}")
    require(array.dtype == dtype, f"{name} of {np.dtype(dtype)}, got {array.dtype}")
    fits = array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    require(fits, f"{name} of shape {shape}, got {array.shape}")


def require_range(name: str, array: Any, least: float, most: float) -> None:  # noqa: ANN401
    """Check that all values are finite and lie in a range."""
    values = np.asarray(array)
    if values.size:
        require(bool(np.isfinite(values).all()), f"{name} to be finite")
        low, high = float(values.min()), float(values.max())
        require(least <= low and high <= most, f"{name} in {least}-{most}, got {low}-{high}")


def require_distribution(name: str, probs: Any) -> None:  # noqa: ANN401
    """Check rows of probabilities."""
    require_range(name, probs, 0, 1)
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-4, err_msg=f"rows of {name}")


def names_its_model(engine: Any) -> None:  # noqa: ANN401
    """`model` says id, version and licence; every report repeats them."""
    model = engine.model
    require(
        isinstance(model, ModelIdentity), f"model to be a ModelIdentity, got {type(model).__name__}"
    )
    for name in ("id", "version", "licence"):
        value = getattr(model, name)
        require(isinstance(value, str) and bool(value), f"model.{name} to be a text, got {value!r}")


def same_in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], equal: Callable[[Result, Result], None]
) -> None:
    """The same items give the same results one after the other and in four threads at once."""
    alone = [work(item) for item in items]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(work, [*items, *items]))
    for first, second in zip([*alone, *alone], together, strict=True):
        equal(first, second)
