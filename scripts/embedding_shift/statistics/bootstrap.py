"""Bootstrap over images: intervals of means, simultaneous intervals, and the summary of the long table."""

import argparse
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special  # not stats, which takes half a second to import

FloatArray = npt.NDArray[np.float64]

SUMMARY_COLUMNS = ["augmentation", "metric", "n", "mean", "std", "ci_low", "ci_high"]
CHUNK = 2**20  # image weights drawn at a time; this bounds the memory to tens of megabytes
NEGLIGIBLE = 1e-9  # share of the sample's standard error below which that of a resample is a rounding error


class Settings(NamedTuple):
    """How a run resamples: number of resamples, coverage of the intervals (0 to 1), and the root seed of the run."""

    resamples: int
    confidence: float
    root_seed: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that `settings` reads."""
    parser.add_argument("--resamples", type=int, required=True, help="number of bootstrap resamples")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals, between 0 and 1")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")


def settings(arguments: argparse.Namespace) -> Settings:
    """Return the Settings that a command line gives."""
    return Settings(arguments.resamples, arguments.confidence, arguments.seed)


def seed_of(root_seed: int, *names: object) -> int:
    """Return the seed of one analysis: a 64-bit hash of the root seed and of the names that identify the analysis."""
    digest = hashlib.sha256("/".join(map(str, (root_seed, *names))).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def resampled_means(values: npt.ArrayLike, resamples: int, seed: int, size: int | None = None) -> FloatArray:
    """Column means of bootstrap resamples of the rows.

    All columns use the same resamples of images, so differences between columns stay paired.

    Args:
        values: (n, columns) floats.
        resamples: number of resamples.
        seed: non-negative integer.
        size: rows in a resample; n by default.

    Returns:
        float64 (resamples, columns).
    """
    values = np.asarray(values, dtype=np.float64)
    size = size or len(values)
    # Not `@`: the last digits of a BLAS product depend on the machine and its number of threads.
    means = [np.einsum("rn,nc->rc", counts, values) / size for counts in _counts(len(values), resamples, seed, size)]
    return np.concatenate([np.empty((0, values.shape[1])), *means])


def resampled_counts(n: int, resamples: int, seed: int) -> FloatArray:
    """Return how often each of n images is in each resample of `resampled_means`: whole numbers, (resamples, n)."""
    return np.concatenate([np.empty((0, n)), *_counts(n, resamples, seed, n)])


def _counts(n: int, resamples: int, seed: int, size: int) -> Iterator[FloatArray]:
    """Yield how often each of n images is in some of the resamples, (resamples, n)."""
    generator = np.random.default_rng(seed)
    step = max(1, CHUNK // size)
    for start in range(0, resamples, step):
        drawn = generator.integers(n, size=(min(step, resamples - start), size))
        drawn += n * np.arange(len(drawn))[:, np.newaxis]  # One count of all rows takes a third of the time.
        yield np.bincount(drawn.ravel(), minlength=len(drawn) * n).reshape(-1, n).astype(np.float64)


def percentile_interval(estimates: npt.ArrayLike, n: int, confidence: float) -> FloatArray:
    """Percentile interval of bootstrap estimates, expanded for small samples.

    Args:
        estimates: (resamples, ...) floats.
        n: number of images that were resampled.
        confidence: coverage, between 0 and 1.

    Returns:
        float64 (2, ...): the lower and the upper bounds; NaN where n is 1, because one image shows no variation.
    """
    estimates = np.asarray(estimates)
    if n == 1:
        return np.full((2, *estimates.shape[1:]), np.nan)
    tail = expanded_tail(n, confidence)
    return np.quantile(estimates, [tail, 1 - tail], axis=0)


def expanded_tail(n: int, confidence: float) -> float:
    """Return the share of bootstrap estimates from n images to leave out on each side of an interval.

    The plain percentile interval of a mean is too narrow by the factor t/z · √(n/(n−1)). Percentiles at
    Φ(−√(n/(n−1)) · t), where t has n − 1 degrees of freedom, correct this (Hesterberg 2015, The American Statistician
    69:371–386). At n = 24 the interval becomes 8 % wider; above a few hundred images it hardly changes.
    """
    critical = special.stdtrit(n - 1, (1 + confidence) / 2)
    return special.ndtr(-np.sqrt(n / (n - 1)) * critical)


def bootstrap_mean(values: npt.ArrayLike, resamples: int, confidence: float, seed: int) -> tuple[float, float]:
    """Expanded percentile bootstrap interval of a mean.

    Args:
        values: (n,) floats.
        resamples: number of resamples.
        confidence: coverage, between 0 and 1.
        seed: non-negative integer.

    Returns:
        (low, high); both NaN where n is 1, both equal to the mean where several values are equal.
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) > 1 and np.ptp(values) == 0:
        return float(values.mean()), float(values.mean())
    means = resampled_means(values[:, np.newaxis], resamples, seed)[:, 0]
    low, high = percentile_interval(means, len(values), confidence)
    return float(low), float(high)


def simultaneous_intervals(
    values: npt.ArrayLike, resamples: int, confidence: float, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Intervals of several means over the same images that all hold at once with the given confidence.

    Symmetric bootstrap-t with the largest |t| of all columns (Romano and Wolf 2005, Econometrica 73:1237–1282).

    Args:
        values: (n, columns) floats, n ≥ 2, no column constant.
        resamples: number of resamples.
        confidence: joint coverage, between 0 and 1.
        seed: non-negative integer.

    Returns:
        (means, low, high), float64 (columns,) each; the bounds are infinite where n is too small for an interval.
    """
    values = np.asarray(values, dtype=np.float64)
    n, columns = values.shape
    mean = values.mean(axis=0)
    centred = values - mean
    error = centred.std(axis=0, ddof=1) / np.sqrt(n)
    moments = resampled_means(np.hstack([centred, centred**2]), resamples, seed)
    shift, square = moments[:, :columns], moments[:, columns:]
    resampled_error = np.sqrt(np.maximum(square - shift**2, 0) / (n - 1))
    t = np.full_like(shift, np.inf)
    np.divide(np.abs(shift), resampled_error, out=t, where=resampled_error > NEGLIGIBLE * error)
    critical = np.quantile(t.max(axis=1), confidence, method="higher")
    return mean, mean - critical * error, mean + critical * error


def summarise(
    long_table: Iterable[pd.DataFrame], resamples: int, confidence: float, root_seed: int, threads: int = 1
) -> pd.DataFrame:
    """Summarise the long table per augmentation and metric, in the order of the table.

    Args:
        long_table: parts of the table `image_id, augmentation, metric, value`, each with all images of a metric under
            an augmentation. Only `threads` parts are in memory at a time.
        resamples, confidence, root_seed: as in `Settings`.
        threads: number of intervals that are computed at the same time.

    Returns:
        data frame with SUMMARY_COLUMNS. `std` is the sample standard deviation. It and the bounds are NaN where n is 1.
    """

    def row(group: tuple[Any, pd.DataFrame]) -> tuple[Any, ...]:
        (augmentation, metric), table = group
        values = table.sort_values("image_id")["value"].to_numpy()
        low, high = bootstrap_mean(values, resamples, confidence, seed_of(root_seed, augmentation, metric))
        std = values.std(ddof=1) if len(values) > 1 else np.nan
        return augmentation, metric, len(values), values.mean(), std, low, high

    groups = (group for part in long_table for group in part.groupby(["augmentation", "metric"], sort=False))
    rows: list[tuple[Any, ...]] = []
    with ThreadPoolExecutor(threads) as pool:
        while some := list(itertools.islice(groups, threads)):
            rows += pool.map(row, some)
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
