"""Squash images to a square, with and without an antialiasing filter."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

BILINEAR, ANTIALIASED = "bilinear", "antialiased"  # the values of the key `resize`


def bilinear(image: Pixels, size: int) -> Pixels:
    """Resize an image by bilinear interpolation between the four pixels around each sampled point.

    Where an image shrinks to less than half, pixels are skipped, and fine detail becomes coarse (aliasing).

    Args:
        image: uint8 (height, width, 3).
        size: side of the square in pixels.

    Returns:
        uint8 (size, size, 3).
    """
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def antialiased(image: Pixels, size: int) -> Pixels:
    """Resize an image with a triangle filter that covers two pixels of the result in each direction.

    Where an image is enlarged, this is bilinear interpolation.

    Args:
        image, size: see `bilinear`.

    Returns:
        uint8 (size, size, 3).
    """
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))


METHODS: dict[str, Callable[[Pixels, int], Pixels]] = {BILINEAR: bilinear, ANTIALIASED: antialiased}


def other_method(method: str) -> str:
    """Return the other of the two methods."""
    return ANTIALIASED if method == BILINEAR else BILINEAR
