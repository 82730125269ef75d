"""Measures of damage: how different two images are, pixel by pixel. The study compares doses by them.

All take two uint8 arrays (size, size, 3), RGB, and return a float.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.views.luma import LUMA_UNIT, luma

Pixels = NDArray[np.uint8]

WINDOW, WINDOW_DEVIATION = 11, 1.5
STABILISERS = (0.01 * 255) ** 2, (0.03 * 255) ** 2
ROUNDING = 1.0  # RMSE in grey levels that transforms which round every pixel once or twice stay below


def rmse(original: Pixels, augmented: Pixels) -> float:
    """Return the root of the mean squared difference over pixels and channels: 0 to 255 grey levels."""
    return float(np.sqrt(np.mean((original.astype(np.float64) - augmented.astype(np.float64)) ** 2)))


def ssim(original: Pixels, augmented: Pixels) -> float:
    """Return the mean structural similarity of the luma (Wang et al. 2004, IEEE Trans. Image Process. 13:600–612).

    The window is Gaussian with 11×11 pixels and deviation 1.5, the moments are population moments, K1 = 0.01 and
    K2 = 0.03. Only windows that lie completely inside the image count. The value is −1 to 1.
    """
    one, other = (luma(image) / np.float64(LUMA_UNIT) for image in (original, augmented))
    mean_one, mean_other = _local_mean(one), _local_mean(other)
    variance_one = _local_mean(one**2) - mean_one**2
    variance_other = _local_mean(other**2) - mean_other**2
    covariance = _local_mean(one * other) - mean_one * mean_other
    luminance, contrast = STABILISERS
    similarity = (2 * mean_one * mean_other + luminance) * (2 * covariance + contrast)
    similarity /= (mean_one**2 + mean_other**2 + luminance) * (variance_one + variance_other + contrast)
    return float(similarity.mean())


def _local_mean(plane: NDArray[Any]) -> NDArray[Any]:
    blurred = cv2.GaussianBlur(plane, (WINDOW, WINDOW), WINDOW_DEVIATION)
    margin = WINDOW // 2
    return blurred[margin:-margin, margin:-margin]


MEASURES: dict[str, Callable[[Pixels, Pixels], float]] = {"rmse": rmse, "ssim": ssim}


def as_damage(measure: str, value: Any) -> Any:
    """Return a value of a measure, or an array of values, as damage: 0 for equal images, and larger for others.

    The damage by SSIM is 1 − SSIM, that by RMSE is the RMSE.
    """
    return 1 - value if measure == "ssim" else value
