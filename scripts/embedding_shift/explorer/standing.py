"""Where every image stands among all: its values, its ranks, histograms of all images, and which images are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.io import values_by_metric
from embedding_shift.metrics import registry

MAIN_METRIC = "cosine_similarity"
# Numbers of images on a page with one dataset and one encoder; several share them.
MOST_IMAGES = 300  # all are shown
SAMPLE = 200  # of more images
MOST_OUTLIERS = 600
FENCE = 3.0  # interquartile ranges beyond the quartiles: Tukey's outer fence (1977)
BINS = 30

Values = Mapping[tuple[str, str], NDArray[np.float64]]  # {(augmentation, metric): (N,)}, NaN where undefined


@dataclass(frozen=True)
class Shown:
    """The images of a dataset on the page, those that shift the farthest first.

    Attributes:
        image_ids: their ids.
        outliers: number of outliers in the dataset.
        left_out: number of those that are not on the page.
    """

    image_ids: list[str]
    outliers: int
    left_out: int


def values_of(metrics: values_by_metric.Values, image_ids: Sequence[str]) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Return values as arrays (N,) in the order of the image ids; NaN where a metric is undefined."""
    found = {}
    for metric, wide in metrics.items():
        for augmentation, column in wide.reindex(list(image_ids)).items():
            found[str(augmentation), metric] = column.to_numpy(np.float64)
    return dict(sorted(found.items()))


def shift(metric: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values so that a larger one is farther from the original."""
    known = registry.REGISTRY.get(metric)
    return values if known and not known.higher_is_closer else -values


def excess(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how many interquartile ranges each value lies above the upper quartile; 0 if it does not.

    Args:
        values: (N,), larger for a larger shift. An undefined value has no excess. Without a spread, no image has one.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(len(values))
    low, high = np.quantile(known, [0.25, 0.75])
    spread = high - low
    return np.clip(np.nan_to_num((values - high) / spread), 0, None) if spread > 0 else np.zeros(len(values))


def choose(image_ids: Sequence[str], tables: Sequence[Values], share: int = 1) -> Shown:
    """Choose the images to show: all, or, of more than MOST_IMAGES, all outliers and an even sample of the others.

    An outlier lies beyond Tukey's outer fence by cosine similarity, under any augmentation and encoder. At most
    MOST_OUTLIERS are shown, the farthest.

    Args:
        image_ids: all images of the dataset.
        tables: the result of `values_of` for every encoder.
        share: number of pairs of a dataset and an encoder on the page.
    """
    found = [
        excess(shift(metric, values))
        for table in tables
        for (_, metric), values in table.items()
        if metric == MAIN_METRIC
    ]
    farthest = np.max(found, axis=0) if found else np.zeros(len(image_ids))
    order = np.argsort(-farthest, kind="stable")
    outliers = [int(place) for place in order if farthest[place] > FENCE]
    others = [int(place) for place in order if farthest[place] <= FENCE]
    if len(image_ids) > MOST_IMAGES // share:
        count = min(SAMPLE // share, len(others))
        spread = sorted(others)
        others = [spread[(2 * number + 1) * len(spread) // (2 * count)] for number in range(count)]
    kept = outliers[: MOST_OUTLIERS // share]
    return Shown([image_ids[place] for place in kept + others], len(outliers), len(outliers) - len(kept))


def ranks(metric: str, values: NDArray[np.float64]) -> list[int | None]:
    """Return the place of every image, 1 for the largest shift; None if the value is undefined."""
    shifts = shift(metric, values)
    known = np.sort(-shifts[np.isfinite(shifts)])
    places = np.searchsorted(known, -shifts, side="left") + 1
    return [int(place) if np.isfinite(value) else None for place, value in zip(places, shifts, strict=True)]


def histogram(values: NDArray[np.float64]) -> dict[str, Any] | None:
    """Return the lower end, the width and the counts of BINS bins; None if no value is defined."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    counts, edges = np.histogram(known, BINS)
    return {"low": float(edges[0]), "width": float((edges[-1] - edges[0]) / BINS), "counts": counts.tolist()}


def as_json(values: Values, rows: Sequence[int]) -> dict[str, Any]:
    """Return values, ranks and histograms by augmentation and metric, and outliers by augmentation, as JSON values.

    Args:
        values: of all images.
        rows: the rows of the shown images; ranks and histograms are those among all images.
    """
    found: dict[str, Any] = {"values": {}, "ranks": {}, "histograms": {}, "counts": {}, "outliers": {}}
    for (augmentation, metric), column in values.items():
        places = ranks(metric, column)
        parts = {
            "values": [finite(column[row]) for row in rows],
            "ranks": [places[row] for row in rows],
            "histograms": histogram(column),
            "counts": int(np.isfinite(column).sum()),
        }
        for name, part in parts.items():
            found[name].setdefault(augmentation, {})[metric] = part
        if metric == MAIN_METRIC:
            found["outliers"][augmentation] = [bool(own > FENCE) for own in excess(shift(metric, column))[list(rows)]]
    return found


def finite(value: Any) -> float | None:
    """Return a number as a float; None if it is not finite."""
    number = float(value)
    return number if np.isfinite(number) else None
