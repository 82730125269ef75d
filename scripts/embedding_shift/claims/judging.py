"""Judge every published claim by a run: an effect, its interval, and the verdict that follows from it.

An effect is positive where the run agrees with the claim. A claim is supported where the whole interval of its effect
lies above zero, contradicted where it lies below, and not resolved otherwise. A claim is not tested where the run lacks
an augmentation or metric of the claim or has too few images for an interval. Everything that a claim compares uses the
same resamples of images.

Kinds of claims and their effects:
    larger_shift: the smallest of all paired mean differences in shift, each of `more` minus each of `less`.
    among_largest: the count-th smallest mean difference of the augmentation minus each other augmentation. It is
        positive exactly where fewer than `count` others shift more.
    among_smallest: the same with the sign of all shifts reversed.
        For these three kinds, the intervals of all differences hold at once (`bootstrap.simultaneous_intervals`), and
        the same order statistic of the bounds gives the interval of the effect. Its coverage is thus at least nominal,
        however many augmentations are compared.
    correlation: Spearman's rank correlation of the augmentations' means. Its percentile interval lies nearer to 0 than
        the correlation without noise would.
    singleton_cluster: the height at which the augmentation first merges, minus the cut.
    sub_cluster: the height at which the group first merges with another augmentation, minus the height that completes
        the group. Heights are those of the dendrogram; the intervals of both kinds come from the multiscale bootstrap.
    larger_share: the smallest difference, over augmentations, of what two parts of the encoder write of the shift, as a
        share of the mean 1 − cosine. The interval is found like those of the first three kinds, for linearised ratios.

The shift by a metric is its value for a distance, and minus its value for a similarity.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedding_shift.claims.published_claims import Claim, PublishedClaims
from embedding_shift.claims.verdicts import Interval, Judgement, tested, untested
from embedding_shift.errors import InputError
from embedding_shift.io.array_files import IMAGES_AT_ONCE, RowsByImage
from embedding_shift.io.values_by_metric import Values
from embedding_shift.metrics import representation_metrics
from embedding_shift.metrics.registry import REGISTRY
from embedding_shift.statistics import bootstrap, clustering, multiscale_bootstrap, paired_tests, rank_correlation

FloatArray = npt.NDArray[np.float64]
Embeddings = tuple[npt.NDArray[np.str_], npt.NDArray[np.floating]]  # image ids (N,) and embeddings (N, D)

FEWEST_IMAGES = 5  # with fewer, too many resamples repeat a single image for an interval at 95 %


@dataclass(frozen=True)
class Evidence:
    """What claims are judged by.

    Attributes:
        values: the values of every metric.
        embeddings: image ids (N,) and embeddings (N, D) by augmentation.
        resamples, confidence, root_seed: as in `bootstrap.Settings`.
        shares: data frame of `image_shares.csv`, for the claims of the related work.
    """

    values: Values
    embeddings: Mapping[str, RowsByImage]
    resamples: int
    confidence: float
    root_seed: int
    shares: pd.DataFrame | None = None

    @property
    def settings(self) -> bootstrap.Settings:
        """The settings of the bootstrap."""
        return bootstrap.Settings(self.resamples, self.confidence, self.root_seed)


class Untestable(Exception):
    """The evidence does not allow an interval; the message gives the reason."""

    def __init__(self, reason: str, n: int = 0) -> None:
        super().__init__(reason)
        self.n = n


def judge(published: PublishedClaims, evidence: Evidence) -> dict[str, Judgement]:
    """Return the judgement of every published claim by its id, in the order of the claims file."""
    return {claim.id: judge_claim(claim, published.augmentations, evidence) for claim in published.claims}


def judge_related(claims: Iterable[Claim], shares: pd.DataFrame, settings: bootstrap.Settings) -> dict[str, Judgement]:
    """Return the judgement of every claim of the related work by its id, from a data frame of `image_shares.csv`."""
    evidence = Evidence({}, {}, *settings, shares=shares)
    return {claim.id: judge_claim(claim, (), evidence) for claim in claims}


def judge_claim(claim: Claim, pool: Sequence[str], evidence: Evidence) -> Judgement:
    """Return the judgement of one claim.

    Args:
        claim: the claim.
        pool: the augmentations that the claims refer to (see `PublishedClaims.augmentations`).
        evidence: what the claim is judged by.
    """
    try:
        effect, low, high, n = JUDGES[claim.kind](claim, pool, evidence)
    except Untestable as untestable:
        return untested(str(untestable), untestable.n)
    return tested(Interval(float(effect), float(low), float(high)), n)


Estimate = tuple[float, float, float, int]  # effect, lower bound, upper bound, number of images


def _larger_shift(claim: Claim, _: Sequence[str], evidence: Evidence) -> Estimate:
    more, less = claim.arguments["more"], claim.arguments["less"]
    shift = _shifts(evidence, claim.metric, [*more, *less])
    differences = np.stack([shift[a] - shift[b] for a, b in product(more, less)], axis=1)
    return order_statistic(differences, 1, claim, evidence.settings)


def _among(sign: int, claim: Claim, pool: Sequence[str], evidence: Evidence) -> Estimate:
    name, count = claim.arguments["augmentation"], claim.arguments["count"]
    others = [other for other in pool if other != name]
    if count > len(others):
        raise Untestable(f"one of the {count} of {len(others) + 1} augmentations is true of every one")
    shift = _shifts(evidence, claim.metric, [name, *others])
    differences = np.stack([sign * (shift[name] - shift[other]) for other in others], axis=1)
    return order_statistic(differences, count, claim, evidence.settings)


def order_statistic(differences: FloatArray, place: int, claim: Claim, settings: bootstrap.Settings) -> Estimate:
    """Estimate the `place`-th smallest mean of the columns of paired differences (n, columns).

    Raises:
        Untestable: some difference does not vary, or too many images are alike.
    """
    n = len(differences)
    if (np.ptp(differences, axis=0) == 0).any():
        raise Untestable("a difference does not vary over images", n)
    seed = bootstrap.seed_of(settings.root_seed, "claim", claim.id)
    intervals = bootstrap.simultaneous_intervals(differences, settings.resamples, settings.confidence, seed)
    effect, low, high = (np.sort(bounds)[place - 1] for bounds in intervals)
    if not np.isfinite([low, high]).all():
        raise Untestable("too many images are alike for an interval", n)
    return effect, low, high, n


def _correlation(claim: Claim, pool: Sequence[str], evidence: Evidence) -> Estimate:
    kept = [name for name in pool if name not in claim.arguments["except"]]
    if len(kept) < 3:
        raise Untestable("a correlation needs three augmentations")
    one = _values(evidence, claim.metric, kept)
    other = _values(evidence, claim.arguments["with"], kept)
    images = one.index.intersection(other.index)
    values = np.hstack([one.loc[images], other.loc[images]])
    require_images(len(images))
    if (np.ptp(values, axis=0) == 0).all():
        raise Untestable("neither metric varies over images", len(images))

    def of_means(means: FloatArray) -> FloatArray:
        rho = rank_correlation.spearman_rho(means[..., : len(kept)], means[..., len(kept) :])
        return np.nan_to_num(rho, nan=0.0)  # Where all augmentations tie, none rises with another.

    seed = bootstrap.seed_of(evidence.root_seed, "claim", claim.id)
    means = bootstrap.resampled_means(values, evidence.resamples, seed)
    low, high = bootstrap.percentile_interval(of_means(means), len(images), evidence.confidence)
    return float(of_means(values.mean(axis=0))), low, high, len(images)


def _singleton_cluster(claim: Claim, pool: Sequence[str], evidence: Evidence) -> Estimate:
    name = claim.arguments["augmentation"]
    names = [name, *(other for other in pool if other != name)]
    return _tree_statistic(names, lambda merged: clustering.isolation(merged, 0), claim, evidence)


def _sub_cluster(claim: Claim, pool: Sequence[str], evidence: Evidence) -> Estimate:
    members = claim.arguments["augmentations"]
    names = [*members, *(other for other in pool if other not in members)]
    if len(names) == len(members):
        raise Untestable("there is no other augmentation to cluster with")
    group = range(len(members))
    return _tree_statistic(names, lambda merged: clustering.cohesion(merged, group), claim, evidence)


def _tree_statistic(
    names: Sequence[str], statistic: Callable[[FloatArray], float], claim: Claim, evidence: Evidence
) -> Estimate:
    """Estimate a statistic of the dendrogram's merges, whose leaves are in the order of `names`."""
    _require(names, evidence.embeddings, "embedding of", evidence)
    if len(names) < 3:
        raise Untestable("a dendrogram that could say otherwise needs three augmentations")
    distances = _distances([evidence.embeddings[name] for name in names])
    require_images(len(distances))
    if (np.ptp(distances, axis=0) == 0).all():
        raise Untestable("no distance varies over images", len(distances))

    def of_means(means: FloatArray) -> float:
        return statistic(clustering.merges_of_pairs(means))

    seed = bootstrap.seed_of(evidence.root_seed, "claim", claim.id)
    low, high = multiscale_bootstrap.interval(distances, of_means, evidence.resamples, evidence.confidence, seed)
    return of_means(distances.mean(axis=0)), low, high, len(distances)


