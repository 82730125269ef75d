"""Find the correspondence between a view and its original.

The transform is applied to a grid of coordinates with the seed of the view. No formula of a warp is written twice, and
user-supplied transforms work like any other.
"""

import contextlib
import json
from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.compat.albumentations_import import albumentations
from embedding_shift.compat.albumentations_internals import DROPOUTS
from embedding_shift.views import transforms
from embedding_shift.views.correspondence import WHOLLY_INSIDE, Correspondence
from embedding_shift.views.record import ViewRecord

# albumentations applies these transforms to masks and boxes as well, but they leave every pixel in its place.
IN_PLACE = (
    *DROPOUTS,
    albumentations.MaskDropout,
    albumentations.Morphological,
    albumentations.PixelDropout,
)


def correspondence(record: ViewRecord) -> Correspondence | None:
    """Return the Correspondence of a view, from its record alone; None if its transform moves no pixel."""
    transform = _transform_of(record.transform, json.dumps(record.arguments))
    return trace_pixels(transform, record.seed, record.shape) if moves_pixels(transform) else None


def moves_pixels(transform: albumentations.BasicTransform) -> bool:
    """Return whether a transform moves pixels: it applies to masks and boxes, and does more than change or cover."""
    return isinstance(transform, albumentations.DualTransform) and not isinstance(transform, IN_PLACE)


def trace_pixels(transform: albumentations.BasicTransform, seed: int, shape: tuple[int, int]) -> Correspondence:
    """Return the Correspondence of a view that a transform made.

    Args:
        transform: the transform.
        seed: seed of the view.
        shape: (height, width) of the view.
    """
    height, width = shape
    with _filling_with_zero(transform):
        warped = albumentations.Compose([transform], seed=seed)(image=_grid(shape))["image"]
    x, y, inside = cv2.split(warped)
    return Correspondence(x * (width - 1), y * (height - 1), inside >= WHOLLY_INSIDE)


@lru_cache(maxsize=16)
def _transform_of(name: str, arguments: str) -> albumentations.BasicTransform:
    """Build a transform once for all views that share it. The arguments are JSON."""
    return transforms.build(name, json.loads(arguments))


@contextlib.contextmanager
def _filling_with_zero(transform: albumentations.BasicTransform) -> Iterator[None]:
    """Make a transform fill with 0 for a while: what it fills in shows nothing of the original, whatever the colour."""
    fill = getattr(transform, "fill", None)
    if not isinstance(fill, int | float | tuple | list):
        yield
        return
    transform.fill = 0.0
    try:
        yield
    finally:
        transform.fill = fill


@lru_cache(maxsize=1)
def _grid(shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the places of the pixels as an image, float32 (height, width, 3): column and row, scaled to [0, 1], and 1.

    The third channel shows after a warp how much of a pixel came from inside the image.
    """
    height, width = shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    grid = np.dstack([columns / (width - 1), rows / (height - 1), np.ones_like(rows)])
    grid.flags.writeable = False
    return grid
