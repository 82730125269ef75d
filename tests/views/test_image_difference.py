"""The measures of damage to the pixels."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from embedding_shift.views import image_difference


def test_ssim_agrees_with_its_formula_and_another_filter(kodak_views):
    one, two = kodak_views[0].pixels, cv2.GaussianBlur(kodak_views[0].pixels, (9, 9), 2)
    x, y = (picture.astype(float) @ (0.299, 0.587, 0.114) for picture in (one, two))

    def mean(array):
        return gaussian_filter(array, 1.5, truncate=3.5)[5:-5, 5:-5]

    variances = mean(x * x) - mean(x) ** 2 + mean(y * y) - mean(y) ** 2
    covariance = mean(x * y) - mean(x) * mean(y)
    c1, c2 = 6.5025, 58.5225
    expected = (2 * mean(x) * mean(y) + c1) * (2 * covariance + c2)
    expected /= (mean(x) ** 2 + mean(y) ** 2 + c1) * (variances + c2)
    assert image_difference.ssim(one, two) == pytest.approx(expected.mean(), abs=1e-9)
    assert image_difference.ssim(two, one) == pytest.approx(image_difference.ssim(one, two), abs=1e-12)
    assert image_difference.ssim(one, one) == pytest.approx(1, abs=1e-12)


def test_damage_of_uniform_pictures_has_closed_forms():
    dark, light = (np.full((32, 32, 3), value, np.uint8) for value in (50, 150))
    assert image_difference.rmse(dark, light) == 100
    assert image_difference.ssim(dark, light) == pytest.approx(
        (2 * 50 * 150 + 6.5025) / (50**2 + 150**2 + 6.5025), abs=1e-9
    )
