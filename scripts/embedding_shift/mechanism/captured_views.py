"""Read what was captured inside an encoder, one view of all images at a time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import array_files
from embedding_shift.mechanism.tower import Tower

ORIGINAL = "original"
# The tokens whose stream is captured, and the names of the arrays.
TOKENS = {"class": "stream_class", "patch_mean": "stream_patch"}
Arrays = dict[str, NDArray[Any]]


class CapturedViews:
    """The captured arrays of the original and of every augmentation.

    Args:
        paths: the files of every shard, by view; the original is one of them. Their arrays are described in
            `towers.capture`; `embedding` (N, D) and `record` (N,), the record of each view as JSON, are added.
        tower: the tower that was captured.

    Attributes:
        augmentations: the views but for the original.
        image_ids: ids of the N images (N,), sorted.
    """

    def __init__(self, paths: Mapping[str, Sequence[str | Path]], tower: Tower) -> None:
        self._paths = dict(paths)
        self.tower = tower
        self.augmentations = [name for name in paths if name != ORIGINAL]
        self.image_ids = self.read(ORIGINAL, "image_id")["image_id"]

    def read(self, view: str, *names: str) -> Arrays:
        """Return arrays of a view by name, in the order of `image_ids`; without those that do not exist.

        Raises:
            InputError: a file is damaged, or holds other images than the original.
        """
        parts = [array_files.read(path, {"image_id", *names}) for path in self._paths[view]]
        parts = [part for part in parts if len(part["image_id"])] or parts[:1]
        image_ids = np.concatenate([part["image_id"] for part in parts])
        order = np.argsort(image_ids, kind="stable")
        if view != ORIGINAL and list(image_ids[order]) != list(self.image_ids):
            raise InputError(f"what was captured of {view!r} and of the original are not the same images")
        return {name: np.concatenate([part[name] for part in parts])[order] for name in names if name in parts[0]}


def both_finite(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for which images (N,) both arrays (N, …) are finite."""
    finite = (np.isfinite(array).reshape(len(array), -1).all(1) for array in (first, second))
    return np.logical_and(*finite)
