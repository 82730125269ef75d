"""Give every claim of the ledger this run's verdict, with an effect and its interval.

The effect is positive where the run agrees with the claim. A claim is supported where the whole interval of its effect
lies above zero, contradicted where it lies below, and not resolved otherwise, or where the run lacks what the claim
speaks of. Resamples are of images, the same ones for everything a claim compares.

Kinds and their effects:
    larger_shift: the smallest of all paired mean differences in shift, each of `more` minus each of `less`.
    among_largest: the count-th smallest mean difference of the augmentation minus each other one, which is positive
        exactly where fewer than `count` others shift more; among_smallest: the same with the sign turned.
        For these three, intervals of all differences hold at once (`statistics.simultaneous_intervals`), and the same
        order statistic of the bounds gives the interval of the effect: so its coverage is at least nominal, however
        many augmentations are compared.
    correlation: Spearman's rank correlation of the augmentations' means; percentile interval, which lies nearer to 0
        than the correlation without noise would.
    singleton_cluster: height at which the augmentation first merges, minus the cut.
    sub_cluster: height at which another augmentation first merges with the group, minus the height at which the group
        is complete. Heights are those of the dendrogram; for both, intervals are of the multiscale bootstrap.

A shift is in the unit of the metric: its value for a distance, minus its value for a similarity.
"""

from dataclasses import dataclass
from functools import partial
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy import stats

from embedding_shift.errors import InputError
from embedding_shift.metrics import representation_metrics
from embedding_shift.statistics import bootstrap, clustering, multiscale_bootstrap, paired_tests

COLUMNS = ["claim", "verdict", "effect", "ci_low", "ci_high", "n"]
SUPPORTED, CONTRADICTED, NOT_RESOLVED = "supported", "contradicted", "not resolved"
FEWEST_IMAGES = 5  # with fewer, too many resamples are one image over and over for an interval at 95 %


@dataclass(frozen=True)
class Evidence:
    """What claims are judged by.

    Attributes:
        table: the long table, `image_id, augmentation, metric, value`.
        embeddings: {augmentation: (image ids (N,), embeddings (N, D))}.
        resamples, confidence, root_seed: of the bootstrap.
    """

    table: pd.DataFrame
    embeddings: dict
    resamples: int
    confidence: float
    root_seed: int


@dataclass(frozen=True)
class Judgement:
    """A verdict; `reason` says why a claim was not testable. Without an interval, effect and bounds are zero."""

    verdict: str
    effect: float
    ci_low: float
    ci_high: float
    n: int
    reason: str = ""


class _Untestable(Exception):
    def __init__(self, reason, n=0):
        super().__init__(reason)
        self.n = n


def judge(ledger, evidence):
    """Return {claim id: Judgement} of a `claims_ledger.Ledger`, in its order."""
    return {claim.id: _judge(claim, ledger.augmentations, evidence) for claim in ledger.claims}


