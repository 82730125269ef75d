"""Filters and random fields of the corruptions of ImageNet-C."""

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[Any]


def gaussian_blur(values: Pixels, deviations: tuple[float, ...], mode: str, truncate: float) -> Pixels:
    """Blur by a Gaussian with one standard deviation per axis, cut off at `truncate` times its value."""
    from scipy.ndimage import gaussian_filter

    blurred: Pixels = gaussian_filter(values, deviations, mode=mode, truncate=truncate)
    return blurred


def motion_blur(image: Pixels, radius: int, deviation: float, angle: float) -> Pixels:
    """Blur motion as ImageMagick does: half of a Gaussian along a line of whole pixels, in degrees."""
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-(steps**2) / (2 * deviation**2))
    columns = np.ceil(steps * np.cos(np.deg2rad(angle)) - 0.5).astype(int)
    rows = np.ceil(steps * np.sin(np.deg2rad(angle)) - 0.5).astype(int)
    kernel = np.zeros((4 * radius + 1, 4 * radius + 1))
    np.add.at(kernel, (rows + 2 * radius, columns + 2 * radius), weights / weights.sum())
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def enlarged_middle(image: Pixels, factor: float) -> Pixels:
    """Return the middle of an image (height, width, channels), enlarged to its size."""
    from scipy.ndimage import zoom

    height, width = image.shape[:2]
    rows, columns = (int(np.ceil(side / factor)) for side in (height, width))
    top, left = (height - rows) // 2, (width - columns) // 2
    enlarged = zoom(image[top : top + rows, left : left + columns], (factor, factor, 1), order=1)
    top, left = (enlarged.shape[0] - height) // 2, (enlarged.shape[1] - width) // 2
    middle: Pixels = enlarged[top : top + height, left : left + width]
    return middle


def plasma(size: int, decay: float, random: Generator) -> Pixels:
    """Draw a plasma fractal by the diamond-square algorithm.

    Args:
        size: side that is needed; the side of the plasma is the next power of two.
        decay: factor by which the noise shrinks from one scale to the next.
        random: generator of random numbers.

    Returns:
        float64 (side, side), 0 to 1.
    """
    side = 1 << (size - 1).bit_length()
    field, step, noise = np.zeros((side, side)), side, 100.0

    def mean_with_noise(total: Pixels) -> Pixels:
        return total / 4 + noise * random.uniform(-noise, noise, total.shape)

    while step >= 2:
        half = step // 2
        corners = field[::step, ::step]
        total = corners + np.roll(corners, -1, axis=0)
        field[half::step, half::step] = mean_with_noise(total + np.roll(total, -1, axis=1))
        centres = field[half::step, half::step]
        below, right = centres + np.roll(centres, 1, axis=0), corners + np.roll(corners, -1, axis=1)
        field[::step, half::step] = mean_with_noise(below + right)
        beside, down = centres + np.roll(centres, 1, axis=1), corners + np.roll(corners, -1, axis=0)
        field[half::step, ::step] = mean_with_noise(beside + down)
        step, noise = half, noise / decay
    field -= field.min()
    return field / field.max()
