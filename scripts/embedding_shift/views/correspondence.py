"""The correspondence between a view and its original: where each pixel of the view came from."""

from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

# The share of a resized pixel that has to be valid. Below 1, because the resized values are rounded.
WHOLLY_INSIDE = 0.999
# A view counts as its warped original if at most this share of its pixels differs by more than one grey level. At steep
# edges, two ways to round the same coordinates differ by several grey levels. Measured for ten kinds of warp: 10⁻⁵ on
# average over the pixels of a view.
LARGEST_RESIDUE = 1e-3


@dataclass(frozen=True)
class Correspondence:
    """For each pixel of a view, the place in the original image that it shows.

    Attributes:
        x, y: float32 (height, width), column and row in the original, in pixels.
        valid: bool (height, width), false where the pixel shows nothing of the original.
        stages: the Correspondence of each warp, if several were applied one after the other; empty for one.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    valid: NDArray[np.bool_]
    stages: tuple["Correspondence", ...] = ()

    @classmethod
    def identity(cls, shape: tuple[int, int]) -> Self:
        """Return the Correspondence of a view of `shape` (height, width) in which no pixel has moved."""
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
        return cls(x, y, np.ones(shape, dtype=bool))

    def warp(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the values of `image` (height, width[, channels]) at the corresponding places, bilinear."""
        return cv2.remap(image, self.x, self.y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def undo(self, original: NDArray[np.uint8], view: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the image that a view has to be compared with: the original, warped in the same way.

        If the view equals the warped original up to the rounding of coordinates and grey levels, the result is the view
        itself. An augmentation that only warps then gets the same values as every other one that only warps.

        Args:
            original, view: uint8 (height, width, 3).
        """
        warped = original
        for stage in self.stages or (self,):
            warped = stage.warp(warped)
        difference = cv2.absdiff(warped, view)
        if cv2.norm(difference, cv2.NORM_INF) <= 1:
            return view
        red, green, blue = cv2.split(difference)
        differs = (cv2.max(cv2.max(red, green), blue) > 1) & self.valid
        few = LARGEST_RESIDUE * np.count_nonzero(self.valid)
        return view if np.count_nonzero(differs) <= few else warped

    def scaled(self, size: int) -> "Correspondence":
        """Return the Correspondence of the same warp for images of size × size pixels."""
        height, width = self.valid.shape
        if (height, width) == (size, size):
            return self
        x, y, inside = (
            cv2.resize(array.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
            for array in (self.x, self.y, self.valid)
        )
        # Coordinates refer to the centres of pixels.
        x, y = (x + 0.5) * (size / width) - 0.5, (y + 0.5) * (size / height) - 0.5
        return Correspondence(x, y, inside >= WHOLLY_INSIDE)