def as_table(judgements):
    """Return judgements as a data frame with COLUMNS; no missing values."""
    rows = [(name, item.verdict, item.effect, item.ci_low, item.ci_high, item.n) for name, item in judgements.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _judge(claim, pool, evidence):
    try:
        effect, low, high, n = JUDGES[claim.kind](claim, pool, evidence)
    except _Untestable as untestable:
        return Judgement(NOT_RESOLVED, 0.0, 0.0, 0.0, untestable.n, str(untestable))
    verdict = SUPPORTED if low > 0 else CONTRADICTED if high < 0 else NOT_RESOLVED
    return Judgement(verdict, float(effect), float(low), float(high), n)


def _larger_shift(claim, _, evidence):
    more, less = claim.arguments["more"], claim.arguments["less"]
    shift = _shifts(evidence, claim.metric, [*more, *less])
    differences = np.stack([shift[a] - shift[b] for a, b in product(more, less)], axis=1)
    return _order_statistic(differences, 1, claim, evidence)


def _among(sign, claim, pool, evidence):
    name, count = claim.arguments["augmentation"], claim.arguments["count"]
    others = [other for other in pool if other != name]
    if count > len(others):
        raise _Untestable(f"one of the {count} of {len(others) + 1} augmentations is true of every one")
    shift = _shifts(evidence, claim.metric, [name, *others])
    differences = np.stack([sign * (shift[name] - shift[other]) for other in others], axis=1)
    return _order_statistic(differences, count, claim, evidence)


def _order_statistic(differences, place, claim, evidence):
    """Return effect, bounds and n of the `place`-th smallest mean of the columns of paired differences (n, columns)."""
    n = len(differences)
    if (np.ptp(differences, axis=0) == 0).any():
        raise _Untestable("a difference does not vary over images", n)
    seed = bootstrap.seed_of(evidence.root_seed, "claim", claim.id)
    intervals = bootstrap.simultaneous_intervals(differences, evidence.resamples, evidence.confidence, seed)
    effect, low, high = (np.sort(bounds)[place - 1] for bounds in intervals)
    if not np.isfinite([low, high]).all():
        raise _Untestable("too many images are alike for an interval", n)
    return effect, low, high, n


def _correlation(claim, pool, evidence):
    kept = [name for name in pool if name not in claim.arguments["except"]]
    if len(kept) < 3:
        raise _Untestable("a correlation needs three augmentations")
    one = _values(evidence, claim.metric, kept)
    other = _values(evidence, claim.arguments["with"], kept)
    images = one.index.intersection(other.index)
    values = np.hstack([one.loc[images], other.loc[images]])
    _require_images(len(images))
    if (np.ptp(values, axis=0) == 0).all():
        raise _Untestable("neither metric varies over images", len(images))
    seed = bootstrap.seed_of(evidence.root_seed, "claim", claim.id)
    means = bootstrap.resampled_means(values, evidence.resamples, seed)
    sample = _rank_correlation(values.mean(axis=0)[np.newaxis], len(kept))[0]
    low, high = bootstrap.percentile_interval(_rank_correlation(means, len(kept)), len(images), evidence.confidence)
    return sample, low, high, len(images)


def _rank_correlation(means, split):
    """Spearman's correlation of the first `split` columns with the rest, per row; 0 where one side is all ties."""
    sides = [stats.rankdata(side, axis=1) for side in (means[:, :split], means[:, split:])]
    one, other = (side - side.mean(axis=1, keepdims=True) for side in sides)
    scale = np.sqrt(np.sum(one**2, axis=1) * np.sum(other**2, axis=1))
    return np.divide(np.sum(one * other, axis=1), scale, out=np.zeros(len(means)), where=scale > 0)


def _singleton_cluster(claim, pool, evidence):
    name = claim.arguments["augmentation"]
    names = [name, *(other for other in pool if other != name)]
    return _tree_statistic(names, lambda heights: clustering.isolation(heights, 0), claim, evidence)


def _sub_cluster(claim, pool, evidence):
    members = claim.arguments["augmentations"]
    names = [*members, *(other for other in pool if other not in members)]
    if len(names) == len(members):
        raise _Untestable("there is no other augmentation to cluster with")
    group = range(len(members))
    return _tree_statistic(names, lambda heights: clustering.cohesion(heights, group), claim, evidence)


def _tree_statistic(names, statistic, claim, evidence):
    """Return effect, bounds and n of a statistic of the tree's merge heights, leaves in the order of `names`."""
    _require(names, evidence.embeddings, "embedding of")
    if len(names) < 3:
        raise _Untestable("a dendrogram that could say otherwise needs three augmentations")
    distances = _distances([evidence.embeddings[name] for name in names])
    _require_images(len(distances))
    if (np.ptp(distances, axis=0) == 0).all():
        raise _Untestable("no distance varies over images", len(distances))

    def of_means(means):
        square = np.zeros((len(names), len(names)))
        square[np.triu_indices(len(names), 1)] = means
        return statistic(clustering.merge_heights(square + square.T))

    seed = bootstrap.seed_of(evidence.root_seed, "claim", claim.id)
    low, high = multiscale_bootstrap.interval(distances, of_means, evidence.resamples, evidence.confidence, seed)
    return of_means(distances.mean(axis=0)), low, high, len(distances)


def _distances(embeddings):
    """Return the cosine distances of every two augmentations in every image, (N, A (A − 1) / 2), upper triangle."""
    image_ids = embeddings[0][0]
    if not all(np.array_equal(image_ids, ids) for ids, _ in embeddings):
        raise InputError("the embedding files of the augmentations do not hold the same images")
    pairs = combinations([array for _, array in embeddings], 2)
    distances = np.stack([1 - representation_metrics.cosine_similarity(one, other) for one, other in pairs], axis=1)
    return distances[np.isfinite(distances).all(axis=1)]


def _shifts(evidence, metric, names):
    values = _values(evidence, metric, names)
    _require_images(len(values))
    return {name: paired_tests.shift_sign(metric) * values[name].to_numpy() for name in names}


def _values(evidence, metric, names):
    """Return images × augmentations of a metric, images with all values only."""
    of_metric = evidence.table[evidence.table["metric"] == metric]
    if of_metric.empty:
        raise _Untestable(f"this run has no {metric}")
    _require(names, of_metric["augmentation"].unique(), f"{metric} of")
    return paired_tests.blocks(of_metric[of_metric["augmentation"].isin(names)], metric)


def _require(names, present, what):
    missing = [name for name in names if name not in present]
    if missing:
        raise _Untestable(f"this run has no {what} {', '.join(missing)}")


def _require_images(n):
    if n < FEWEST_IMAGES:
        raise _Untestable(f"{n} images are too few for an interval; it takes {FEWEST_IMAGES}", n)


JUDGES = {
    "larger_shift": _larger_shift,
    "among_largest": partial(_among, 1),
    "among_smallest": partial(_among, -1),
    "correlation": _correlation,
    "singleton_cluster": _singleton_cluster,
    "sub_cluster": _sub_cluster,
}
