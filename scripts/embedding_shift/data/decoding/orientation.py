"""The EXIF orientation: which of eight ways to turn or mirror the stored image gives the upright one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TAG = 0x0112


def of(image: Image.Image) -> int:
    """Return the orientation, 1–8, from the metadata of an opened image; 1 if there is none or it cannot be read."""
    try:
        value = image.getexif().get(TAG, 1)
    except Exception:  # Pillow raises many types on damaged EXIF data, which does not affect the pixels.
        return 1
    return value if value in range(1, 9) else 1


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the upright image.

    Args:
        pixels: array (height, width, channels).
        orientation: 1–8, as in TIFF 6.0, page 36.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    rows = slice(None, None, -1 if orientation in (3, 4, 7, 8) else 1)
    columns = slice(None, None, -1 if orientation in (2, 3, 6, 7) else 1)
    return np.ascontiguousarray(pixels[rows, columns])
