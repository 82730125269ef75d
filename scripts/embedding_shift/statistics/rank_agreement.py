"""Compare encoders: their summaries in one table, and how far they agree on the ranking of the augmentations."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedding_shift.io.values_by_metric import Values, blocks
from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap, rank_correlation

FloatArray = npt.NDArray[np.float64]

COMPARISON_COLUMNS = ["model", "augmentation", "metric", "n", "mean", "ci_low", "ci_high"]
AGREEMENT_COLUMNS = [
    "metric",
    "first",
    "second",
    "n",
    "augmentations",
    "kendall_tau",
    "tau_low",
    "tau_high",
    "spearman_rho",
    "rho_low",
    "rho_high",
    "same_weights",
]
KINDS = ("embedding", "attention", "registered_attention")  # of the metrics that depend on the encoder


def side_by_side(summaries: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the summaries {model: data frame of summary.csv} as one data frame with COMPARISON_COLUMNS."""
    frames = [summary.assign(model=model) for model, summary in summaries.items()]
    return pd.concat(frames, ignore_index=True)[COMPARISON_COLUMNS]


def rank_agreement(
    long_tables: Mapping[str, Values],
    resamples: int,
    confidence: float,
    root_seed: int,
    weights: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Measure how far every two encoders agree on the ranking of the augmentations by the mean of each metric.

    The coefficients are Kendall's τa and Spearman's ρ, with bootstrap intervals over images; both encoders use the
    same resamples. A row uses the images whose metric is defined under every augmentation and for both encoders. The
    coefficients of two encoders with the same weights are NaN, because an encoder's agreement with itself says nothing.

    Args:
        long_tables: {model: values of every metric} of the same images.
        resamples, confidence, root_seed: as in `bootstrap.Settings`.
        weights: {model: digest of its weights}; without them, no two encoders are taken to have the same weights.

    Returns:
        data frame with AGREEMENT_COLUMNS. There is no row for a metric that one of the two encoders lacks, and none
        where there are fewer than two augmentations to rank.
    """
    rows = []
    digests = weights or {model: model for model in long_tables}
    for metric in (metric.name for metric in registry.in_order() if metric.kind in KINDS):
        values = {model: blocks(table, metric) for model, table in long_tables.items()}
        for first, second in combinations(long_tables, 2):
            images = values[first].index.intersection(values[second].index)
            names = [name for name in values[first].columns if name in values[second].columns]
            if len(images) and len(names) > 1:
                same = digests[first] == digests[second]
                both = [values[model].loc[images, names].to_numpy() for model in (first, second)]
                seed = bootstrap.seed_of(root_seed, "rank agreement", metric, first, second)
                agreement = [np.nan] * 6 if same else _agreement(both[0], both[1], resamples, confidence, seed)
                rows.append((metric, first, second, len(images), len(names), *agreement, same))
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)


def _agreement(first: FloatArray, second: FloatArray, resamples: int, confidence: float, seed: int) -> list[float]:
    """Return τ and ρ of images × augmentations, each followed by its bounds; the bounds of a single image are NaN."""
    n, items = first.shape
    means = bootstrap.resampled_means(np.hstack([first, second]), resamples, seed)
    found = []
    for coefficient in (rank_correlation.kendall_tau_a, rank_correlation.spearman_rho):
        bounds = np.full(2, np.nan)
        if n > 1:
            resampled = coefficient(means[:, :items], means[:, items:])
            bounds = bootstrap.percentile_interval(resampled, n, confidence)
        found += [float(coefficient(first.mean(axis=0), second.mean(axis=0))), *map(float, bounds)]
    return found
