"""Do encoders agree? The shift of several encoders side by side, and how alike they rank the augmentations."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap, paired_tests

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
]
KINDS = ("embedding", "attention", "registered_attention")  # what the encoder has a say in


def side_by_side(summaries):
    """Put the summaries {model: data frame of summary.csv} under each other, with COMPARISON_COLUMNS."""
    frames = [summary.assign(model=model) for model, summary in summaries.items()]
    return pd.concat(frames, ignore_index=True)[COMPARISON_COLUMNS]


def rank_agreement(long_tables, resamples, confidence, root_seed):
    """Measure how alike every two encoders rank the augmentations by the mean of each metric.

    Kendall's τ and Spearman's ρ, with bootstrap intervals over images; both encoders see the same resamples. The
    images of a row are those for which its metric is defined under every augmentation and for both encoders.

    Args:
        long_tables: {model: long table} of the same images.
        resamples, confidence, root_seed: of the bootstrap.

    Returns:
        data frame with AGREEMENT_COLUMNS; no row for a metric that one of the two encoders does not have, and none
        where there are fewer than two augmentations to rank.
    """
    rows = []
    for metric in (metric.name for metric in registry.in_order() if metric.kind in KINDS):
        values = {model: paired_tests.blocks(table, metric) for model, table in long_tables.items()}
        for first, second in combinations(long_tables, 2):
            images = values[first].index.intersection(values[second].index)
            names = [name for name in values[first].columns if name in values[second].columns]
            if len(images) and len(names) > 1:
                both = [values[model].loc[images, names].to_numpy() for model in (first, second)]
                seed = bootstrap.seed_of(root_seed, "rank agreement", metric, first, second)
                agreement = _agreement(*both, resamples, confidence, seed)
                rows.append((metric, first, second, len(images), len(names), *agreement))
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)


def kendall_tau(first, second):
    """Kendall's τ along the last axis of two arrays (…, items): float64 (…), −1 to 1; a tied pair counts as 0 (τa)."""
    upper = np.triu_indices(first.shape[-1], 1)
    signs = [np.sign(array[..., upper[0]] - array[..., upper[1]]) for array in (first, second)]
    return (signs[0] * signs[1]).mean(axis=-1)


def spearman_rho(first, second):
    """Spearman's ρ along the last axis of two arrays (…, items): float64 (…), −1 to 1; NaN where all items tie."""
    ranks = [rankdata(array, axis=-1) for array in (first, second)]
    centred = [array - array.mean(axis=-1, keepdims=True) for array in ranks]
    scale = np.sqrt((centred[0] ** 2).sum(axis=-1) * (centred[1] ** 2).sum(axis=-1))
    product = (centred[0] * centred[1]).sum(axis=-1)
    return np.divide(product, scale, out=np.full(np.shape(scale), np.nan), where=scale > 0)


def _agreement(first, second, resamples, confidence, seed):
    """Return τ and ρ, each with its interval; the bounds are NaN for a single image."""
    n, items = first.shape
    means = bootstrap.resampled_means(np.hstack([first, second]), resamples, seed)
    found = []
    for statistic in (kendall_tau, spearman_rho):
        bounds = (np.nan, np.nan)
        if n > 1:
            resampled = statistic(means[:, :items], means[:, items:])
            bounds = bootstrap.percentile_interval(resampled, n, confidence)
        found += [float(statistic(first.mean(axis=0), second.mean(axis=0))), *map(float, bounds)]
    return found
