"""Paired differences between encoders, under every augmentation: the same images and the same views.

Distances are left out: a distance between embeddings has the scale of its encoder's embedding space.
"""

from collections.abc import Mapping
from itertools import combinations

import pandas as pd
from statsmodels.stats.multitest import multipletests

from embedding_shift.io.values_by_metric import Values
from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap, paired_tests
from embedding_shift.statistics.rank_agreement import KINDS

COLUMNS = [
    "metric",
    "first",
    "second",
    "augmentation",
    "n",
    "mean_difference",
    "ci_low",
    "ci_high",
    "cohens_dz",
    "p_value",
    "p_holm",
]


def table(long_tables: Mapping[str, Values], weights: Mapping[str, str], settings: bootstrap.Settings) -> pd.DataFrame:
    """Compare every two encoders under every augmentation, by every similarity that depends on the encoder.

    Columns:
        mean_difference, ci_low, ci_high: first − second, with its bootstrap interval; NaN for a single image.
        cohens_dz: as in `paired_tests.standardised_difference`.
        p_value, p_holm: of Wilcoxon's signed-rank test, uncorrected, and with Holm's correction for all rows of the
            metric.

    Args:
        long_tables: {model: values of every metric} of the same images.
        weights: {model: digest of its weights}; two encoders with the same weights are not compared.
        settings: how to resample.

    Returns:
        data frame with COLUMNS. A row uses the images whose metric is defined for both encoders.
    """
    pairs = [pair for pair in combinations(long_tables, 2) if weights[pair[0]] != weights[pair[1]]]
    metrics = [metric.name for metric in registry.in_order() if metric.kind in KINDS and metric.higher_is_closer]
    frames = [_of_metric(metric, pairs, long_tables, settings) for metric in metrics]
    return pd.concat([pd.DataFrame(columns=COLUMNS), *(frame for frame in frames if len(frame))], ignore_index=True)


def _of_metric(
    metric: str, pairs: list[tuple[str, str]], long_tables: Mapping[str, Values], settings: bootstrap.Settings
) -> pd.DataFrame:
    wide = {model: table[metric] if metric in table else pd.DataFrame() for model, table in long_tables.items()}
    rows = []
    for first, second in pairs:
        differences = wide[first] - wide[second]
        for augmentation in wide[first].columns.intersection(wide[second].columns, sort=False):
            values = differences[augmentation].dropna().to_numpy()
            if len(values):
                seed = bootstrap.seed_of(settings.root_seed, "encoder differences", metric, first, second, augmentation)
                bounds = bootstrap.bootstrap_mean(values, settings.resamples, settings.confidence, seed)
                effect, p_value = paired_tests.standardised_difference(values), paired_tests.signed_ranks(values)[1]
                mean = values.mean()
                rows.append((metric, first, second, augmentation, len(values), mean, *bounds, effect, p_value))
    frame = pd.DataFrame(rows, columns=COLUMNS[:-1])
    return frame.assign(p_holm=multipletests(frame["p_value"], method="holm")[1]) if rows else frame
