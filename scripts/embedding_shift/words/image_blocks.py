"""Pairs of arrays with one row per image, read some images at a time."""

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from embedding_shift.io.array_files import IMAGES_AT_ONCE, Rows

Embeddings = NDArray[Any] | Rows  # (N, D), in memory or in a file


def in_blocks(before: Embeddings, after: Embeddings) -> Iterator[tuple[slice, NDArray[Any], NDArray[Any]]]:
    """Yield the place of some images at a time, and their rows of two arrays; no images are one block."""
    for start in range(0, max(len(before), 1), IMAGES_AT_ONCE):
        rows = slice(start, start + IMAGES_AT_ONCE)
        yield rows, before[rows], after[rows]
