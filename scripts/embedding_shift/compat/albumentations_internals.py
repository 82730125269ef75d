"""Parts of albumentations that are not in its public namespace.

Reason:
- DROPOUTS recognises transforms that cover parts of an image, also those that users derive from the same base class.
- CropSizeError, which a crop larger than the image raises, is derived from Exception alone.
- `displacement_noise` gives the fast elastic transform the same draws as that of albumentations, which offers only
  fields that it has blurred already.

Written for: albumentations 2.0.8.

Fallback: with any other version, DROPOUTS holds the dropouts of the public namespace, CropSizeError is ValueError, and
there is no noise, so that the fast elastic transform computes as that of albumentations does.
"""

from typing import Any

from numpy.typing import NDArray

from embedding_shift.compat import versions
from embedding_shift.compat.albumentations_import import VERSIONS, albumentations

PUBLIC_DROPOUTS = ("CoarseDropout", "ConstrainedCoarseDropout", "Erasing", "GridDropout", "XYMasking")
UNBLURRED = {"alpha": 1, "sigma": 1, "kernel_size": (1, 1)}

IS_KNOWN = versions.is_installed("albumentations", *VERSIONS)
DROPOUTS: tuple[type, ...]
CropSizeError: type[Exception]
if IS_KNOWN:
    DROPOUTS = (albumentations.augmentations.dropout.transforms.BaseDropout,)
    CropSizeError = albumentations.augmentations.crops.transforms.CropSizeError
else:
    DROPOUTS = tuple(getattr(albumentations, name) for name in PUBLIC_DROPOUTS if hasattr(albumentations, name))
    CropSizeError = ValueError


def displacement_noise(
    transform: albumentations.ElasticTransform, shape: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Draw the noise of an elastic transform, before it is blurred and scaled.

    Args:
        transform: the transform, whose generator of random numbers is used.
        shape: (height, width) of the image.

    Returns:
        The fields (height, width) of x and y; None with an unknown version of albumentations, and nothing is drawn.
    """
    if not IS_KNOWN:
        return None
    fields: tuple[NDArray[Any], NDArray[Any]]
    fields = albumentations.augmentations.geometric.functional.generate_displacement_fields(
        shape,
        same_dxdy=transform.same_dxdy,
        random_generator=transform.random_generator,
        noise_distribution=transform.noise_distribution,
        **UNBLURRED,
    )
    return fields
