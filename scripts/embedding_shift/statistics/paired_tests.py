"""Do augmentations differ? Paired over images: differences with intervals, tests with effect sizes, sample sizes.

Images are the blocks and augmentations the treatments. Friedman's test asks whether any augmentation differs. The
post-hoc test is Wilcoxon's signed-rank test of every pair with Holm's correction within the metric, not a test on
mean ranks such as Nemenyi's: there, the verdict on two augmentations depends on which others are in the pool
(Benavoli, Corani and Mangili 2016, JMLR 17(5):1–10).
"""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from embedding_shift.errors import InputError
from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap

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
MOST = 10**9  # stands for this many images or more


def blocks(long_table, metric):
    """Return the images (rows, sorted) × augmentations (columns, in the table's order) of a metric.

    Images that lack a value for one of the augmentations are left out.
    """
    rows = long_table[long_table["metric"] == metric]
    wide = rows.pivot(index="image_id", columns="augmentation", values="value")
    return wide[rows["augmentation"].unique()].dropna()


def shift_sign(metric):
    """Return −1 for a metric that falls as the shift grows (similarities) and 1 for one that rises (distances)."""
    if metric not in registry.REGISTRY:
        allowed = ", ".join(entry.name for entry in registry.in_order())
        raise InputError(f"unknown metric {metric!r}; allowed are {allowed}")
    return -1 if registry.REGISTRY[metric].higher_is_closer else 1


def paired_differences(long_table, resamples, confidence, root_seed):
    """Compare every two augmentations, per metric.

    Columns: `mean_difference` is first − second, in the metric's unit, with its bootstrap interval; `cohens_dz` is it
    divided by the standard deviation of the differences (0 where they do not vary); `rank_biserial` as in
    `rank_biserial`; `p_value` and `p_holm` are Wilcoxon's, alone and corrected for all pairs of the metric;
    `neighbours` whether no other augmentation's mean lies between the two; `images_needed` as in `images_needed`.

    Returns:
        data frame with PAIRED_COLUMNS; no missing values.
    """
    frames = [
        _compare_pairs(metric, blocks(long_table, metric), resamples, confidence, root_seed)
        for metric in long_table["metric"].unique()
    ]
    return pd.concat(frames, ignore_index=True)[PAIRED_COLUMNS]


def _compare_pairs(metric, wide, resamples, confidence, root_seed):
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
        if np.ptp(difference) > 0:
            low, high = bootstrap.percentile_interval(means[first] - means[second], n, confidence)
        effect = standardised_difference(difference)
        biserial, p_value = signed_ranks(difference)
        neighbours = frozenset((first, second)) in adjacent
        needed = images_needed(effect, 1 - confidence)
        rows.append((first, second, mean, low, high, effect, biserial, p_value, neighbours, needed))
    columns = [name for name in PAIRED_COLUMNS if name not in ("metric", "n", "p_holm")]
    frame = pd.DataFrame(rows, columns=columns).assign(metric=metric, n=n)
    return frame.assign(p_holm=multipletests(frame["p_value"], method="holm")[1])


def standardised_difference(difference):
    """Cohen's d_z of paired differences (n,): mean / sample standard deviation; 0 where they do not vary."""
    if np.ptp(difference) == 0:
        return 0.0
    return float(difference.mean() / difference.std(ddof=1))


def signed_ranks(difference):
    """Wilcoxon's signed-rank test of paired differences (n,), two-sided, zero differences left out.

    Returns:
        (matched-pairs rank-biserial correlation, p value). The correlation is the sum of the ranks that are positive
        minus that of the negative ones, divided by their total (Kerby 2014): −1 to 1. (0, 1) where all are zero.
    """
    difference = difference[difference != 0]
    if len(difference) == 0:
        return 0.0, 1.0
    ranks = stats.rankdata(np.abs(difference))
    return float(np.sum(np.sign(difference) * ranks) / ranks.sum()), float(stats.wilcoxon(difference).pvalue)


def images_needed(effect, level):
    """Images for which a two-sided paired t test at this level finds a difference of this d_z with 80 % power.

    Returns:
        a whole number from 2 to 10⁹; 0 where the effect is zero and no number of images would do.
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


def friedman(long_table):
    """Friedman's test per metric, with Kendall's W (0: no agreement of the images on the order; 1: full agreement).

    Returns:
        data frame with FRIEDMAN_COLUMNS; statistic 0, p 1 and W 0 where there are fewer than three augmentations or
        two images, or where no image tells the augmentations apart.
    """
    rows = []
    for metric in long_table["metric"].unique():
        wide = blocks(long_table, metric)
        n, k = wide.shape
        statistic, p_value, agreement = 0.0, 1.0, 0.0
        if n >= 2 and k >= 3 and np.ptp(wide.to_numpy(), axis=1).any():
            statistic, p_value = stats.friedmanchisquare(*wide.to_numpy().T)
            agreement = statistic / (n * (k - 1))
        rows.append((metric, n, k, statistic, p_value, agreement))
    return pd.DataFrame(rows, columns=FRIEDMAN_COLUMNS)


def mean_ranks(long_table):
    """Mean and mean rank of every augmentation, per metric; in each image, rank 1 is the largest shift.

    Returns:
        data frame with RANK_COLUMNS.
    """
    rows = []
    for metric in long_table["metric"].unique():
        wide = blocks(long_table, metric)
        if wide.empty:
            continue
        ranks = stats.rankdata(-shift_sign(metric) * wide.to_numpy(), axis=1).mean(axis=0)
        for augmentation, rank in zip(wide.columns, ranks, strict=True):
            rows.append((metric, augmentation, len(wide), wide[augmentation].mean(), rank))
    return pd.DataFrame(rows, columns=RANK_COLUMNS)
