"""Where in a view the encoder sees the original: every patch, read out like the embedding, against the original's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.explorer import maps
from embedding_shift.explorer.run_files import ORIGINAL, RunFiles
from embedding_shift.io import array_files
from embedding_shift.mechanism.tower import Tower


def collect(run: RunFiles, dataset: str, model: str, views: Sequence[str], image_ids: Sequence[str]) -> dict[str, Any]:
    """Return packed maps by view: cosine similarities, from −1 to 1 as 0 to 1; NaN for images that were not captured.

    Args:
        run: the files of the run. Without captured patches, there are no maps.
        dataset, model: names.
        views: names of the views, the original included.
        image_ids: of the maps, in their order.
    """
    if not run.has("models", model, "tower.npz"):
        return {}
    grid = Tower.read(run.path("models", model, "tower.npz")).grid
    references = _read(run, dataset, model, ORIGINAL, "embedding")
    found = {}
    for view in views:
        patches = _read(run, dataset, model, view, "patches")
        if grid is not None and any(image_id in patches for image_id in image_ids):
            undefined = np.full(grid, np.nan)
            packed = maps.packed(
                [
                    _map(patches[image_id], references[image_id], grid) if image_id in patches else undefined
                    for image_id in image_ids
                ]
            )
            found[view] = packed
    return found


def _map(patches: NDArray[Any], embedding: NDArray[Any], grid: tuple[int, int]) -> NDArray[np.float64]:
    """Return (1 + cosine similarity) / 2 of patches (T, D) of unit length with an embedding (D,), on the grid."""
    length = np.linalg.norm(embedding.astype(np.float64))
    cosine = patches.astype(np.float64) @ embedding / (length if length > 0 else np.nan)
    return ((1 + np.clip(cosine, -1, 1)) / 2).reshape(grid)


def _read(run: RunFiles, dataset: str, model: str, view: str, name: str) -> dict[str, NDArray[Any]]:
    """Return a captured array of every image by image id; empty if it was not captured."""
    found: dict[str, NDArray[Any]] = {}
    for path in run.in_folder(".npz", dataset, model, "captured", view):
        part = array_files.read(path)
        if name in part:
            found |= {str(image_id): row for image_id, row in zip(part["image_id"], part[name], strict=True)}
    return found
