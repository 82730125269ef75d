"""Intervals of what is no smooth function of means, such as a height in a tree: the multiscale bootstrap.

A resample carries its own noise on top of the sample's, and noise breaks clusters: resampled trees show one less often
than new samples would, and percentile intervals lie too low, even below a truth that they should cover. How often a
threshold is passed by resamples that are smaller, and by such that are larger, tells how much of that is the
resampling's doing (Shimodaira 2002, Systematic Biology 51:492–508).
"""

import numpy as np
from scipy import special

from embedding_shift.statistics import bootstrap

# Images in a resample, relative to the sample.
SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
FEWEST_SCALES = 3  # that a line of two coefficients is fitted to


def interval(values, statistic, resamples, confidence, seed):
    """Return (low, high) of a statistic of column means: the thresholds that it is neither clearly above nor below.

    Args:
        values: (n, columns) floats, n ≥ 2.
        statistic: function of the column means (columns,) to a float.
        resamples: number of resamples of each size.
        confidence: coverage, between 0 and 1; widened for small n as `statistics.percentile_interval` is.
        seed: non-negative integer.
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


def unbiased_shares(shares, scales):
    """Return how certainly a statistic lies above each of T thresholds, 0 to 1: the approximately unbiased p value.

    −Φ⁻¹ of the share of resamples above a threshold is fitted by v √scale + c / √scale, by least squares weighted with
    the precision of a share; v is the distance from the threshold and c the curvature of the set of means above it, and
    1 − Φ(v − c) the result. Where too few shares are between 0 and 1 for that, it is the share at scale 1.

    Args:
        shares: (S, T), of resamples that lie above each threshold.
        scales: (S,), images in a resample relative to the sample, 1 among them.
    """
    inside = (shares > 0) & (shares < 1)
    usable = np.where(inside, shares, 0.5)
    z = -special.ndtri(usable)
    weights = np.where(inside, np.exp(-(z**2)) / (usable * (1 - usable)), 0)
    root = np.sqrt(scales)[:, np.newaxis]
    # The normal equations of two coefficients; the mixed sum is that of the weights, as √scale · 1/√scale is 1.
    first, mixed, second = (weights * root**2).sum(axis=0), weights.sum(axis=0), (weights / root**2).sum(axis=0)
    right, other = (weights * root * z).sum(axis=0), (weights / root * z).sum(axis=0)
    fitted = inside.sum(axis=0) >= FEWEST_SCALES
    determinant = np.where(fitted, first * second - mixed**2, 1)
    distance = (right * second - other * mixed) / determinant
    curvature = (other * first - right * mixed) / determinant
    return np.where(fitted, special.ndtr(curvature - distance), shares[list(scales).index(1)])
