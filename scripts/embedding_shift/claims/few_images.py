"""How far the means and ranks of a few images stray from those of all images.

The main program that was released with the original paper measures three images of a folder of five, in the order in
which the file system lists them.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.io.values_by_metric import Values, blocks
from embedding_shift.metrics import registered_metrics
from embedding_shift.statistics import bootstrap, paired_tests, rank_correlation

IMAGES = 3  # as the released main program
SAMPLES = 2000
COLUMNS = ["metric", "images", "n", "deviation", "kendall_tau", "tau_low", "tau_high"]
COLUMNS += ["rank_changes", "changes_low", "changes_high"]


def table(values: Values, confidence: float, root_seed: int) -> pd.DataFrame:
    """Return how far the means of three images, chosen at random many times, stray from those of all images.

    `deviation` is the root mean square over the samples of the difference between the two means of an augmentation,
    divided by its mean shift over all images, as the median over the augmentations. `kendall_tau` is τb between the two
    orders of the augmentations, and `rank_changes` the number of augmentations whose rank changes, as medians over the
    samples; the bounds hold the given share of the samples.

    Args:
        values: the values of every metric.
        confidence: share of the samples between the bounds, 0 to 1.
        root_seed: seed of the run.

    Returns:
        data frame with COLUMNS, without rows for metrics that are constant by construction under some augmentation;
        without any rows if there are not more than three images, or fewer than two augmentations.
    """
    rows = []
    levels = [0.5, (1 - confidence) / 2, (1 + confidence) / 2]
    for metric in values:
        wide = blocks(values, metric)
        n, count = wide.shape
        if n <= IMAGES or count < 2 or registered_metrics.constant_by_construction(metric, wide.mean()):
            continue
        of_metric, everything = wide.to_numpy(), wide.to_numpy().mean(axis=0)
        few = of_metric[samples(n, bootstrap.seed_of(root_seed, "few images", metric))].mean(axis=1)
        shift = everything if paired_tests.shift_sign(metric) > 0 else 1 - everything
        errors = np.sqrt(np.mean((few - everything) ** 2, axis=0))
        deviation = np.median(np.divide(errors, shift, out=np.zeros_like(errors), where=shift > 0))
        tau = np.nan_to_num(rank_correlation.kendall_tau_b(few, everything), nan=0.0)
        moved = (paired_tests.shift_ranks(few, metric) != paired_tests.shift_ranks(everything, metric)).sum(axis=1)
        changes = np.quantile(moved, levels, method="closest_observation").astype(int)
        rows.append((metric, IMAGES, n, deviation, *np.quantile(tau, levels), *changes))
    return pd.DataFrame(rows, columns=COLUMNS)


def samples(n: int, seed: int) -> NDArray[np.int_]:
    """Return the numbers of three different images of n in each of SAMPLES samples: (SAMPLES, 3).

    Args:
        n: number of images, at least three.
        seed: non-negative integer.
    """
    generator = np.random.default_rng(seed)
    chosen = generator.integers(n, size=(SAMPLES, IMAGES))
    while (repeats := np.array([len(set(row)) < IMAGES for row in chosen.tolist()])).any():
        chosen[repeats] = generator.integers(n, size=(repeats.sum(), IMAGES))
    return chosen
