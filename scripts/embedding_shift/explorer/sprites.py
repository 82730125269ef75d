"""Pictures of many views in one file: sprites in WebP, as data URIs."""

import base64
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SIZES = (224, 160, 112, 80, 56)  # pixels
QUALITY = 70
MOST_PIXELS = 16_000  # of a side of a WebP picture

Pixels = NDArray[np.uint8]


def resized(pixels: Pixels, size: int) -> Pixels:
    """Return a picture (size, size, 3) of pixels (height, width, 3); a smaller one is not enlarged."""
    if max(pixels.shape[:2]) <= size:
        return pixels
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def size_within(budget: float, examples: Sequence[Pixels], count: int) -> int:
    """Return the largest of SIZES at which `count` pictures like the examples take at most `budget` bytes."""
    for size in SIZES:
        needed = np.mean([len(_webp(resized(pixels, size))) for pixels in examples]) * count
        if needed <= budget:
            return size
    return SIZES[-1]


def sprite(pictures: Sequence[Pixels], columns: int | None = None) -> dict[str, Any]:
    """Return pictures of one size in rows, as JSON values: data URI, number of columns, size of a picture in pixels."""
    size = pictures[0].shape[0]
    columns = columns or min(math.ceil(math.sqrt(len(pictures))), MOST_PIXELS // size)
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * size, columns * size, 3), np.uint8)
    for place, picture in enumerate(pictures):
        y, x = divmod(place, columns)
        sheet[y * size : (y + 1) * size, x * size : (x + 1) * size] = picture
    address = "data:image/webp;base64," + base64.b64encode(_webp(sheet)).decode()
    return {"address": address, "columns": columns, "size": size}


def _webp(pixels: Pixels) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1].tobytes()
