"""Repeat the known flaws of the original paper's released scripts, one at a time and together, on the same images.

`released_runs` describes the flaws. A flaw that leaves the draw to chance has no single outcome: its rows give the
range of the outcomes of many runs. Each of them has other draws of all views, and the range holds the mean of a further
run with the given confidence.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from embedding_shift.claims import judging, released_runs
from embedding_shift.claims.published_claims import Claim, PublishedClaims
from embedding_shift.claims.released_runs import RANDOM_FLAWS, REGISTERED, Run, Runs
from embedding_shift.io.values_by_metric import by_metric
from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap, paired_tests, rank_correlation

COLUMNS = ["flaw", "augmentation", "metric", "as_released", "released_low", "released_high", "corrected"]
RANK_COLUMNS = ["flaw", "metric", "kendall_tau", "tau_low", "tau_high", "rank_changes", "changes_low", "changes_high"]
CLAIM_COLUMNS = ["flaw", "claim", "corrected", "as_released", "share"]
OTHER_RUNS = 1000  # for the range of means and ranks
JUDGED_RUNS = 20  # of them whose claims are judged
FEWER_RESAMPLES = 4  # their claims are judged with this part of the resamples

FloatArray = NDArray[np.float64]


class Means(NamedTuple):
    """The means that a flaw changes by one metric.

    Attributes:
        flaw, metric: their names.
        augmentations: those with a mean, A of them.
        as_released: (R, A), the means of R runs with the flaw; R is 1 for a flaw with a single outcome.
        corrected: (A,).
        freedom: degrees of freedom of the spread between draws; 0 for a flaw with a single outcome.
    """

    flaw: str
    metric: str
    augmentations: list[str]
    as_released: FloatArray
    corrected: FloatArray
    freedom: int


def means(runs: Runs) -> Iterator[Means]:
    """Yield the means that each flaw can change, with the flaw and without it, over the same images."""
    for flaw in runs.flaws():
        corrected = runs.corrected(flaw).table
        draws = range(runs.draws if flaw in RANDOM_FLAWS else 1)
        columns = [runs.as_released(flaw, draw).table.rename(columns={"value": draw}) for draw in draws]
        pairs = corrected
        for column in columns:
            pairs = pairs.merge(column, on=released_runs.VALUE[:-1])
        for metric in _touched(flaw):
            of_metric = pairs[pairs["metric"] == metric.name]
            groups = {name: of_metric[of_metric["augmentation"] == name] for name in runs.augmentations}
            groups = {name: group for name, group in groups.items() if len(group)}
            if not groups:
                continue
            outcomes = [_outcomes(runs, flaw, metric, name, group, len(draws)) for name, group in groups.items()]
            before = np.array([group["value"].mean() for group in groups.values()])
            freedom = min(map(len, groups.values())) * (len(draws) - 1)
            yield Means(flaw, metric.name, list(groups), np.stack(outcomes, axis=1), before, freedom)


def _outcomes(
    runs: Runs, flaw: str, metric: registry.Metric, augmentation: str, group: pd.DataFrame, draws: int
) -> FloatArray:
    """Return the means (R,) of the runs that may come out of a flaw; all metrics of a view use the same draws."""
    values = group[list(range(draws))].to_numpy()
    if draws == 1:
        return values.mean(axis=0)
    # With new draws for the metrics, the embedding of a run and its other metrics come from different draws.
    part = "embedding" if metric.kind == "embedding" and flaw != "unseeded" else "view"
    generator = np.random.default_rng(bootstrap.seed_of(runs.root_seed, "outcomes", augmentation, part))
    chosen = generator.integers(draws, size=(OTHER_RUNS, len(runs.original[0])))
    of_group = pd.Index(runs.original[0]).get_indexer(pd.Index(group["image_id"]))
    return predicted_means(values, np.take(chosen, of_group, axis=1))


def predicted_means(values: FloatArray, chosen: NDArray[np.int_]) -> FloatArray:
    """Return the means over images of runs with other draws, as spread as those of truly new runs.

    A run takes for each image one of its D draws. The deviations from the mean of the image's draws are stretched by
    √((D + 1) / (D − 1)), since D draws deviate less from their own mean than from the true mean of the image, and this
    true mean is not known: the variance becomes that of a new draw's deviation from the mean of D others.

    Args:
        values: (images, D), D ≥ 2.
        chosen: (R, images), the draw of each image in each run.

    Returns:
        float64 (R,).
    """
    draws = values.shape[1]
    centre = values.mean(axis=1, keepdims=True)
    stretched = centre + np.sqrt((draws + 1) / (draws - 1)) * (values - centre)
    return stretched[np.arange(len(values)), chosen].mean(axis=1)


def _touched(flaw: str) -> list[registry.Metric]:
    """Return the metrics that a flaw can change."""
    metrics = registry.in_order()
    if flaw == "wrapped_arithmetic":
        return [registry.REGISTRY[released_runs.PATCH]]
    if flaw == "detail_over_all_patches":
        return [registry.REGISTRY[released_runs.DETAIL]]
    if flaw == "unregistered_geometry":
        return [metric for metric in metrics if metric.name + REGISTERED in registry.REGISTRY]
    if flaw == "new_draws":
        return [metric for metric in metrics if metric.kind != "embedding"]
    return metrics


def table(found: list[Means], augmentations: list[str], confidence: float) -> pd.DataFrame:
    """Return the means with and without each flaw.

    Args:
        found: the result of `means`.
        augmentations: names, in the order of the rows.
        confidence: share of other runs that the range holds, 0 to 1.

    Returns:
        data frame with COLUMNS. `as_released` is the mean over the runs; both ends of the range are this mean for a
        flaw with a single outcome. Since the spread is estimated from few draws, the range leaves out a smaller share
        of the runs than 1 − `confidence`, by Student's t in place of the normal distribution.
    """
    rows = []
    for entry in found:
        low, high = prediction_range(entry.as_released, entry.freedom, confidence)
        columns = zip(entry.augmentations, entry.as_released.mean(axis=0), low, high, entry.corrected, strict=True)
        rows += [(entry.flaw, name, entry.metric, *numbers) for name, *numbers in columns]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    flaws, places = (
        list(frame["flaw"].unique()),
        {metric.name: place for place, metric in enumerate(registry.in_order())},
    )
    order = pd.DataFrame(
        {
            "flaw": frame["flaw"].map(flaws.index),
            "augmentation": frame["augmentation"].map(augmentations.index),
            "metric": frame["metric"].map(places),
        }
    )
    return frame.loc[order.sort_values(["flaw", "augmentation", "metric"]).index].reset_index(drop=True)


def prediction_range(outcomes: FloatArray, freedom: int, confidence: float) -> FloatArray:
    """Return the range of outcomes (R, A) that holds a further one with the given confidence: float64 (2, A)."""
    tail = special.ndtr(-special.stdtrit(freedom, (1 + confidence) / 2)) if freedom else 0.5
    return np.quantile(outcomes, [tail, 1 - tail], axis=0)


def ranks(found: list[Means], confidence: float) -> pd.DataFrame:
    """Return what each flaw does to the order of the augmentations.

    `kendall_tau` is τb between the means as released and the corrected means: 1 where the order does not change, 0
    where all means of one side tie. `rank_changes` is the number of augmentations whose rank changes. Of several runs,
    both are medians, and the bounds hold the given share of the runs.

    Args:
        found: the result of `means`.
        confidence: see `table`.

    Returns:
        data frame with RANK_COLUMNS.
    """
    rows = []
    levels = [0.5, (1 - confidence) / 2, (1 + confidence) / 2]
    for entry in found:
        if len(entry.augmentations) < 2:
            continue
        tau = np.nan_to_num(rank_correlation.kendall_tau_b(entry.as_released, entry.corrected), nan=0.0)
        before, after = (
            paired_tests.shift_ranks(values, entry.metric) for values in (entry.corrected, entry.as_released)
        )
        moved = (after != before).sum(axis=1)
        changes = np.quantile(moved, levels, method="closest_observation").astype(int)
        rows.append((entry.flaw, entry.metric, *np.quantile(tau, levels), *changes))
    return pd.DataFrame(rows, columns=RANK_COLUMNS)


def judged(runs: Runs, published: PublishedClaims, resamples: int, confidence: float) -> pd.DataFrame:
    """Return the verdict on every published claim with each flaw and without it.

    Args:
        runs: the measured views.
        published: the claims.
        resamples, confidence: as in `bootstrap.Settings`.

    Returns:
        data frame with CLAIM_COLUMNS: a row for every verdict that some runs with the flaw lead to, and the share of
        these runs, 0 to 1.
    """
    judge = _Judge(published, confidence, runs.root_seed)
    rows = []
    for flaw in runs.flaws():
        before = judge.verdicts(runs.corrected(flaw), resamples)
        outcomes = [judge.verdicts(run, count) for run, count in _released(runs, flaw, resamples)]
        for claim, verdict in before.items():
            shares = pd.Series([outcome[claim] for outcome in outcomes]).value_counts(normalize=True, sort=False)
            rows += [(flaw, claim, verdict, found, share) for found, share in shares.items()]
    return pd.DataFrame(rows, columns=CLAIM_COLUMNS)


def _released(runs: Runs, flaw: str, resamples: int) -> Iterator[tuple[Run, int]]:
    """Yield runs with a flaw, each with the number of resamples by which its claims are judged."""
    if flaw not in RANDOM_FLAWS or runs.draws == 1:
        yield runs.as_released(flaw), resamples
        return
    for run in runs.mixed(flaw, JUDGED_RUNS if runs.draws > 2 else 1):
        yield run, max(1, resamples // FEWER_RESAMPLES)


class _Judge:
    """Judges claims, each only once for the same values."""

    def __init__(self, published: PublishedClaims, confidence: float, root_seed: int) -> None:
        self._published, self._confidence, self._root_seed = published, confidence, root_seed
        self._known: dict[tuple[str, int, object], str] = {}

    def verdicts(self, run: Run, resamples: int) -> Mapping[str, str]:
        """Return the verdict on every claim by its id."""
        evidence = judging.Evidence(by_metric(run.table), run.embeddings, resamples, self._confidence, self._root_seed)
        found = {}
        for claim in self._published.claims:
            key = claim.id, resamples, _basis(claim, run)
            if key not in self._known:
                judgement = judging.judge_claim(claim, self._published.augmentations, evidence)
                self._known[key] = judgement.verdict
            found[claim.id] = self._known[key]
        return found


def _basis(claim: Claim, run: Run) -> object:
    """Return what the verdict on a claim follows from: the name of the embeddings, or the values of its metrics."""
    if not claim.metric:
        return run.name
    metrics = {claim.metric, claim.arguments.get("with", claim.metric)}
    rows = run.table[run.table["metric"].isin(metrics)].sort_values(released_runs.VALUE[:-1])
    return pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()