def _larger_share(claim: Claim, _: Sequence[str], evidence: Evidence) -> Estimate:
    written = pd.DataFrame() if evidence.shares is None else evidence.shares
    columns = [claim.arguments["more"], claim.arguments["less"], "total"]
    if not set(columns) <= set(written):
        raise Untestable("this run does not look inside the encoder")
    values = written[columns].apply(pd.to_numeric, errors="coerce")
    if values["total"].isna().all():  # then all cells say why
        raise Untestable(str(written["total"].iloc[0]))
    values["difference"] = values[columns[0]] - values[columns[1]]
    values[["image_id", "augmentation"]] = written[["image_id", "augmentation"]]
    totals, differences = (
        values.pivot(index="image_id", columns="augmentation", values=name).dropna() for name in ("total", "difference")
    )
    require_images(len(totals))
    moved = [name for name, total in totals.mean().items() if total > 0]
    if not moved:
        raise Untestable("no augmentation moves the embedding", len(totals))
    # A ratio of means varies over images as these values do (delta method), not as the size of the shift does.
    means = totals[moved].mean()
    ratios = differences[moved].mean() / means
    linear = ratios + (differences[moved] - ratios * totals[moved]) / means
    return order_statistic(linear.to_numpy(), 1, claim, evidence.settings)


