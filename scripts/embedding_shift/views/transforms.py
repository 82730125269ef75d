"""Build the configured transforms and apply them to one image at a time, each with its own seed."""

import hashlib
import inspect
from collections.abc import Mapping
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.compat.albumentations_import import albumentations
from embedding_shift.compat.albumentations_internals import CropSizeError
from embedding_shift.errors import InputError
from embedding_shift.views.own_transforms.corruptions import ImageNetC
from embedding_shift.views.own_transforms.elastic import FastElasticTransform
from embedding_shift.views.own_transforms.style_transforms import (
    FDAFromFolder,
    HistogramMatchingFromFolder,
    PixelDistributionAdaptationFromFolder,
)

cv2.setNumThreads(0)  # A job uses one thread; the workflow runs jobs in parallel.

CUSTOM_TRANSFORMS: dict[str, type[albumentations.BasicTransform]] = {}
LARGEST_RECORDED_ARRAY = 64
# Without a mask or boxes, it leaves the image as it is. Other transforms that need them fail when they are applied.
NEEDS_MASK_OR_BOXES = "ConstrainedCoarseDropout"

TransformClass = TypeVar("TransformClass", bound=type)


def register_transform(transform: TransformClass) -> TransformClass:
    """Class decorator: make a custom transform available to the configuration under its class name.

    Raises:
        InputError: albumentations has a transform of that name, which the custom transform would hide.

    Example:
        >>> @register_transform
        ... class Invert(albumentations.ImageOnlyTransform):
        ...     def apply(self, img, **parameters):
        ...         return 255 - img
        >>> image = np.zeros((2, 2, 3), np.uint8)
        >>> view, drawn = apply(build("Invert", {}), image, view_seed=1)
        >>> int(view.min()), int(view.max())
        (255, 255)
    """
    name = transform.__name__
    if _is_transform(getattr(albumentations, name, None)):
        raise InputError(f"albumentations has a transform {name!r}; give the registered class another name")
    CUSTOM_TRANSFORMS[name] = transform
    return transform


def _is_transform(found: object) -> bool:
    return inspect.isclass(found) and issubclass(found, albumentations.BasicTransform)


register_transform(FastElasticTransform)
register_transform(ImageNetC)
register_transform(FDAFromFolder)
register_transform(HistogramMatchingFromFolder)
register_transform(PixelDistributionAdaptationFromFolder)


def build(transform: str, arguments: Mapping[str, Any]) -> albumentations.BasicTransform:
    """Return the transform of that name, with probability 1.

    Args:
        transform: class name of a custom transform or of a transform of albumentations.
        arguments: its arguments; lists become tuples.

    Raises:
        InputError: the transform or an argument does not exist, or a value is not allowed.

    Example:
        >>> build("GaussianBlur", {"blur_limit": [3, 7]}).blur_limit
        (3, 7)
    """
    transform_class: Any = CUSTOM_TRANSFORMS.get(transform) or getattr(albumentations, transform, None)
    if not _is_transform(transform_class):
        version = albumentations.__version__
        custom = ", ".join(sorted(CUSTOM_TRANSFORMS))
        raise InputError(
            f"unknown transform {transform!r}; allowed are the transforms of albumentations {version} and those that "
            f"are registered in scripts/embedding_shift/views/transforms.py: {custom}"
        )
    if transform == NEEDS_MASK_OR_BOXES:
        raise InputError(f"{transform} needs a mask or boxes, which views do not have, and would change nothing")
    allowed = [name for name in inspect.signature(transform_class.__init__).parameters if name not in ("self", "p")]
    for name in arguments:
        if name not in allowed:
            raise InputError(f"unknown argument {name!r} of {transform}; allowed are {', '.join(allowed)}")
    try:
        return transform_class(**{name: _as_tuple(value) for name, value in arguments.items()}, p=1)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise InputError(f"{transform}: {_first_complaint(error)}") from None


def apply(
    transform: albumentations.BasicTransform, pixels: NDArray[np.uint8], view_seed: int
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Apply a transform to an image with the draws that `view_seed` determines.

    Args:
        transform: the result of `build`.
        pixels: uint8 (height, width, 3), RGB.
        view_seed: integer from 0.

    Returns:
        uint8 array of the same shape, and the drawn parameters as JSON values. A large array, such as a noise field,
        is recorded by its shape and SHA-256, because the seed reproduces it.

    Raises:
        InputError: the transform cannot be applied, or its result is not an image of the same size.
    """
    name = type(transform).__name__
    compose = albumentations.Compose([transform], save_applied_params=True, seed=view_seed)
    try:
        result = compose(image=pixels)
    except (ValueError, KeyError, NotImplementedError, CropSizeError) as error:
        # A transform that needs more than an image, such as boxes, raises KeyError.
        reason = f"it needs {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise InputError(f"{name} cannot be applied to an image of shape {pixels.shape}: {reason}") from error
    view = result["image"]
    if view.shape != pixels.shape or view.dtype != pixels.dtype:
        raise InputError(
            f"{name} returns {view.dtype} of shape {view.shape}; a view must be uint8 of shape {pixels.shape}"
        )
    ((_, drawn),) = result["applied_transforms"]
    return np.ascontiguousarray(view), _as_json(drawn)


def _as_tuple(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_as_tuple(item) for item in value)
    if isinstance(value, dict):
        return {key: _as_tuple(item) for key, item in value.items()}
    return value


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, np.ndarray) and value.size > LARGEST_RECORDED_ARRAY:
        digest = hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()
        return {"shape": list(value.shape), "dtype": str(value.dtype), "sha256": digest}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def _first_complaint(error: Exception) -> str:
    """Return the first wrong argument with its value; pydantic, which checks the arguments, reports many lines."""
    cause: Any = error.__cause__
    if not hasattr(cause, "errors"):
        return str(error) or type(error).__name__
    first = cause.errors()[0]
    argument = ".".join(map(str, first["loc"])) or "its arguments"
    return f"{argument}: {first['msg'].removeprefix('Value error, ')}; found {first['input']!r}"
