"""What a shift does to what an encoder is used for: captions, their retrieval, and classes.

Images and captions are compared by the cosine of their embeddings in one space. Every metric has a value per image, so
that originals and views can be compared in pairs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from embedding_shift.statistics import bootstrap

CHANGE_COLUMNS = ("change", "change_ci_low", "change_ci_high")
COLUMNS = ("augmentation", "metric", "n", "mean", "ci_low", "ci_high", *CHANGE_COLUMNS, "chance")
ORIGINAL = "original"
RANKS = (1, 5, 10)
ROWS_AT_ONCE, CELLS_AT_ONCE = 1024, 2**23  # of a table of cosines, which bounds its memory to 0.2 GB
TIE = 1e-12  # Cosines of equal captions, and logits of equal classes, differ by rounding.
NOT_DEFINED = "undefined"
CHANGE = " change"
CAPTION_SIMILARITY, CAPTION_MARGIN = "caption_similarity", "caption_margin"
TOP1_FLIPS, KL_DIVERGENCE, ACCURACY = "top1_flips", "kl_divergence", "accuracy"
COMPARED = (TOP1_FLIPS, KL_DIVERGENCE)  # with the original, so that originals have 0 by construction
SHARES = (TOP1_FLIPS, ACCURACY, "image_to_text_recall", "text_to_image_recall")  # of images, from 0 to 1

FloatArray = NDArray[np.float64]
Values = dict[str, FloatArray]


def of_captions(images: NDArray[Any], captions: NDArray[Any]) -> Values:
    """Return how well images and their captions find each other, {metric: float64 (N,)}.

    `caption_similarity` is the cosine of an image and its caption; `caption_margin` is that minus the largest cosine
    of the image with the caption of another image, NaN for a single image. `image_to_text_recall_at_k` is 1 if fewer
    than k captions are nearer to the image than its own, and 0 otherwise; where captions are equally near, it is the
    share of their orders in which the own one is among the first k. `text_to_image_recall_at_k` exchanges the roles.

    Args:
        images: embeddings (N, D) of the images.
        captions: those (N, D) of their captions.
    """
    one, other = unit(images), unit(captions)
    values: Values = {name: np.full(len(one), np.nan) for name in (CAPTION_SIMILARITY, CAPTION_MARGIN)}
    for rows in _blocks(len(one), ROWS_AT_ONCE):
        values[CAPTION_SIMILARITY][rows] = (one[rows] * other[rows]).sum(1)
    for direction, (queries, found) in {"image_to_text": (one, other), "text_to_image": (other, one)}.items():
        nearer, equal, best = _ranks(queries, found)
        for k in RANKS:
            values[f"{direction}_recall_at_{k}"] = np.clip((k - nearer) / equal, 0, 1)
        if direction == "image_to_text" and len(one) > 1:
            values[CAPTION_MARGIN] = values[CAPTION_SIMILARITY] - best
    return values


def of_classes(before: NDArray[Any], after: NDArray[Any]) -> Values:
    """Return what becomes of the predictions of a classifier, {metric: float64 (N,)}.

    `top1_flips` is 1 if the most probable class is another one and 0 otherwise; `kl_divergence` is
    Σ p ln(p / q) for the probabilities p of the original and q of the view, in nats. Both are NaN for logits that are
    not finite.

    Args:
        before, after: logits (N, classes) of the originals and of their views.
    """
    finite = np.isfinite(before).all(1) & np.isfinite(after).all(1)
    with np.errstate(invalid="ignore"):
        p, q = (special.log_softmax(logits.astype(np.float64), axis=1) for logits in (before, after))
        divergence = (np.exp(p) * (p - q)).sum(1)
    return {
        TOP1_FLIPS: np.where(finite, most_probable(before) != most_probable(after), np.nan),
        KL_DIVERGENCE: np.where(finite, divergence, np.nan),
    }


def of_labels(logits: NDArray[Any], labels: NDArray[np.int_]) -> Values:
    """Return whether the most probable class is the right one, `accuracy` (N,): 1, 0, or NaN for logits not finite.

    Args:
        logits: (N, classes).
        labels: the places of the right classes, (N,).
    """
    right = most_probable(logits) == labels
    return {ACCURACY: np.where(np.isfinite(logits).all(1), right, np.nan)}


def most_probable(logits: NDArray[Any]) -> NDArray[np.int_]:
    """Return the places of the largest logits, (N,); of several that are equal, the first."""
    return np.asarray((logits >= logits.max(1, keepdims=True) - TIE).argmax(1))


def conse(logits: NDArray[Any], class_texts: NDArray[Any], most: int = 10) -> FloatArray:
    """Return images in the space of texts: the mean of the texts of their most probable classes, by probability.

    Norouzi et al. (2014), "Zero-shot learning by convex combination of semantic embeddings".

    Args:
        logits: (N, classes).
        class_texts: embeddings (classes, D) of the names of the classes.
        most: number of classes that count.

    Returns:
        float64 (N, D), not of unit length.
    """
    logits = logits.astype(np.float64)
    most = min(most, logits.shape[1])
    least = np.partition(logits, -most, axis=1)[:, -most, np.newaxis]
    return np.asarray(special.softmax(np.where(logits >= least, logits, -np.inf), axis=1) @ unit(class_texts))


def chance(metric: str, n: int) -> float | None:
    """Return the value that a metric has on average if all captions are exchanged at random; None if it has none."""
    name, _, k = metric.rpartition("_recall_at_")
    return min(int(k) / n, 1) if name and n else None


def table(values: Mapping[str, Values], settings: bootstrap.Settings) -> Iterator[dict[str, Any]]:
    """Yield the rows of text_damage.csv (COLUMNS), with `undefined` for what is not defined.

    `change` is the mean difference between the views and their originals, with its interval. An interval needs two
    images. The bounds of a value that originals have by construction are empty.

    Args:
        values: {view: {metric: (N,)}} of the originals, which come first, and of every augmentation.
        settings: how intervals are computed.
    """
    for view, metrics in values.items():
        for metric, column in metrics.items():
            row: dict[str, Any] = {"augmentation": view, "metric": metric, "n": len(column)}
            row |= _mean_and_interval(column, settings, view, metric, ("mean", "ci_low", "ci_high"))
            if view == ORIGINAL:
                row |= dict.fromkeys([*CHANGE_COLUMNS, *(("ci_low", "ci_high") if metric in COMPARED else ())], "")
            else:
                row |= mean_change(column - values[ORIGINAL][metric], settings, view, metric)
            expected = chance(metric, len(column))
            yield row | {"chance": "" if expected is None else expected}


def mean_change(changes: FloatArray, settings: bootstrap.Settings, view: str, metric: str) -> dict[str, Any]:
    """Return the mean change of a metric and its interval (CHANGE_COLUMNS), with `undefined` for what is not defined.

    Args:
        changes: value of the view minus that of the original, (N,).
        settings: how the interval is computed.
        view, metric: they determine the resamples.
    """
    return _mean_and_interval(changes, settings, view, metric + CHANGE, CHANGE_COLUMNS)


def _mean_and_interval(
    column: FloatArray, settings: bootstrap.Settings, view: str, metric: str, names: tuple[str, str, str]
) -> dict[str, Any]:
    if not np.isfinite(column).all() or not len(column):
        return dict.fromkeys(names, NOT_DEFINED)
    if len(column) > 1 and np.ptp(column) == 0 and metric.startswith(SHARES):
        low, high = _interval_of_equal_answers(column, settings.confidence, metric.endswith(CHANGE))
    else:
        seed = bootstrap.seed_of(settings.root_seed, "damage", view, metric)
        low, high = bootstrap.bootstrap_mean(column, settings.resamples, settings.confidence, seed)
    bounds = (low, high) if np.isfinite(low) else (NOT_DEFINED, NOT_DEFINED)
    return dict(zip(names, (float(column.mean()), *bounds), strict=True))


def _interval_of_equal_answers(column: FloatArray, confidence: float, is_change: bool) -> tuple[float, float]:
    """Return the interval of a share for which all images have the same value, where resamples cannot differ.

    Clopper and Pearson's exact interval allows for a share of other answers of up to 1 − (α / 2)^(1 / n).
    """
    others = 1 - ((1 - confidence) / 2) ** (1 / len(column))
    least, most = (-1, 1) if is_change else (0, 1)
    return max(float(column[0]) - others, least), min(float(column[0]) + others, most)


def _ranks(queries: FloatArray, found: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return for every query, of which the item at the same place is the right one, three arrays (N,).

    The number of items that are nearer than the right one, the number of those equally near, itself included, and the
    cosine of the nearest wrong one.
    """
    nearer, equal, best = (np.empty(len(queries)) for _ in range(3))
    for rows in _blocks(len(queries), min(ROWS_AT_ONCE, CELLS_AT_ONCE // max(1, len(found)))):
        cosines = queries[rows] @ found.T
        own = (np.arange(len(cosines)), np.arange(len(cosines)) + rows.start)
        right = cosines[own][:, np.newaxis]
        nearer[rows], equal[rows] = (cosines > right + TIE).sum(1), (abs(cosines - right) <= TIE).sum(1)
        cosines[own] = -np.inf
        best[rows] = cosines.max(1)
    return nearer, equal, best


def _blocks(count: int, size: int) -> list[slice]:
    """Return the slices of at most `size` rows, and at least one, that `count` rows divide into."""
    size = max(1, size)
    return [slice(start, start + size) for start in range(0, count, size)]


def unit(vectors: NDArray[Any]) -> FloatArray:
    """Return vectors (N, D) of unit length; one of length zero stays zero."""
    units = np.zeros(vectors.shape)
    for rows in _blocks(len(vectors), ROWS_AT_ONCE):  # Copies of all vectors would need several times their memory.
        some = vectors[rows].astype(np.float64)
        lengths = np.linalg.norm(some, axis=-1, keepdims=True)
        np.divide(some, lengths, out=units[rows], where=lengths > 0)
    return units
