"""What becomes of single dimensions of the embedding, known by the images with the largest values (FALCON)."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import rankdata

from embedding_shift.mechanism.captured_views import ORIGINAL, CapturedViews, both_finite
from embedding_shift.mechanism.registry import Row, Settings, defined, register
from embedding_shift.mechanism.tower import FloatArray

NAMES = ("z", "share", "length_share", "exemplars_kept", "chance", "spearman")


@register("augmentation", "dimension", *NAMES)
def concepts(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per augmentation and dimension of the embedding, which is first scaled to unit length.

    Dimensions have no meaning of their own unless the embedding is anisotropic: `length_share` shows it.

    Columns:
        z: mean shift, in standard deviations over the originals.
        share: share of this dimension in the squared shift.
        length_share: its share in the squared length of the originals.
        exemplars_kept: share of the k images with the largest value that still have it; k is the number of neighbours.
        chance: its expectation for random images.
        spearman: rank correlation over images between original and view.
    """
    before = views.read(ORIGINAL, "embedding")["embedding"].astype(np.float64)
    for augmentation in views.augmentations:
        after = views.read(augmentation, "embedding")["embedding"].astype(np.float64)
        kept = both_finite(before, after)
        values = of_dimensions(_unit(before[kept]), _unit(after[kept]), settings.neighbours)
        for dimension in range(before.shape[1]):
            row = {name: defined(values[name][dimension], _reason(name, kept.sum(), settings)) for name in NAMES}
            yield {"augmentation": augmentation, "dimension": dimension, **row}


def _reason(name: str, images: int, settings: Settings) -> str:
    needed = settings.neighbours + 1 if name in ("exemplars_kept", "chance") else 2
    return f"needs {needed} images" if images < needed else "undefined"


def _unit(values: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)


def of_dimensions(before: FloatArray, after: FloatArray, exemplars: int) -> dict[str, FloatArray]:
    """Return the columns of `concepts` for embeddings (N, D) as (D,) arrays, with NaN where they are not defined."""
    n, size = before.shape
    shift, nothing = after - before, np.full(size, np.nan)
    if not n:
        return dict.fromkeys(NAMES, nothing)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "z": shift.mean(0) / before.std(0, ddof=1) if n > 1 else nothing,
            "share": (shift**2).sum(0) / (shift**2).sum(),
            "length_share": (before**2).sum(0) / (before**2).sum(),
            "spearman": _correlations(rankdata(before, axis=0), rankdata(after, axis=0)),
        }
    if n <= exemplars:
        return found | {"exemplars_kept": nothing, "chance": nothing}
    tops = [np.argsort(-values, axis=0, kind="stable")[:exemplars] for values in (before, after)]
    same = (tops[0][:, None] == tops[1][None]).sum((0, 1)) / exemplars
    return found | {"exemplars_kept": same, "chance": np.full(size, exemplars / n)}


def _correlations(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the correlation of every column, NaN where one is constant."""
    first, second = (values - values.mean(0) for values in (first, second))
    products = (first * second).sum(0)
    return np.asarray(products / np.sqrt((first**2).sum(0) * (second**2).sum(0)))
