"""Values of a metric over images, and their kernel density."""

import numpy as np
import pandas as pd
from scipy.stats import gaussian_kde

GRID_POINTS = 400


def metric_values(metrics: pd.DataFrame, metric: str, augmentation: str) -> np.ndarray:
    """Return the values, float64 (n,), of one metric and augmentation, sorted by image id."""
    rows = metrics[(metrics["metric"] == metric) & (metrics["augmentation"] == augmentation)]
    return rows.sort_values("image_id")["value"].to_numpy(dtype=np.float64)


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
