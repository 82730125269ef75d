"""How far two pictures are apart, pixel by pixel: the common measures of damage that doses are compared by.

All take two uint8 arrays (size, size, 3), RGB, and return a float.
"""

import cv2
import numpy as np

from embedding_shift.metrics import pixel_metrics

WINDOW, WINDOW_DEVIATION = 11, 1.5
STABILISERS = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def rmse(original, augmented):
    """Root of the mean squared difference over pixels and channels: 0 to 255 grey levels."""
    return float(np.sqrt(np.mean((original.astype(np.float64) - augmented.astype(np.float64)) ** 2)))


def ssim(original, augmented):
    """Mean structural similarity of the luma, −1 to 1 (Wang et al. 2004, IEEE Trans. Image Process. 13:600–612).

    Gaussian window of 11×11 pixels and deviation 1.5, population moments, K1 = 0.01, K2 = 0.03, over the windows that
    lie wholly inside the picture.
    """
    one, other = (pixel_metrics.luma(image) / np.float64(pixel_metrics.LUMA_UNIT) for image in (original, augmented))
    mean_one, mean_other = _local_mean(one), _local_mean(other)
    variance_one = _local_mean(one**2) - mean_one**2
    variance_other = _local_mean(other**2) - mean_other**2
    covariance = _local_mean(one * other) - mean_one * mean_other
    luminance, contrast = STABILISERS
    similarity = (2 * mean_one * mean_other + luminance) * (2 * covariance + contrast)
    similarity /= (mean_one**2 + mean_other**2 + luminance) * (variance_one + variance_other + contrast)
    return float(similarity.mean())


def _local_mean(picture):
    blurred = cv2.GaussianBlur(picture, (WINDOW, WINDOW), WINDOW_DEVIATION)
    margin = WINDOW // 2
    return blurred[margin:-margin, margin:-margin]


MEASURES = {"rmse": rmse, "ssim": ssim}
