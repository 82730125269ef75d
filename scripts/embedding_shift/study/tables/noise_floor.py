"""The noise floor: the value of every metric without an augmentation, and its ceiling, the value for another image."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables import metric_names
from embedding_shift.study.variants import variant_names

COLUMNS = ["reference", "metric", "mean", "ci_low", "ci_high"]


def table(references: pd.DataFrame, resamples: int, confidence: float, root_seed: int) -> pd.DataFrame:
    """Return mean and bootstrap interval per reference and metric: a data frame with COLUMNS.

    Args:
        references: the reference table (see `long_tables`).
        resamples, confidence, root_seed: settings of the bootstrap.
    """
    references = references[np.isfinite(references["value"])]
    groups = dict(list(references.groupby(["reference", "metric"])))
    rows = []
    for reference in variant_names.REFERENCES:
        for metric in metric_names.in_order():
            if (reference, metric) not in groups:
                continue
            group = groups[reference, metric].sort_values(["image_id", "other_id"])
            seed = bootstrap.seed_of(root_seed, "noise floor", reference, metric)
            values = group["value"].to_numpy()
            if reference == variant_names.ANOTHER:
                pairs = group[["image_id", "other_id"]].to_numpy()
                low, high = pair_interval(pairs, values, resamples, confidence, seed)
            else:
                low, high = bootstrap.bootstrap_mean(values, resamples, confidence, seed)
            rows.append((reference, metric, values.mean(), low, high))
    return pd.DataFrame(rows, columns=COLUMNS)


def pair_interval(
    pairs: NDArray[np.str_], values: NDArray[np.float64], resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Return the expanded percentile bootstrap interval of a mean over pairs of images.

    Images are resampled, not pairs, because pairs share images. An image that is drawn twice makes no pair with itself.

    Args:
        pairs: (P, 2) image ids.
        values: (P,) floats.
        resamples, confidence, seed: see `bootstrap.bootstrap_mean`.

    Returns:
        (low, high); both are the mean if several values are equal, and NaN for a single pair.
    """
    if len(values) == 1:
        return float("nan"), float("nan")
    if np.ptp(values) == 0:
        return float(values.mean()), float(values.mean())
    image_ids, indices = np.unique(pairs, return_inverse=True)
    one, two = indices.reshape(pairs.shape).T
    n = len(image_ids)
    means = []
    for drawn in np.random.default_rng(seed).integers(n, size=(resamples, n)):
        weights = np.bincount(drawn, minlength=n).astype(np.float64)
        together = weights[one] * weights[two]
        if total := together.sum():
            means.append((together * values).sum() / total)
    low, high = bootstrap.percentile_interval(means, n, confidence)
    return float(low), float(high)
