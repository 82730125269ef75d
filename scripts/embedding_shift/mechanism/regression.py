"""Ridge regression with the exact error of leaving out one image at a time."""

from typing import NamedTuple

import numpy as np

from embedding_shift.mechanism.tower import FloatArray

FEWEST_IMAGES = 5


class Recovery(NamedTuple):
    """R² with every image left out in turn, and its p value by permutation; NaN where they are not defined."""

    r2: float
    p: float


def leave_one_out(features: FloatArray, target: FloatArray, permutations: int = 0, seed: int = 0) -> Recovery:
    """Predict a target from features by ridge regression, each image from all others.

    The penalty is the mean of the eigenvalues of the kernel, which does not look at the target. The errors of images
    that are left out follow from the residuals (Allen 1974, Technometrics 16:125–127).

    Args:
        features: (n, d).
        target: (n,) or (n, e); R² is over all its columns.
        permutations: of the target over images, for the p value; 0 for none.
        seed: of the permutations.
    """
    n = len(features)
    target = target.reshape(n, -1)
    centred = features - features.mean(0)
    penalty = (centred**2).sum() / max(n, 1)
    if n < FEWEST_IMAGES or penalty <= 0 or not np.ptp(target, axis=0).any():
        return Recovery(np.nan, np.nan)
    if n > centred.shape[1]:  # the smaller of the two equal forms of the estimate
        back = np.linalg.inv(centred.T @ centred + penalty * np.eye(centred.shape[1])) @ centred.T
    else:
        back = centred.T @ np.linalg.inv(centred @ centred.T + penalty * np.eye(n))
    left = 1 - np.einsum("nd,dn->n", centred, back)[:, None] - 1 / n  # with an intercept
    spread = ((target - target.mean(0)) ** 2).sum() * (n / (n - 1)) ** 2

    def r2(values: FloatArray) -> float:
        fitted = centred @ (back @ values) + values.mean(0)
        return float(1 - (((values - fitted) / left) ** 2).sum() / spread)

    observed, generator = r2(target), np.random.default_rng(seed)
    null = [r2(target[generator.permutation(n)]) for _ in range(permutations)]
    p = (1 + sum(value >= observed for value in null)) / (permutations + 1) if permutations else np.nan
    return Recovery(observed, p)
