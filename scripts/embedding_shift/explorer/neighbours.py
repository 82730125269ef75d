"""The nearest images of the shown images, before and after every augmentation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism.neighbourhoods import similarities

BLOCK = 256  # shown images whose similarities are in memory at a time


def nearest(embedding: NDArray[Any], rows: Sequence[int], k: int) -> list[list[tuple[int, float]]]:
    """Return for every shown image its k nearest other images among all, with their cosine similarities.

    Args:
        embedding: (N, D), of all images under one view.
        rows: rows of the shown images.
        k: number of neighbours; fewer if there are fewer other images.
    """
    values = embedding.astype(np.float64)
    k = min(k, len(values) - 1)
    found = []
    for start in range(0, len(rows), BLOCK):
        block = list(rows[start : start + BLOCK])
        similarity = similarities(values[block], values)
        similarity[np.arange(len(block)), block] = -np.inf
        order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
        for own, places in zip(similarity, order, strict=True):
            found.append([(int(place), float(own[place])) for place in places])
    return found
