"""Compute once what several metrics need of the same image.

The metrics of a view share the edges and deviations of its original, and so do all views of that original.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

REMEMBERED = 3  # an original, a view, and the original warped as the view was

Image = NDArray[np.uint8]
Parameters = ParamSpec("Parameters")
Feature = TypeVar("Feature")


def once_per_image(
    feature: Callable[Concatenate[Image, Parameters], Feature],
) -> Callable[Concatenate[Image, Parameters], Feature]:
    """Decorate a function of an image so that it remembers its results for the last few images.

    It remembers only results for read-only arrays, because the values of other arrays may change, and only those of
    calls without further arrays. Callers must not change a result.

    Example:
        >>> @once_per_image
        ... def brightest(image):
        ...     print("computing")
        ...     return int(image.max())
        >>> image = np.full((2, 2, 3), 7, np.uint8)
        >>> image.flags.writeable = False
        >>> brightest(image) + brightest(image)
        computing
        14
    """
    # The image is part of an entry, so that no other array takes its identity.
    remembered: list[tuple[Image, tuple[object, ...], Feature]] = []

    @wraps(feature)
    def computed_once(image: Image, *numbers: Parameters.args, **options: Parameters.kwargs) -> Feature:
        if image.flags.writeable or options or any(isinstance(number, np.ndarray) for number in numbers):
            return feature(image, *numbers, **options)
        found = [entry for entry in remembered if entry[0] is image and entry[1] == numbers]
        used = found or [(image, numbers, feature(image, *numbers, **options))]
        # The least recently used result is forgotten.
        remembered[:] = (used + [entry for entry in remembered if entry is not used[0]])[:REMEMBERED]
        return used[0][2]

    return computed_once
