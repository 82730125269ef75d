"""Does a shift tell an attacked view from an augmented one? The table `detection.csv`.

Every score is a number of one view; the attack is expected to score higher. `size` is 1 − cosine. The others compare a
vector of the view with the mean of the attack's on the other images, each at unit length, by their cosine; so they do
not depend on the size of the shift, and the image's own attack is left out. The vector of `direction` is the shift
u′ − u of the embedding at unit length; those of `ledger` and `layer` are found inside the encoder (`inside`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.adversarial.attacked_views import ATTACK, kind_and_epsilon
from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import variant_names

COLUMNS = ["epsilon", "augmentation", "score", "n", "auc", "ci_low", "ci_high"]
SIZE, DIRECTION, LEDGER, LAYER = "size", "direction", "ledger", "layer"
SCORES = (SIZE, DIRECTION, LEDGER, LAYER)
FEWEST_IMAGES = 3
ALL = "all"  # stands for the views of all augmentations together

FloatArray = NDArray[np.float64]
Auc = tuple[float, float, float]  # with the lower and the upper bound


class Vectors(NamedTuple):
    """A vector of every view of the same N images, (N, d); NaN where it is not defined.

    Attributes:
        attacks: of the attack, by ε.
        augmented: of every augmentation.
    """

    attacks: Mapping[int, FloatArray]
    augmented: Mapping[str, FloatArray]

    def pairs(self) -> Iterator[tuple[int, str, FloatArray, FloatArray]]:
        """Yield every ε with every augmentation and with ALL, and the vectors of the images that have all of them.

        Those of the attack are (n, d), and those of the augmentations (augmentations, n, d).
        """
        groups = {name: [other] for name, other in self.augmented.items()} | {ALL: list(self.augmented.values())}
        for epsilon, attack in self.attacks.items():
            for name, others in groups.items():
                usable = np.logical_and.reduce([np.isfinite(vectors).all(axis=1) for vectors in (attack, *others)])
                if usable.sum() >= FEWEST_IMAGES:
                    yield epsilon, name, attack[usable], np.stack(others)[:, usable]


def table(vectors: Mapping[str, Vectors], settings: bootstrap.Settings) -> pd.DataFrame:
    """Return how well each score tells the attack at each ε from each augmentation, and from ALL.

    `auc` is the share of pairs of an attacked and an augmented view in which the attacked one scores higher; ties count
    half. 0.5 is chance. Intervals are bootstrap intervals over images; the means that a score compares with stay those
    of all images.

    Args:
        vectors: those of some of SCORES; of SIZE, the same as of DIRECTION.
        settings: of the bootstrap.

    Returns:
        data frame with COLUMNS; without rows where fewer than FEWEST_IMAGES images have a score.
    """
    rows: list[tuple[Any, ...]] = []
    for score in (score for score in SCORES if score in vectors):
        for epsilon, name, attack, others in vectors[score].pairs():
            means = _means_of_others(attack)
            of_attack, *of_others = (
                _size(views) if score == SIZE else _cosine(views, means) for views in (attack, *others)
            )
            area = auc(of_attack, np.stack(of_others), settings, seed(settings, epsilon, name))
            rows.append((epsilon, name, score, len(attack), *area))
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("epsilon", kind="stable").reset_index(drop=True)


def embedding_shifts(original: ArrayByImage, augmented: Mapping[str, ArrayByImage], attacked: ArrayByImage) -> Vectors:
    """Return the shifts of embeddings at unit length.

    Args:
        original: image ids (N,) and embeddings (N, D) of the attacked images, sorted.
        augmented: the same of every augmentation.
        attacked: keys (M,) and embeddings (M, D) of the attacked views.
    """
    start = _unit(original[1])
    return Vectors(
        {epsilon: _unit(after) - start for epsilon, (_, after) in of_attack(*attacked).items()},
        {name: _unit(after) - start for name, (_, after) in augmented.items()},
    )


def of_attack(keys: NDArray[Any], array: NDArray[Any]) -> dict[int, ArrayByImage]:
    """Return the rows of the attacked views in an array (M, …) by ε, sorted by image id."""
    found = {kind_and_epsilon(name): rows for name, rows in variant_names.variants_of(keys, array).items()}
    return {epsilon: found[kind, epsilon] for kind, epsilon in sorted(found) if kind == ATTACK}


def seed(settings: bootstrap.Settings, epsilon: int, augmentation: str) -> int:
    """Return the seed of the resamples, which all scores and layers share."""
    return bootstrap.seed_of(settings.root_seed, "detection", epsilon, augmentation)


def auc(attack: FloatArray, others: FloatArray, settings: bootstrap.Settings, seed: int) -> Auc:
    """Return the area under the ROC curve with its expanded percentile bootstrap interval over images.

    Args:
        attack: (n,) scores of views of n images.
        others: (k, n) scores of k other views of the same images.
        settings: of the bootstrap.
        seed: seed of the resamples.
    """
    n = len(attack)
    counts = np.vstack([np.ones(n), bootstrap.resampled_counts(n, settings.resamples, seed)])
    wins = np.zeros(len(counts))  # whole and half numbers, which add up exactly
    for other in others:
        order = np.argsort(other)
        below, not_above = (np.searchsorted(other[order], attack, side) for side in ("left", "right"))
        cumulative = np.cumsum(np.hstack([np.zeros((len(counts), 1)), counts[:, order]]), axis=1)
        wins += (counts * (cumulative[:, below] + cumulative[:, not_above]) / 2).sum(axis=1)
    areas = wins / (len(others) * n**2)
    low, high = bootstrap.percentile_interval(areas[1:], n, settings.confidence)
    return float(areas[0]), float(low), float(high)


def _unit(vectors: NDArray[Any]) -> FloatArray:
    vectors = vectors.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _means_of_others(vectors: FloatArray) -> FloatArray:
    """Return for every image the mean of the unit vectors of the other images, at unit length."""
    unit = np.nan_to_num(_unit(vectors))
    return _unit(unit.sum(axis=0) - unit)


def _size(shifts: FloatArray) -> FloatArray:
    """Return 1 − cosine, half the squared length of a difference of unit vectors."""
    size: FloatArray = (shifts**2).sum(axis=1) / 2
    return size


def _cosine(vectors: FloatArray, means: FloatArray) -> FloatArray:
    """Return the cosine between vectors and means; 0 for a vector of length 0."""
    cosine: FloatArray = (np.nan_to_num(_unit(vectors)) * means).sum(axis=1)
    return cosine
