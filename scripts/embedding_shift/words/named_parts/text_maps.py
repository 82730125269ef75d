"""Where in an image, and in its views, the encoder sees what the caption says."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism import patch_maps
from embedding_shift.mechanism.captured_views import ORIGINAL, CapturedViews
from embedding_shift.mechanism.registry import Settings
from embedding_shift.mechanism.tower import FloatArray

COLUMNS = ("augmentation", "n", *patch_maps.NAMES)
SHOWN_IMAGES = 3
NO_CAPTION = "no image has a caption"


def targets_of(views: CapturedViews, captions: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the embedding of the caption of every captured image, (N, D); NaN for an image without one.

    Args:
        views: captured views.
        captions: embeddings (D,) of captions by image id.
    """
    nothing = np.full(views.tower.matrix.shape[1], np.nan, np.float32)
    return np.array([captions.get(str(image_id), nothing) for image_id in views.image_ids])


def table(views: CapturedViews, targets: NDArray[np.float32], settings: Settings) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of text_maps.csv (COLUMNS). They are those of `patch_maps.rows`, and the target is the caption.

    Args:
        views: captured views.
        targets: (N, D), see `targets_of`.
        settings: the settings of read-outs.
    """
    if np.isfinite(targets).all(1).any():
        yield from patch_maps.rows(views, targets, settings, "text maps")
        return
    for augmentation in views.augmentations:
        yield {"augmentation": augmentation, "n": 0, **dict.fromkeys(patch_maps.NAMES, NO_CAPTION)}


class ShownMaps(NamedTuple):
    """The maps of S images that a figure shows; S is 0 if there are no maps.

    Attributes:
        image_id: (S,).
        view: names of the A augmentations.
        original: (S, rows, columns), maps of the originals.
        after: (A, S, rows, columns), those of the views.
        expected: (A, S, MAP_SIZE, MAP_SIZE), those of the originals, warped as the views were; NaN where the view shows
            nothing of the original.
        correlation: (A, S), of the last two; NaN if it is not defined.
    """

    image_id: NDArray[np.str_]
    view: NDArray[np.str_]
    original: FloatArray
    after: FloatArray
    expected: FloatArray
    correlation: FloatArray


def shown(views: CapturedViews, targets: NDArray[np.float32]) -> ShownMaps:
    """Return the maps of a few images with a caption, evenly spaced over all of them.

    Args:
        views: captured views.
        targets: (N, D), see `targets_of`.
    """
    told = np.flatnonzero(np.isfinite(targets).all(1))
    count = min(SHOWN_IMAGES, len(told))
    chosen = [int(told[(2 * place + 1) * len(told) // (2 * count)]) for place in range(count)]
    original = patch_maps.of_view(views, ORIGINAL, targets)
    if original is None:
        chosen, original = [], np.zeros((len(targets), 0, 0))
    after, expected, correlation = [], [], []
    for augmentation in views.augmentations if chosen else ():
        maps = patch_maps.of_view(views, augmentation, targets)
        geometry = list(patch_maps.correspondences(views, augmentation))
        moved = [patch_maps.registered(original[image], geometry[image]) for image in chosen]
        after.append([maps[image] for image in chosen] if maps is not None else [])
        expected.append([np.where(warp.valid, warped, np.nan) for warped, warp in moved])
        pairs = zip(moved, after[-1], strict=True)
        correlation.append([patch_maps.correlation_of(warped, own, warp) for (warped, warp), own in pairs])
    return ShownMaps(
        image_id=views.image_ids[chosen].astype(str),
        view=np.array(views.augmentations, dtype=str),
        original=original[chosen],
        after=np.array(after),
        expected=np.array(expected, np.float32),
        correlation=np.array(correlation),
    )
