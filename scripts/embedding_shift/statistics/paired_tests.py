"""Paired tests between augmentations: differences with intervals, effect sizes, p values and sample sizes.

Images are the blocks and augmentations the treatments. Friedman's test asks whether any augmentation differs. The
post-hoc test is Wilcoxon's signed-rank test of every pair, with Holm's correction within the metric. A test on mean
ranks, such as Nemenyi's, is not used: its verdict on two augmentations depends on which other augmentations are tested
(Benavoli, Corani and Mangili 2016, JMLR 17(5):1–10).
"""

from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from embedding_shift.errors import InputError
from embedding_shift.io.values_by_metric import Values, blocks
from embedding_shift.metrics import registered_metrics, registry
from embedding_shift.statistics import bootstrap

FloatArray = npt.NDArray[np.float64]

PAIRED_COLUMNS = [
    "metric",
    "first",
    "second",
    "n",
    "mean_difference",
    "ci_low",
    "ci_high",
    "cohens_dz",
    "rank_biserial",
    "p_value",
    "p_holm",
    "neighbours",
    "images_needed",
]
FRIEDMAN_COLUMNS = ["metric", "n", "augmentations", "statistic", "p_value", "kendalls_w"]
RANK_COLUMNS = ["metric", "augmentation", "n", "mean", "mean_rank"]
POWER = 0.8
MOST = 10**9  # the largest number of images that is reported; it means this many or more


def shift_sign(metric: str) -> int:
    """Return −1 for a metric that falls as the shift grows (a similarity), 1 for one that rises (a distance).

    Raises:
        InputError: the metric is not registered.
    """
    if metric not in registry.REGISTRY:
        allowed = ", ".join(entry.name for entry in registry.in_order())
        raise InputError(f"unknown metric {metric!r}; allowed are {allowed}")
    return -1 if registry.REGISTRY[metric].higher_is_closer else 1


def shift_ranks(values: npt.ArrayLike, metric: str) -> FloatArray:
    """Return the ranks of the last axis by shift: rank 1 is the largest shift, and tied values share their mean rank.

    Args:
        values: (..., augmentations), of the metric.
        metric: its name.
    """
    return stats.rankdata(-shift_sign(metric) * np.asarray(values), axis=-1)


def paired_differences(values: Values, resamples: int, confidence: float, root_seed: int) -> pd.DataFrame:
    """Compare every two augmentations, per metric.

    Columns:
        mean_difference, ci_low, ci_high: first − second, in the unit of the metric, with its bootstrap interval, which
            is NaN for a single image.
        cohens_dz: as in `standardised_difference`.
        rank_biserial: as in `signed_ranks`.
        p_value, p_holm: of Wilcoxon's test, uncorrected and corrected for all pairs of the metric.
        neighbours: whether no other augmentation's mean lies between the two.
        images_needed: as in `images_needed`.

    Args:
        values: the values of every metric.
        resamples, confidence, root_seed: as in `bootstrap.Settings`.

    Returns:
        data frame with PAIRED_COLUMNS.
    """
    frames = [_compare_pairs(metric, blocks(values, metric), resamples, confidence, root_seed) for metric in values]
    return pd.concat(frames, ignore_index=True)[PAIRED_COLUMNS]


def _compare_pairs(metric: str, wide: pd.DataFrame, resamples: int, confidence: float, root_seed: int) -> pd.DataFrame:
    n = len(wide)
    pairs = list(combinations(wide.columns, 2))
    if n == 0 or not pairs:
        return pd.DataFrame(columns=PAIRED_COLUMNS)
    by_mean = wide.mean().sort_values(kind="stable").index
    adjacent = {frozenset(pair) for pair in pairwise(by_mean)}
    seed = bootstrap.seed_of(root_seed, "paired differences", metric)
    means = dict(zip(wide.columns, bootstrap.resampled_means(wide.to_numpy(), resamples, seed).T, strict=True))
    rows = []
    for first, second in pairs:
        difference = (wide[first] - wide[second]).to_numpy()
        mean = difference.mean()
        low, high = mean, mean
        if n == 1 or np.ptp(difference) > 0:
            low, high = bootstrap.percentile_interval(means[first] - means[second], n, confidence)
        effect = standardised_difference(difference)
        biserial, p_value = signed_ranks(difference)
        rows.append(
            {
                "first": first,
                "second": second,
                "mean_difference": mean,
                "ci_low": low,
                "ci_high": high,
                "cohens_dz": effect,
                "rank_biserial": biserial,
                "p_value": p_value,
                "neighbours": frozenset((first, second)) in adjacent,
                "images_needed": images_needed(effect, 1 - confidence),
            }
        )
    frame = pd.DataFrame(rows).assign(metric=metric, n=n)
    return frame.assign(p_holm=multipletests(frame["p_value"], method="holm")[1])


