"""Array aliases and the shape check that the dataclasses share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

F16 = NDArray[np.float16]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
Bools = NDArray[np.bool_]


def require_shape(name: str, array: NDArray[Any], expected: tuple[int | None, ...]) -> None:
    """Raise ValueError naming what was expected and what came; None matches any length."""
    fits = array.ndim == len(expected) and all(
        want is None or want == got for want, got in zip(expected, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if want is None else str(want) for want in expected)
        raise ValueError(f"{name}: expected shape ({wanted}), got {array.shape}")
