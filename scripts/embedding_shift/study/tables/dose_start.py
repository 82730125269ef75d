"""What augmentations whose dose scale jumps at zero do at a vanishing dose, which is LEAST_DOSE."""

from collections.abc import Mapping
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables.dose_response import Responses
from embedding_shift.study.variants.variant_names import LEAST_DOSE
from embedding_shift.views import image_difference

COLUMNS = ["augmentation", "metric", "n", "mean", "ci_low", "ci_high", "share", "share_low", "share_high"]
NO_SHIFT = 1e-12


def jumps(found: Responses, augmentation: str) -> bool:
    """Return whether the dose scale of an augmentation jumps at 0, by `study_views.jumps_at_zero`.

    Args:
        found: the result of `dose_response.responses`.
        augmentation: its name.
    """
    harm = found.get((augmentation, "rmse"))
    return harm is not None and LEAST_DOSE in harm and float(harm[LEAST_DOSE].mean()) > image_difference.ROUNDING


def table(
    found: Responses, settings: Mapping[str, float], resamples: int, confidence: float, root_seed: int
) -> pd.DataFrame:
    """Return every metric at a vanishing dose, for the augmentations whose scale jumps.

    `share` is the mean shift at the vanishing dose as a share of the mean shift at the configured setting. The
    intervals are bootstrap intervals over images. Without a shift at the setting, the share is NaN with its bounds, and
    with a single image the bounds are NaN.

    Args:
        found: the result of `dose_response.responses`.
        settings: {augmentation: dose of its configured setting}.
        resamples, confidence, root_seed: settings of the bootstrap.

    Returns:
        data frame with COLUMNS.
    """
    rows: list[tuple[Any, ...]] = []
    for (augmentation, metric), wide in found.items():
        if not jumps(found, augmentation):
            continue
        seed = bootstrap.seed_of(root_seed, "vanishing dose", augmentation, metric)
        least, setting = wide[LEAST_DOSE].to_numpy(), round(settings[augmentation], 3)
        low, high = bootstrap.bootstrap_mean(least, resamples, confidence, seed)
        both = np.stack([_shift(metric, wide[dose].to_numpy()) for dose in (LEAST_DOSE, setting)], 1)
        share = share_interval(both, resamples, confidence, seed)
        rows.append((augmentation, metric, len(wide), least.mean(), low, high, *share))
    return pd.DataFrame(rows, columns=COLUMNS)


def share_interval(
    shifts: NDArray[np.float64], resamples: int, confidence: float, seed: int
) -> tuple[float, float, float]:
    """Return the ratio of two mean shifts of the same images with its expanded percentile bootstrap interval.

    Args:
        shifts: (n, 2); the first column is divided by the second.
        resamples, confidence, seed: see `bootstrap.bootstrap_mean`.

    Returns:
        (ratio, low, high); all NaN if no image has a shift in the second column, the bounds NaN if n is 1.
    """
    part, whole = shifts.mean(axis=0)
    if whole <= NO_SHIFT:
        return nan, nan, nan
    means = bootstrap.resampled_means(shifts, resamples, seed)
    means = means[means[:, 1] > NO_SHIFT]
    low, high = bootstrap.percentile_interval(means[:, 0] / means[:, 1], len(shifts), confidence)
    return part / whole, float(low), float(high)


def _shift(metric: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values of a metric as shifts: one minus a similarity, or the distance itself."""
    is_similarity = metric == "ssim" or (metric in registry.REGISTRY and registry.REGISTRY[metric].higher_is_closer)
    return 1 - values if is_similarity else values
