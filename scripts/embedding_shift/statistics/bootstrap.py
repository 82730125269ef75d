"""Bootstrap over images: intervals of means, simultaneous intervals, and the summary of the long table."""

import argparse
import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special  # not stats, which takes half a second to import

from embedding_shift.io.long_table_file import MetricRows

FloatArray = npt.NDArray[np.float64]

CHUNK = 2**20  # image weights drawn at a time; this bounds the memory to tens of megabytes
VALUES_AT_ONCE = 2**24  # values whose means are resampled together; this bounds the memory as well
NEGLIGIBLE = 1e-9  # share of the sample's standard error below which that of a resample is a rounding error


class SummaryRow(NamedTuple):
    """A row of the summary: a metric under an augmentation.

    Attributes:
        augmentation, metric: their names.
        n: number of images.
        mean, std: mean and sample standard deviation. This and the bounds are NaN where n is 1.
        ci_low, ci_high: bounds of the interval of the mean.
    """

    augmentation: str
    metric: str
    n: int
    mean: float
    std: float
    ci_low: float
    ci_high: float


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
    columns = np.ascontiguousarray(np.asarray(values, dtype=np.float64).T)
    number, n = columns.shape
    size = size or n
    # Not `@`: the last digits of a BLAS product depend on the machine and its number of threads. With images along the
    # last axis of both, a mean does not depend on the other columns either.
    means = [np.einsum("rn,cn->rc", counts, columns) / size for counts in _counts(n, resamples, seed, size)]
    return np.concatenate([np.empty((0, number)), *means])


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
    ((low, high),) = bootstrap_means(np.reshape(values, (-1, 1)), resamples, confidence, seed).T
    return float(low), float(high)


def bootstrap_means(values: npt.ArrayLike, resamples: int, confidence: float, seed: int) -> FloatArray:
    """Intervals of `bootstrap_mean` for several means over the same images, from the same resamples.

    Args:
        values: (n, columns) floats.
        resamples, confidence, seed: as in `bootstrap_mean`.

    Returns:
        float64 (2, columns): the lower and the upper bounds. Those of a column do not depend on the others.
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    bounds = percentile_interval(resampled_means(values, resamples, seed), n, confidence)
    constant = (np.ptp(values, axis=0) == 0) & (n > 1)
    return np.where(constant, [column.mean() for column in values.T], bounds)


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


def summarise(groups: Iterable[MetricRows], resamples: int, confidence: float, root_seed: int) -> Iterator[SummaryRow]:
    """Summarise the rows of the long table per augmentation and metric, in their order.

    All means over the same images are resampled alike.

    Args:
        groups: the rows, with the images sorted. Those in memory at a time have about VALUES_AT_ONCE values.
        resamples, confidence, root_seed: as in `Settings`.
    """
    seed = seed_of(root_seed, "summary")
    for block in _of_the_same_images(groups):
        values = np.stack([group.values for group in block], axis=1)
        intervals = bootstrap_means(values, resamples, confidence, seed).T.tolist()
        for group, interval in zip(block, intervals, strict=True):
            yield SummaryRow(group.augmentation, group.metric, *_described(group.values), *interval)


def _of_the_same_images(groups: Iterable[MetricRows]) -> Iterator[list[MetricRows]]:
    """Yield the groups in their order, as many at a time as have the same images, and about VALUES_AT_ONCE at most."""
    block: list[MetricRows] = []
    for group in groups:
        is_full = len(block) * len(group.values) >= VALUES_AT_ONCE
        if block and (is_full or not np.array_equal(block[0].image_ids, group.image_ids)):
            yield block
            block = []
        # One copy of the ids is enough for a block.
        block.append(group._replace(image_ids=block[0].image_ids) if block else group)
    if block:
        yield block


def _described(values: FloatArray) -> tuple[int, float, float]:
    std = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return len(values), float(values.mean()), std
