"""Mean distance between the embeddings of every two augmentations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError


def pairwise_cosine_distance(embeddings: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Return the mean over images of 1 − cosine similarity between every two augmentations of the same image.

    An image counts if all its embeddings have a direction: they are finite and not of length zero.

    Args:
        embeddings: sequence of A arrays (N, D), the same images in the same order.

    Returns:
        float64 (A, A), symmetric, zero diagonal.

    Raises:
        InputError: no image counts.
    """
    with np.errstate(invalid="ignore"):
        norms = np.stack([np.linalg.norm(array.astype(np.float64), axis=1) for array in embeddings])
    counts = np.all(np.isfinite(norms) & (norms > 0), axis=0)
    if not counts.any():
        raise InputError("no image has an embedding that is finite and not zero under every augmentation")
    units = [
        array[counts].astype(np.float64) / norm[counts, np.newaxis]
        for array, norm in zip(embeddings, norms, strict=True)
    ]
    distance = np.zeros((len(units), len(units)))
    for i, first in enumerate(units):
        for j in range(i + 1, len(units)):
            distance[i, j] = distance[j, i] = np.mean(1 - np.sum(first * units[j], axis=1))
    return distance
