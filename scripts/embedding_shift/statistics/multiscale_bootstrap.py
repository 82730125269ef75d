"""Intervals by the multiscale bootstrap, for statistics that are not smooth functions of means.

The height of a merge in a dendrogram is such a statistic. A resample adds its own noise to the noise of the sample, and
noise breaks clusters. A resampled dendrogram therefore shows a cluster less often than a new sample would, and
percentile intervals lie too low, sometimes even below the true value. How often resamples of different sizes pass a
threshold tells how large this bias is, so it can be removed (Shimodaira 2002, Systematic Biology 51:492–508).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

from embedding_shift.statistics import bootstrap

FloatArray = npt.NDArray[np.float64]

SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)  # images in a resample, relative to the sample
FEWEST_SCALES = 3  # for a fit of two coefficients


def interval(
    values: FloatArray, statistic: Callable[[FloatArray], float], resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Return the interval of a statistic of column means.

    The interval spans the thresholds that the statistic is neither clearly above nor clearly below.

    Args:
        values: (n, columns) floats, n ≥ 2.
        statistic: maps column means (columns,) to a float.
        resamples: number of resamples of each size.
        confidence: coverage, between 0 and 1; expanded for small n as in `bootstrap.percentile_interval`.
        seed: non-negative integer.

    Returns:
        (low, high).
    """
    n = len(values)
    sizes = [max(1, round(scale * n)) for scale in SCALES]
    estimates = [
        np.sort([statistic(means) for means in bootstrap.resampled_means(values, resamples, seed, size)])
        for size in sizes
    ]
    thresholds = np.unique(np.concatenate(estimates))
    shares = np.stack([1 - np.searchsorted(sample, thresholds, "right") / resamples for sample in estimates])
    certainty = unbiased_shares(shares, np.array(sizes) / n)
    tail = bootstrap.expanded_tail(n, confidence)
    return thresholds[np.argmax(certainty < 1 - tail)], thresholds[-1 - np.argmax(certainty[::-1] > tail)]


def unbiased_shares(shares: FloatArray, scales: FloatArray) -> FloatArray:
    """Return the approximately unbiased certainty, 0 to 1, that a statistic lies above each threshold.

    With p the share of resamples above a threshold, −Φ⁻¹(p) is fitted by v √scale + c / √scale. The fit is by least
    squares, weighted by the precision of a share. v is the distance from the threshold and c the curvature of the
    region above it. The result is 1 − Φ(v − c). Where fewer than FEWEST_SCALES shares lie strictly between 0 and 1,
    the result is the share at scale 1.

    Args:
        shares: (S, T), shares of resamples above each of T thresholds.
        scales: (S,), images in a resample relative to the sample; one of them is 1.

    Returns:
        float64 (T,).
    """
    inside = (shares > 0) & (shares < 1)
    usable = np.where(inside, shares, 0.5)
    z = -special.ndtri(usable)
    weights = np.where(inside, np.exp(-(z**2)) / (usable * (1 - usable)), 0)
    root = np.sqrt(scales)[:, np.newaxis]
    # Normal equations of the two coefficients. The mixed sum is that of the weights, since √scale · 1/√scale is 1.
    first, mixed, second = (weights * root**2).sum(axis=0), weights.sum(axis=0), (weights / root**2).sum(axis=0)
    right, other = (weights * root * z).sum(axis=0), (weights / root * z).sum(axis=0)
    fitted = inside.sum(axis=0) >= FEWEST_SCALES
    determinant = np.where(fitted, first * second - mixed**2, 1)
    distance = (right * second - other * mixed) / determinant
    curvature = (other * first - right * mixed) / determinant
    return np.where(fitted, special.ndtr(curvature - distance), shares[list(scales).index(1)])
