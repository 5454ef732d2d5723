"""Pictures without a face, for the presence head: photographs inside installed packages."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.face.packs import STORED_PX

# Public-domain and CC0 pictures of scikit-image and scikit-learn that show no human face.
SKIMAGE = (
    "coffee.png brick.png grass.png gravel.png hubble_deep_field.jpg ihc.png moon.png page.png "
    "text.png coins.png clock_motion.png retina.jpg rocket.jpg motorcycle_left.png chelsea.png "
    "chessboard_RGB.png cell.png horse.png phantom.png logo.png"
)
SKLEARN = "flower.jpg china.jpg"
MIN_SIDE_PX = 40


def _pictures() -> list[NDArray[np.uint8]]:
    import skimage
    import sklearn

    paths = [Path(skimage.__file__).parent / "data" / name for name in SKIMAGE.split()]
    paths += [Path(sklearn.__file__).parent / "datasets/images" / n for n in SKLEARN.split()]
    found = [cv2.imread(str(path), cv2.IMREAD_COLOR) for path in paths if path.is_file()]
    return [np.asarray(p[:, :, ::-1], np.uint8) for p in found if p is not None]


def load_negatives(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Random squares uint8 (count, 112, 112, 3) of pictures without a face."""
    rng = np.random.default_rng(seed)
    pictures = _pictures()
    squares = np.empty((count, STORED_PX, STORED_PX, 3), np.uint8)
    for row in range(count):
        picture = pictures[rng.integers(len(pictures))]
        limit = min(picture.shape[:2])
        side = int(rng.integers(min(MIN_SIDE_PX, limit - 1), limit))
        top = int(rng.integers(0, picture.shape[0] - side + 1))
        left = int(rng.integers(0, picture.shape[1] - side + 1))
        square = picture[top : top + side, left : left + side]
        squares[row] = cv2.resize(square, (STORED_PX, STORED_PX), interpolation=cv2.INTER_AREA)
    return squares


def shuffled_tiles(rgb: NDArray[np.uint8], seed: int = 0) -> NDArray[np.uint8]:
    """Faces cut into 3 x 3 or 4 x 4 tiles in another order: skin and eyes, but no face."""
    rng = np.random.default_rng(seed)
    shuffled = np.empty_like(rgb)
    for row, picture in enumerate(rgb):
        tiles = int(rng.integers(3, 5))
        side = STORED_PX // tiles
        order = rng.permutation(tiles * tiles)
        canvas = picture.copy()
        for place, source in enumerate(order):
            y, x = (v * side for v in divmod(place, tiles))
            v, u = (w * side for w in divmod(int(source), tiles))
            canvas[y : y + side, x : x + side] = picture[v : v + side, u : u + side]
        shuffled[row] = canvas
    return shuffled
