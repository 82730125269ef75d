"""Find the correspondence between a view and its original.

The transforms are applied to a grid of coordinates with their seeds. No formula of a warp is written twice, and
user-supplied transforms work like any other.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.compat.albumentations_import import albumentations
from embedding_shift.compat.albumentations_internals import DROPOUTS
from embedding_shift.views import transforms
from embedding_shift.views.correspondence import WHOLLY_INSIDE, Correspondence
from embedding_shift.views.view_record import ViewRecord

# albumentations applies these transforms to masks and boxes as well, but they leave every pixel in its place.
IN_PLACE = (
    *DROPOUTS,
    albumentations.MaskDropout,
    albumentations.Morphological,
    albumentations.PixelDropout,
)


def correspondence(record: ViewRecord) -> Correspondence | None:
    """Return the Correspondence of a view, from its record alone; None if its transforms move no pixel."""
    applied = [step for step in record.steps if step.applied]
    steps = [(_transform_of(step.transform, json.dumps(step.arguments)), step.seed) for step in applied]
    moving = [(transform, seed) for transform, seed in steps if moves_pixels(transform)]
    return trace_pixels(moving, record.shape) if moving else None


def moves_pixels(transform: albumentations.BasicTransform) -> bool:
    """Return whether a transform moves pixels: it applies to masks and boxes, and does more than change or cover."""
    return isinstance(transform, albumentations.DualTransform) and not isinstance(transform, IN_PLACE)


def trace_pixels(moving: Sequence[tuple[albumentations.BasicTransform, int]], shape: tuple[int, int]) -> Correspondence:
    """Return the Correspondence of a view that transforms made one after the other.

    Args:
        moving: the transforms that move pixels, at least one, each with the seed of its draws.
        shape: (height, width) of the view.
    """
    warped = _grid(shape)
    for step in moving:
        warped = _warped(warped, *step)
    stages = [_as_correspondence(_warped(_grid(shape), *step)) for step in moving] if len(moving) > 1 else []
    return _as_correspondence(warped, tuple(stages))


def _warped(grid: NDArray[np.float32], transform: albumentations.BasicTransform, seed: int) -> NDArray[np.float32]:
    with _filling_with_zero(transform):
        warped: NDArray[np.float32] = albumentations.Compose([transform], seed=seed)(image=grid)["image"]
    return warped


def _as_correspondence(grid: NDArray[np.float32], stages: tuple[Correspondence, ...] = ()) -> Correspondence:
    height, width = grid.shape[:2]
    x, y, inside = cv2.split(grid)
    return Correspondence(x * (width - 1), y * (height - 1), inside >= WHOLLY_INSIDE, stages)


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