def _distances(embeddings: Sequence[RowsByImage]) -> FloatArray:
    """Return the cosine distances between every two augmentations: images × pairs, in the order of `combinations`.

    Images with an undefined distance are left out.
    """
    image_ids = embeddings[0][0]
    if not all(np.array_equal(image_ids, ids) for ids, _ in embeddings):
        raise InputError("the embedding files of the augmentations do not hold the same images")
    pairs = list(combinations(range(len(embeddings)), 2))
    distances = np.empty((len(image_ids), len(pairs)))
    for start in range(0, len(image_ids), IMAGES_AT_ONCE):
        some = [array[start : start + IMAGES_AT_ONCE] for _, array in embeddings]
        for column, (i, j) in enumerate(pairs):
            similarity = representation_metrics.cosine_similarity(some[i], some[j])
            distances[start : start + len(similarity), column] = 1 - similarity
    is_finite = np.isfinite(distances).all(axis=1)
    return distances if is_finite.all() else distances[is_finite]


def _shifts(evidence: Evidence, metric: str, names: Sequence[str]) -> dict[str, FloatArray]:
    """Return the shift of every image, (n,), by augmentation."""
    values = _values(evidence, metric, names)
    require_images(len(values))
    return {name: paired_tests.shift_sign(metric) * values[name].to_numpy() for name in names}


def _values(evidence: Evidence, metric: str, names: Sequence[str]) -> pd.DataFrame:
    """Return images × augmentations of a metric, for the images that have all values."""
    if metric not in evidence.values:
        raise Untestable(f"this run does not measure {REGISTRY[metric].label}")
    of_metric = evidence.values[metric]
    _require(names, of_metric.columns, f"{REGISTRY[metric].label} of", evidence)
    return of_metric[[name for name in of_metric if name in names]].dropna()


def _require(names: Iterable[str], present: Collection[str], what: str, evidence: Evidence) -> None:
    missing = [name for name in dict.fromkeys(names) if name not in present]
    if not missing:
        return
    configured = set(evidence.embeddings).union(*(of_metric.columns for of_metric in evidence.values.values()))
    absent = sorted(set(missing) - configured)
    if absent:
        listed = " and ".join(filter(None, [", ".join(absent[:-1]), absent[-1]]))
        raise Untestable(f"{listed} {'is' if len(absent) == 1 else 'are'} not configured")
    raise Untestable(f"this run has no {what} {', '.join(missing)}")


def require_images(n: int) -> None:
    """Raise Untestable if so few images give no interval."""
    if n < FEWEST_IMAGES:
        images = "1 image is" if n == 1 else f"{n} images are"
        raise Untestable(f"{images} too few for an interval, which needs {FEWEST_IMAGES}", n)


JUDGES: dict[str, Callable[[Claim, Sequence[str], Evidence], Estimate]] = {
    "larger_shift": _larger_shift,
    "among_largest": partial(_among, 1),
    "among_smallest": partial(_among, -1),
    "correlation": _correlation,
    "singleton_cluster": _singleton_cluster,
    "sub_cluster": _sub_cluster,
    "larger_share": _larger_share,
}
