"""Split the variance of a shift into image, augmentation, their interaction, and draw.

Shifts of different augmentations differ by orders of magnitude, and their spread grows with their size, so the variance
of the shifts themselves describes the largest ones alone. The square root makes them comparable: the spread of many
quantities that cannot be negative grows about as the square root of their mean, and the square root then has the same
spread everywhere. For the cosine similarity it is, up to a factor, the distance between the embeddings on the unit
sphere. As one augmentation may still dominate, every split is made with and without the one that does.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from embedding_shift.metrics import registered_metrics
from embedding_shift.statistics import paired_tests
from embedding_shift.study.tables import metric_names
from embedding_shift.study.variants import variant_names
from embedding_shift.views import image_difference

COLUMNS = ["metric", "split", "largest", "leverage", "component", "variance", "share", "share_low", "share_high"]
COMPONENTS = ("image", "augmentation", "image_by_augmentation", "draw")
ALL, WITHOUT_LARGEST = "all", "without_largest"
SPLITS = (ALL, WITHOUT_LARGEST)
FEWEST_IMAGES = 3  # for an interval: the jackknife leaves one out, and an image has no component among fewer than two
SMALLEST_SHARE = 1e-3  # shares nearer to 0 or 1 than this have no finite logit of use, and count as this near


def table(study: pd.DataFrame, augmentations: Sequence[str], draws: int, confidence: float) -> pd.DataFrame:
    """Return the components of every metric, with and without the augmentation that dominates its variance.

    `largest` is the augmentation with the largest leverage, and `leverage` is its share of the sum of squared
    deviations from the mean of all shifts, 0 to 1. With fewer than three augmentations, nothing is left to split
    without it. Images without a value in any cell of the design are left out, and so are metrics that are constant by
    construction under some augmentation.

    Args:
        study: the study table (see `long_tables`).
        augmentations: names.
        draws: draws per image.
        confidence: coverage of the intervals of the shares, between 0 and 1.

    Returns:
        data frame with COLUMNS; the bounds of a share are NaN with fewer than three images.
    """
    variants = [variant_names.MAIN, *(variant_names.draw_name(draw) for draw in range(1, draws))]
    rows: list[tuple[Any, ...]] = []
    drawn = study[study["variant"].isin(variants) & np.isfinite(study["value"])]
    for metric in metric_names.in_order():
        if metric in image_difference.MEASURES:  # not measured for the main draw of every augmentation
            continue
        of_metric = drawn[drawn["metric"] == metric]
        wide = of_metric.pivot(index="image_id", columns=["augmentation", "variant"], values="value")
        wide = wide.reindex(columns=pd.MultiIndex.from_product([augmentations, variants])).dropna()
        shifts = _shifts(metric, wide.to_numpy()).reshape(len(wide), len(augmentations), draws)
        if wide.empty or registered_metrics.constant_by_construction(metric, 1 - shifts.mean(axis=(0, 2))):
            continue
        scaled = np.sqrt(np.maximum(shifts, 0))
        leverage = leverages(scaled)
        largest = int(np.argmax(leverage))
        for split in SPLITS:
            kept = scaled if split == ALL else np.delete(scaled, largest, axis=1)
            for component in _split(kept, confidence) if split == ALL or kept.shape[1] > 1 else ():
                rows.append((metric, split, augmentations[largest], leverage[largest], *component))
    return pd.DataFrame(rows, columns=COLUMNS)


def _split(values: NDArray[np.float64], confidence: float) -> list[tuple[str, float, float, float, float]]:
    """Return name, variance, share and bounds of every component of values (images, augmentations, draws)."""
    found, bounds = components(values), share_intervals(values, confidence)
    total = sum(found.values())
    return [(name, value, value / total if total > 0 else 0.0, *bounds[name]) for name, value in found.items()]


def _shifts(metric: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values if paired_tests.shift_sign(metric) > 0 else 1 - values


def leverages(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of every augmentation in the sum of squared deviations from the mean of all values.

    Args:
        values: (images, augmentations, draws).

    Returns:
        float64 (augmentations,), sum 1; all 0 if the values do not vary.
    """
    squares = ((values - values.mean()) ** 2).sum(axis=(0, 2))
    return squares / squares.sum() if squares.sum() > 0 else squares


