"""Does a shift tell an attacked view from an augmented one? The table `detection.csv`.

Two scores are tried, each on shifts u′ − u of embeddings at unit length: `size` is 1 − cosine, and `direction` the
cosine between the shift and the mean direction of the attack on the other images. An image's own attack is left out.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.adversarial.attacked_views import ATTACK, variant
from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import variant_names

COLUMNS = ["epsilon", "augmentation", "score", "n", "auc", "ci_low", "ci_high"]
SIZE, DIRECTION = "size", "direction"

Embeddings = NDArray[np.float64]


def table(
    original: ArrayByImage,
    augmented: Mapping[str, ArrayByImage],
    attacked: ArrayByImage,
    epsilons: list[int],
    settings: bootstrap.Settings,
) -> pd.DataFrame:
    """Return how well each score tells the attack at each ε from each augmentation, on the images of the attack.

    `auc` is the share of pairs of an attacked and an augmented view in which the attacked one scores higher; ties count
    half. 0.5 is chance. Intervals are bootstrap intervals over images; the directions stay those of all images.

    Args:
        original: image ids (N,) and embeddings (N, D) of the attacked images, sorted.
        augmented: the same of every augmentation.
        attacked: keys (M,) and embeddings (M, D) of the attacked views.
        epsilons: the ε of the attack.
        settings: of the bootstrap.

    Returns:
        data frame with COLUMNS; without rows for fewer than three images.
    """
    image_ids, before = original
    start = _unit(before)
    by_variant = variant_names.variants_of(*attacked)
    rows: list[tuple[Any, ...]] = []
    for epsilon in epsilons if len(image_ids) > 2 else ():
        shifts = _unit(by_variant[variant(ATTACK, epsilon)][1]) - start
        directions = _directions_of_others(shifts)
        for name, (_, after) in augmented.items():
            natural = _unit(after) - start
            usable = np.isfinite(shifts).all(axis=1) & np.isfinite(natural).all(axis=1)
            for score, of in ((SIZE, _size), (DIRECTION, _along)):
                attack, other = (of(one, directions)[usable] for one in (shifts, natural))
                seed = bootstrap.seed_of(settings.root_seed, "detection", epsilon, name)
                rows.append((epsilon, name, score, len(attack), *auc(attack, other, settings, seed)))
    return pd.DataFrame(rows, columns=COLUMNS)


def auc(
    attack: NDArray[np.float64], other: NDArray[np.float64], settings: bootstrap.Settings, seed: int
) -> tuple[float, float, float]:
    """Return the area under the ROC curve with its expanded percentile bootstrap interval over images.

    Args:
        attack, other: (n,) scores of two views of the same images.
        settings: of the bootstrap.
        seed: seed of the resamples.
    """
    wins = (attack[:, None] > other) + 0.5 * (attack[:, None] == other)
    n = len(attack)
    weights = bootstrap.resampled_means(np.eye(n), settings.resamples, seed)
    # Not `@`: the last digits of a BLAS product depend on the machine and its number of threads.
    resampled = np.einsum("ri,ij,rj->r", weights, wins, weights)
    low, high = bootstrap.percentile_interval(resampled, n, settings.confidence)
    return float(wins.mean()), float(low), float(high)


def _unit(embeddings: NDArray[Any]) -> Embeddings:
    embeddings = embeddings.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit: Embeddings = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return unit


def _directions_of_others(shifts: Embeddings) -> Embeddings:
    """Return for every image the mean of the unit shifts of the other images, at unit length."""
    unit = np.nan_to_num(_unit(shifts))
    return _unit(unit.sum(axis=0) - unit)


def _size(shifts: Embeddings, directions: Embeddings) -> Embeddings:
    """Return 1 − cosine, half the squared length of a difference of unit vectors."""
    size: Embeddings = (shifts**2).sum(axis=1) / 2
    return size


def _along(shifts: Embeddings, directions: Embeddings) -> Embeddings:
    """Return the cosine between shifts and directions; 0 for no shift."""
    along: Embeddings = (np.nan_to_num(_unit(shifts)) * directions).sum(axis=1)
    return along
