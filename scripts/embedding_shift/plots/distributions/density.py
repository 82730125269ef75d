"""Values of a metric over images, and their kernel density."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.stats import gaussian_kde

from embedding_shift.io.values_by_metric import Values
from embedding_shift.plots import style

GRID_POINTS = 400


def metric_values(metrics: Values, metric: str, augmentations: Iterable[style.Augmentation]) -> list[np.ndarray]:
    """Return the values of one metric for every augmentation: float64 (n,), sorted by image id."""
    wide = metrics[metric] if metric in metrics else pd.DataFrame()
    wide = wide.reindex(columns=[augmentation.name for augmentation in augmentations])
    return [column.dropna().to_numpy(dtype=np.float64) for _, column in wide.items()]


def density(values: np.ndarray, lowest: float, highest: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Estimate the density of values (n,) with Gaussian kernels of Scott's bandwidth, between two bounds.

    Returns:
        (grid, density), both (GRID_POINTS,), over the values and three bandwidths beyond them; None where the
        values do not vary enough to have a density.
    """
    if len(values) < 2 or np.ptp(values) <= 1e-9 * max(1.0, np.abs(values).max()):
        return None
    estimate = gaussian_kde(values)
    reach = 3 * np.sqrt(estimate.covariance[0, 0])
    grid = np.linspace(max(lowest, values.min() - reach), min(highest, values.max() + reach), GRID_POINTS)
    return grid, estimate(grid)
