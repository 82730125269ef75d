"""Does the shift of an embedding forecast the damage? Rank correlations of both, with intervals."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from embedding_shift.statistics import bootstrap
from embedding_shift.statistics.rank_correlation import spearman_rho
from embedding_shift.words.downstream import damage
from embedding_shift.words.image_blocks import Embeddings, in_blocks

COLUMNS = ("augmentation", "damage", "n", "rho", "ci_low", "ci_high")
EVERY, EVERY_DOSE = "every augmentation", "every dose"  # no names of augmentations, which have no spaces
# The sign with which a metric grows with damage.
DAMAGES = {damage.TOP1_FLIPS: 1, damage.KL_DIVERGENCE: 1, damage.CAPTION_SIMILARITY: -1}
DAMAGES |= {f"image_to_text_recall_at_{k}": -1 for k in damage.RANKS}
DAMAGES |= {damage.ACCURACY: -1}
FEWEST_IMAGES = 4  # for which the closed form of the interval is defined

FloatArray = NDArray[np.float64]


def shift(before: Embeddings, after: Embeddings) -> FloatArray:
    """Return 1 − cosine of embeddings (N, D) of originals and views, float64 (N,)."""
    parts = [1 - (damage.unit(one) * damage.unit(other)).sum(1) for _, one, other in in_blocks(before, after)]
    return np.concatenate(parts)


def table(
    shifts: Mapping[str, FloatArray], values: Mapping[str, damage.Values], settings: bootstrap.Settings
) -> Iterator[dict[str, Any]]:
    """Yield the rows of damage_forecast.csv (COLUMNS), with `undefined` for what is not defined.

    For `every augmentation`, the means of the augmentations are correlated, and the interval comes from resamples of
    the images. For a single one, its images are.

    Args:
        shifts: {augmentation: (N,)}, the shift of every image.
        values: as `damage.table` gets it. Metrics that are known for some of the images only are left out.
        settings: how intervals are computed.
    """
    for metric, sign in DAMAGES.items():
        original = values[damage.ORIGINAL].get(metric)
        if original is None or len(original) != len(next(iter(shifts.values()))):
            continue
        damages = {name: sign * (values[name][metric] - original) for name in shifts}
        yield {"augmentation": EVERY, "damage": metric} | of_means(shifts, damages, metric, settings)
        for name, moved in shifts.items():
            yield {"augmentation": name, "damage": metric} | _of_images(moved, damages[name], settings.confidence)


def doses_of(augmentation: str) -> str:
    """Return what stands in the column `augmentation` for all doses of an augmentation."""
    return f"{EVERY_DOSE} of {augmentation}"


def of_means(
    shifts: Mapping[Any, FloatArray], damages: Mapping[Any, FloatArray], name: str, settings: bootstrap.Settings
) -> dict[str, Any]:
    """Return n, the number of shifts, and the correlation of their means with those of the damage, with its interval.

    Args:
        shifts: shifts of the same images, by what they are due to.
        damages: the damage by the same keys.
        name: name of the analysis, which determines the resamples.
        settings: how intervals are computed.
    """
    columns = np.column_stack([*shifts.values(), *damages.values()])
    count = len(shifts)
    rho = float(spearman_rho(*np.split(columns.mean(0), 2)))
    seed = bootstrap.seed_of(settings.root_seed, "damage forecast", name)
    resampled = spearman_rho(*np.split(bootstrap.resampled_means(columns, settings.resamples, seed), 2, axis=1))
    low, high = bootstrap.percentile_interval(resampled, len(columns), settings.confidence)
    return _row(count, rho, float(low), float(high))


def _of_images(moved: FloatArray, damaged: FloatArray, confidence: float) -> dict[str, Any]:
    """Return n, the number of images, and the correlation over them.

    The interval is Fisher's z with the variance (1 + ρ² / 2) / (n − 3) (Bonett and Wright 2000, Psychometrika
    65:23–28).
    """
    n = len(moved)
    rho = float(spearman_rho(moved, damaged))
    if n < FEWEST_IMAGES or abs(rho) == 1:
        return _row(n, rho, np.nan, np.nan)
    error = special.ndtri((1 + confidence) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    return _row(n, rho, *(float(np.tanh(np.arctanh(rho) + side * error)) for side in (-1, 1)))


def _row(n: int, rho: float, low: float, high: float) -> dict[str, Any]:
    found = {"rho": rho, "ci_low": low, "ci_high": high}
    return {"n": n} | {name: value if np.isfinite(value) else damage.NOT_DEFINED for name, value in found.items()}
