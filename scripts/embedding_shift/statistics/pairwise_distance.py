"""Mean distance between the embeddings of every two augmentations."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io.array_files import IMAGES_AT_ONCE, Rows


def pairwise_cosine_distance(embeddings: Sequence[NDArray[Any] | Rows]) -> NDArray[np.float64]:
    """Return the mean over images of 1 − cosine similarity between every two augmentations of the same image.

    Args:
        embeddings: sequence of A arrays (N, D), the same images in the same order.

    Returns:
        float64 (A, A), symmetric, zero diagonal.

    Raises:
        InputError: no image counts, see `directions`.
    """
    pairs = list(combinations(range(len(embeddings)), 2))
    parts, n = [], 0
    for start in range(0, len(embeddings[0]), IMAGES_AT_ONCE):
        counts, units = directions([array[start : start + IMAGES_AT_ONCE] for array in embeddings])
        n += int(np.count_nonzero(counts))
        parts.append(np.array([distances(units[i], units[j]) for i, j in pairs]))
    if not n:
        raise InputError("no image has an embedding that is finite and not zero under every augmentation")
    distance = np.zeros((len(embeddings), len(embeddings)))
    for (i, j), of_pair in zip(pairs, np.concatenate(parts, axis=-1), strict=True):
        distance[i, j] = distance[j, i] = np.mean(of_pair)
    return distance


def directions(embeddings: Sequence[NDArray[Any]]) -> tuple[NDArray[np.bool_], list[NDArray[np.float64]]]:
    """Return which images count, and the embeddings of these with length one.

    An image counts if all its embeddings have a direction: they are finite and not of length zero.

    Args:
        embeddings: sequence of A arrays (N, D), the same images in the same order.

    Returns:
        bool (N,), and A arrays float64 (M, D) for the M images that count.
    """
    with np.errstate(invalid="ignore"):
        norms = np.stack([np.linalg.norm(array.astype(np.float64), axis=1) for array in embeddings])
    counts = np.all(np.isfinite(norms) & (norms > 0), axis=0)
    return counts, [
        array[counts].astype(np.float64) / norm[counts, np.newaxis]
        for array, norm in zip(embeddings, norms, strict=True)
    ]


def distances(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine distance (M,), 0 to 2, between the rows of two arrays (M, D) of vectors of length one."""
    return np.asarray(1 - np.sum(first * second, axis=1))
