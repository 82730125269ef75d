"""Summaries of the long table, with bootstrap intervals over images."""

import hashlib

import numpy as np
import pandas as pd

SUMMARY_COLUMNS = ["augmentation", "metric", "n", "mean", "std", "ci_low", "ci_high"]


def bootstrap_mean(values, resamples, confidence, seed):
    """Percentile bootstrap interval of a mean (Efron and Tibshirani 1993, section 13.3).

    Args:
        values: (n,) floats.
        resamples: number of resamples.
        confidence: coverage, between 0 and 1.
        seed: non-negative integer.

    Returns:
        (low, high); both are the mean where n is 1.
    """
    values = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(seed)
    means = [generator.choice(values, len(values)).mean() for _ in range(resamples)]
    tail = (1 - confidence) / 2
    return tuple(float(bound) for bound in np.quantile(means, [tail, 1 - tail]))


def summarise(long_table, resamples, confidence, root_seed):
    """Summarise `image_id, augmentation, metric, value` per augmentation and metric, in the table's order.

    `std` is the sample standard deviation (0 where n is 1).

    Returns:
        data frame with SUMMARY_COLUMNS.
    """
    rows = []
    for (augmentation, metric), group in long_table.groupby(["augmentation", "metric"], sort=False):
        values = group.sort_values("image_id")["value"].to_numpy()
        digest = hashlib.sha256(f"{root_seed}/{augmentation}/{metric}".encode()).digest()
        low, high = bootstrap_mean(values, resamples, confidence, int.from_bytes(digest[:8], "big"))
        std = values.std(ddof=1) if len(values) > 1 else 0.0
        rows.append((augmentation, metric, len(values), values.mean(), std, low, high))
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