def share_intervals(values: NDArray[np.float64], confidence: float) -> dict[str, tuple[float, float]]:
    """Return intervals of the shares of the components, by the jackknife over images on the logit scale.

    The augmentations are taken as given. The bounds are logit(share) ± t · standard error, where t has n − 1 degrees of
    freedom (Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 11). In simulations with eight images,
    bootstrap intervals of the shares are far too narrow.

    Args:
        values: (images, augmentations, draws).
        confidence: coverage, between 0 and 1.

    Returns:
        {component: (low, high)}, for the components that `components` returns; NaN with fewer than three images, and
        where the values do not vary.
    """
    n = len(values)
    names = list(components(values))
    if n < FEWEST_IMAGES or np.ptp(values) == 0:
        return dict.fromkeys(names, (np.nan, np.nan))
    full, left_out = _logit_shares(values), [_logit_shares(np.delete(values, image, axis=0)) for image in range(n)]
    error = np.sqrt((n - 1) * np.var(left_out, axis=0))
    margin = special.stdtrit(n - 1, (1 + confidence) / 2) * error
    low, high = special.expit(full - margin), special.expit(full + margin)
    smallest, largest = special.logit([SMALLEST_SHARE, 1 - SMALLEST_SHARE])
    low, high = np.where(full <= smallest, 0, low), np.where(full >= largest, 1, high)
    return {name: (float(low[place]), float(high[place])) for place, name in enumerate(names)}


def _logit_shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.array(list(components(values).values()))
    shares = found / found.sum() if found.sum() > 0 else found
    return special.logit(shares.clip(SMALLEST_SHARE, 1 - SMALLEST_SHARE))


def components(values: NDArray[np.float64]) -> dict[str, float]:
    """Estimate variance components by an analysis of variance of the balanced crossed design.

    The model is value = mean + image + augmentation + image by augmentation + draw. All terms are random and
    independent, and the draws are nested in the cells. Mean squares are set equal to their expectations (Searle,
    Casella and McCulloch 1992, Variance Components, chapter 4). A negative estimate becomes zero.

    Args:
        values: (images, augmentations, draws).

    Returns:
        {component: variance}. A factor with one level has no component. With a single draw, its variance is part of the
        interaction; with a single image or augmentation, the interaction is part of the other factor.
    """
    images, kinds, draws = values.shape
    mean, cells = values.mean(), values.mean(axis=2)
    image, kind = values.mean(axis=(1, 2)), values.mean(axis=(0, 2))
    squares = {
        "image": kinds * draws * np.sum((image - mean) ** 2),
        "augmentation": images * draws * np.sum((kind - mean) ** 2),
        "image_by_augmentation": draws * np.sum((cells - image[:, np.newaxis] - kind + mean) ** 2),
        "draw": np.sum((values - cells[:, :, np.newaxis]) ** 2),
    }
    freedom = {
        "image": images - 1,
        "augmentation": kinds - 1,
        "image_by_augmentation": (images - 1) * (kinds - 1),
        "draw": images * kinds * (draws - 1),
    }
    repeats = {"image": kinds * draws, "augmentation": images * draws, "image_by_augmentation": draws, "draw": 1}
    mean_square = {name: squares[name] / freedom[name] for name in COMPONENTS if freedom[name]}
    within = mean_square.get("draw", 0.0)
    beneath = {"draw": 0.0, "image_by_augmentation": within}
    between = mean_square.get("image_by_augmentation", within)
    return {
        name: float(max(0.0, found - beneath.get(name, between)) / repeats[name]) for name, found in mean_square.items()
    }
