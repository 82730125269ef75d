"""Where each pixel of a view came from: the correspondence that an augmentation's warp leaves behind.

The same draw that warped the picture is applied to a grid of coordinates, so that no formula of a warp is written
down twice and a transform of the user's own works like any other.
"""

import contextlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from embedding_shift.compat.albumentations_import import albumentations

# albumentations applies these to masks and boxes as well, but they leave every pixel where it is.
IN_PLACE = (
    albumentations.augmentations.dropout.transforms.BaseDropout,
    albumentations.MaskDropout,
    albumentations.Morphological,
    albumentations.PixelDropout,
)
WHOLLY_INSIDE = 0.999
# A view is its original, warped, where no more than this share of its pixels differs by more than one grey level: at
# steep edges, two ways of rounding the same coordinates differ by several. Measured: 10⁻⁵ in the mean over a view's
# pixels, for ten kinds of warp.
LARGEST_RESIDUE = 1e-3


@dataclass(frozen=True)
class Correspondence:
    """For each pixel of a view, the place in the original that it shows.

    Attributes:
        x, y: float32 (height, width), column and row in the original, in pixels.
        valid: bool (height, width), false where the pixel shows nothing of the original.
    """

    x: np.ndarray
    y: np.ndarray
    valid: np.ndarray

    @classmethod
    def identity(cls, shape):
        """Return the Correspondence of a view of `shape` (height, width) in which no pixel has moved."""
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
        return cls(x, y, np.ones(shape, dtype=bool))

    def warp(self, picture):
        """Return what `picture` (height, width[, channels]) shows at the corresponding places, bilinear."""
        return cv2.remap(picture, self.x, self.y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def undo(self, original, view):
        """Return what a view is to be compared with: the original, warped as the view was.

        Where that is the view but for the rounding of coordinates and grey levels, it is the view itself, so that
        nothing is told of an augmentation that does no more than warp, not even an order among such augmentations.

        Args:
            original, view: uint8 (height, width, 3).
        """
        warped = self.warp(original)
        red, green, blue = cv2.split(cv2.absdiff(warped, view))
        differs = (cv2.max(cv2.max(red, green), blue) > 1) & self.valid
        few = LARGEST_RESIDUE * np.count_nonzero(self.valid)
        return view if np.count_nonzero(differs) <= few else warped

    def scaled(self, size):
        """Return the Correspondence of the same warp for pictures of size × size pixels."""
        height, width = self.valid.shape
        if (height, width) == (size, size):
            return self
        x, y, inside = (
            cv2.resize(array.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
            for array in (self.x, self.y, self.valid)
        )
        # Coordinates are those of the pixels' middles.
        x, y = (x + 0.5) * (size / width) - 0.5, (y + 0.5) * (size / height) - 0.5
        return Correspondence(x, y, inside >= WHOLLY_INSIDE)


def moves_pixels(transform):
    """Whether a transform moves pixels: it also transforms masks and boxes, and does more than change or cover."""
    return isinstance(transform, albumentations.DualTransform) and not isinstance(transform, IN_PLACE)


def correspondence(transform, view_seed, shape):
    """Return the Correspondence of one view.

    Args:
        transform: the transform that made the view.
        view_seed: the seed that it was made with.
        shape: (height, width) of the view.
    """
    height, width = shape
    with _filling_nothing_in(transform):
        warped = albumentations.Compose([transform], seed=view_seed)(image=_grid(shape))["image"]
    x, y, inside = cv2.split(warped)
    return Correspondence(x * (width - 1), y * (height - 1), inside >= WHOLLY_INSIDE)


@contextlib.contextmanager
def _filling_nothing_in(transform):
    """Have a transform fill with 0 meanwhile: what is filled in shows nothing of the original, whatever its colour."""
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
def _grid(shape):
    """Where each pixel is, as a float image: column and row scaled to [0, 1]; the third channel shows what came in."""
    height, width = shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    grid = np.dstack([columns / (width - 1), rows / (height - 1), np.ones_like(rows)])
    grid.flags.writeable = False
    return grid
