"""Cells of summary.csv and pairwise_distance.csv, computed again from one value per image."""

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from embedding_shift.results import Measurements
from embedding_shift.statistics import bootstrap, pairwise_distance, summary

RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 1e-9, 1e-12  # other machines may differ in the last digits


def agree(one: float, other: float) -> bool:
    """Return whether two values are equal up to rounding; two values that are not defined are equal."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)


def summary_again(measured: Measurements, cells: Iterable[tuple[str, str]] | None = None) -> pd.DataFrame:
    """Return the summary computed from the long table, indexed by augmentation and metric.

    Args:
        measured: results of an encoder on a dataset.
        cells: pairs of augmentation and metric; all by default.
    """
    configuration = measured.run.record.configuration
    settings = bootstrap.Settings(**configuration["bootstrap"], root_seed=configuration["seed"])
    long_table = measured.metrics
    if cells is not None:
        wanted = set(cells)
        pairs = zip(long_table["augmentation"], long_table["metric"], strict=True)
        long_table = long_table[[pair in wanted for pair in pairs]]
    return summary.summarise(long_table, *settings).set_index(["augmentation", "metric"])


def values_of(measured: Measurements, augmentation: str, metric: str) -> pd.Series:
    """Return a metric under an augmentation by image id; without images where it is not defined."""
    rows = measured.metrics
    rows = rows[(rows["augmentation"] == augmentation) & (rows["metric"] == metric)]
    return rows.set_index("image_id")["value"].sort_index()


def distances_of(measured: Measurements, first: str, second: str) -> pd.Series:
    """Return the cosine distance between the embeddings of two views by image id."""
    names = measured.run.augmentations
    arrays = [measured.embeddings(name) for name in names]
    counts, units = pairwise_distance.directions([array.values for array in arrays])
    found = pairwise_distance.distances(*(units[names.index(name)] for name in (first, second)))
    return pd.Series(found, index=arrays[0].image_ids[counts])


def distances_again(measured: Measurements) -> pd.DataFrame:
    """Return pairwise_distance.csv computed from the embeddings, augmentation × augmentation."""
    names = measured.run.augmentations
    matrix = pairwise_distance.pairwise_cosine_distance([measured.embeddings(name).values for name in names])
    return pd.DataFrame(matrix, index=names, columns=names)


def influences(values: pd.Series, column: str) -> pd.Series:
    """Return how far each image moves a statistic, the most influential image first.

    The influence is the statistic of all images minus that without the image. A bound of an interval is taken as its
    mean. A single image has no influence that could be compared: NaN.

    Args:
        values: one value per image, by image id.
        column: mean, std, ci_low, ci_high, n, or anything else for the mean.
    """
    n, array = len(values), values.to_numpy()
    if column == "n":
        moved = np.ones(n)
    elif n < 2 or (column == "std" and n < 3):
        moved = np.full(n, np.nan)
    elif column == "std":
        moved = array.std(ddof=1) - np.array([np.delete(array, place).std(ddof=1) for place in range(n)])
    else:
        moved = (array - array.mean()) / (n - 1)
    found = pd.Series(moved, index=values.index)
    return found.reindex(found.abs().sort_values(ascending=False, kind="stable").index)