def standardised_difference(difference: FloatArray) -> float:
    """Cohen's d_z of paired differences (n,): mean / sample standard deviation; 0 where they do not vary."""
    if np.ptp(difference) == 0:
        return 0.0
    return float(difference.mean() / difference.std(ddof=1))


def signed_ranks(difference: FloatArray) -> tuple[float, float]:
    """Wilcoxon's signed-rank test of paired differences (n,), two-sided; zero differences are left out.

    Returns:
        (matched-pairs rank-biserial correlation, p value); (0, 1) where all differences are zero. The correlation,
        −1 to 1, is the rank sum of the positive differences minus that of the negative ones, divided by the sum of all
        ranks (Kerby 2014, Comprehensive Psychology 3:11.IT.3.1).
    """
    difference = difference[difference != 0]
    if len(difference) == 0:
        return 0.0, 1.0
    ranks = stats.rankdata(np.abs(difference))
    return float(np.sum(np.sign(difference) * ranks) / ranks.sum()), float(stats.wilcoxon(difference).pvalue)


def images_needed(effect: float, level: float) -> int:
    """Return how many images a two-sided paired t test needs to find an effect with a power of 80 %.

    Args:
        effect: d_z, as in `standardised_difference`.
        level: significance level of the test, between 0 and 1.

    Returns:
        a whole number from 2 to MOST; 0 where the effect is zero and no number of images suffices.
    """
    if effect == 0:
        return 0
    normal = stats.norm.ppf(1 - level / 2) + stats.norm.ppf(POWER)
    if normal / abs(effect) >= np.sqrt(MOST):
        return MOST
    images = max(2, int(np.ceil((normal / effect) ** 2)))
    while TTestPower().power(abs(effect), images, level) < POWER:
        images += 1
    return images


def friedman(values: Values) -> pd.DataFrame:
    """Friedman's test per metric, with Kendall's W (0: the images do not agree on the order; 1: full agreement).

    Metrics that are constant by construction under some augmentation are left out.

    Returns:
        data frame with FRIEDMAN_COLUMNS. The statistic is 0, p is 1 and W is 0 where there are fewer than three
        augmentations or two images, or where no image distinguishes the augmentations.
    """
    rows = []
    for metric in values:
        wide = blocks(values, metric)
        if registered_metrics.constant_by_construction(metric, wide.mean()):
            continue
        n, k = wide.shape
        statistic, p_value, agreement = 0.0, 1.0, 0.0
        if n >= 2 and k >= 3 and np.ptp(wide.to_numpy(), axis=1).any():
            statistic, p_value = stats.friedmanchisquare(*wide.to_numpy().T)
            agreement = statistic / (n * (k - 1))
        rows.append((metric, n, k, statistic, p_value, agreement))
    return pd.DataFrame(rows, columns=FRIEDMAN_COLUMNS)


def mean_ranks(values: Values) -> pd.DataFrame:
    """Mean and mean rank of every augmentation, per metric; ranks within each image are those of `shift_ranks`.

    Returns:
        data frame with RANK_COLUMNS.
    """
    rows = []
    for metric in values:
        wide = blocks(values, metric)
        if wide.empty:
            continue
        ranks = shift_ranks(wide.to_numpy(), metric).mean(axis=0)
        for augmentation, rank in zip(wide.columns, ranks, strict=True):
            rows.append((metric, augmentation, len(wide), wide[augmentation].mean(), rank))
    return pd.DataFrame(rows, columns=RANK_COLUMNS)
