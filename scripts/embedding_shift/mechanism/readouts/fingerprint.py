"""Whether the direction of a shift tells which augmentation it was, layer by layer."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism.captured_views import ORIGINAL, TOKENS, CapturedViews
from embedding_shift.mechanism.registry import Row, Settings, register
from embedding_shift.mechanism.tower import FloatArray

ALL = "all"


@register("token", "layer", "augmentation", "n", "accuracy", "chance", "mistaken_for")
def fingerprint(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per token, layer and augmentation, and one for all of them; the layer `embedding` is the end.

    The shift of an image, at unit length, belongs to the augmentation whose mean over all other images is the nearest.

    Columns:
        n: number of shifts.
        accuracy: share of shifts that are told right.
        chance: the same by chance, one over the number of augmentations.
        mistaken_for: the augmentation that most of the others are taken for.
    """
    names = views.augmentations
    before = views.read(ORIGINAL, *TOKENS.values(), "embedding")
    after = {name: views.read(name, *TOKENS.values(), "embedding") for name in names}
    for token, array in (*TOKENS.items(), ("embedding", "embedding")):
        if array not in before:
            continue
        for layer, shifts in _layers([after[name][array] - before[array] for name in names]):
            for row in _rows(shifts, names):
                yield {"token": token, "layer": layer, "chance": 1 / len(names), **row}


def _layers(shifts: list[FloatArray]) -> Iterator[tuple[int | str, FloatArray]]:
    """Yield every layer with the shifts (augmentations, N, d) in it; without layers there is the embedding alone."""
    if shifts[0].ndim == 2:
        yield "embedding", np.stack(shifts).astype(np.float64)
        return
    for layer in range(shifts[0].shape[1]):
        yield layer, np.stack([values[:, layer] for values in shifts]).astype(np.float64)


def _rows(shifts: FloatArray, names: list[str]) -> Iterator[Row]:
    """Yield the rows of one layer for shifts (augmentations, N, d)."""
    kept = np.isfinite(shifts).all((0, 2))
    told = nearest_mean(shifts[:, kept])
    is_right = told == np.arange(len(names))[:, None]
    count = int(kept.sum())
    if count < 2 or not shifts[:, kept].any():
        reason = "needs 2 images" if count < 2 else "undefined"
        for name in (ALL, *names):
            yield {"augmentation": name, "n": count, "accuracy": reason, "mistaken_for": ""}
        return
    yield {"augmentation": ALL, "n": is_right.size, "accuracy": float(is_right.mean()), "mistaken_for": ""}
    for row, name in enumerate(names):
        wrong = Counter(names[other] for other in told[row] if other != row)
        most = wrong.most_common(1)[0][0] if wrong else ""
        yield {"augmentation": name, "n": count, "accuracy": float(is_right[row].mean()), "mistaken_for": most}


def nearest_mean(shifts: FloatArray) -> NDArray[np.intp]:
    """Return which augmentation each shift (A, N, d) is told to be, (A, N), leaving its image out of the means."""
    lengths = np.linalg.norm(shifts, axis=2, keepdims=True)
    units = np.divide(shifts, lengths, out=np.zeros_like(shifts), where=lengths > 0)
    others = units.shape[1] - 1
    means = (units.sum(1, keepdims=True) - units) / max(others, 1)
    products = np.einsum("and,bnd->anb", units, means, optimize=True)
    return np.asarray((2 * products - (means**2).sum(2).T).argmax(2))
