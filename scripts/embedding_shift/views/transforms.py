"""Build the configured transforms and apply them to one image at a time, each with its own seed."""

import hashlib
import inspect

import cv2
import numpy as np

from embedding_shift.compat.albumentations_import import albumentations
from embedding_shift.errors import InputError
from embedding_shift.views.elastic import ElasticTransform

cv2.setNumThreads(0)  # One job is one thread; the workflow runs jobs side by side.

CropSizeError = albumentations.augmentations.crops.transforms.CropSizeError
CUSTOM_TRANSFORMS = {}
LARGEST_RECORDED_ARRAY = 64


def register_transform(transform):
    """Class decorator: make a transform of our own available to the configuration under its class name."""
    CUSTOM_TRANSFORMS[transform.__name__] = transform
    return transform


register_transform(ElasticTransform)


def build(transform, parameters):
    """Return the albumentations transform of that name, applied with probability 1.

    Raises:
        InputError: there is no such transform or argument, or a value is not allowed.
    """
    transform_class = CUSTOM_TRANSFORMS.get(transform) or getattr(albumentations, transform, None)
    if not (inspect.isclass(transform_class) and issubclass(transform_class, albumentations.BasicTransform)):
        version = albumentations.__version__
        own = ", ".join(sorted(CUSTOM_TRANSFORMS))
        raise InputError(
            f"unknown transform {transform!r}; allowed are the transforms of albumentations {version} and those that "
            f"are registered in scripts/embedding_shift/views/transforms.py: {own}"
        )
    allowed = [name for name in inspect.signature(transform_class.__init__).parameters if name not in ("self", "p")]
    for name in parameters:
        if name not in allowed:
            raise InputError(f"unknown argument {name!r} of {transform}; allowed are {', '.join(allowed)}")
    try:
        return transform_class(**{name: _as_tuple(value) for name, value in parameters.items()}, p=1)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise InputError(f"{transform}: {_first_complaint(error)}") from None


def seed(root_seed, image_sha256, augmentation, draw=0):
    """Return the 32-bit seed of one view: a hash, so that it depends on nothing but these four."""
    text = f"{root_seed}/{image_sha256}/{augmentation}/{draw}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def apply(transform, pixels, view_seed):
    """Apply `transform` to `pixels` with the draws that `view_seed` determines.

    Args:
        transform: what `build` returned.
        pixels: uint8 (height, width, 3), RGB.
        view_seed: non-negative integer.

    Returns:
        uint8 array of the same shape, and the drawn parameters as JSON values (a large array, such as a noise
        field, by its shape and SHA-256: the seed reproduces it).

    Raises:
        InputError: the transform cannot be applied, or what it returns is no picture of that size.
    """
    name = type(transform).__name__
    compose = albumentations.Compose([transform], save_applied_params=True, seed=view_seed)
    try:
        result = compose(image=pixels)
    except (ValueError, KeyError, NotImplementedError, CropSizeError) as error:
        # A transform of more than a picture, such as boxes, misses these.
        reason = f"it needs {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise InputError(f"{name} cannot be applied to an image of shape {pixels.shape}: {reason}") from error
    view = result["image"]
    if view.shape != pixels.shape or view.dtype != pixels.dtype:
        raise InputError(
            f"{name} returns {view.dtype} of shape {view.shape}; a view must be uint8 of shape {pixels.shape}"
        )
    ((_, drawn),) = result["applied_transforms"]
    return np.ascontiguousarray(view), _as_json(drawn)


def _as_tuple(value):
    if isinstance(value, list):
        return tuple(_as_tuple(item) for item in value)
    if isinstance(value, dict):
        return {key: _as_tuple(item) for key, item in value.items()}
    return value


def _as_json(value):
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, np.ndarray) and value.size > LARGEST_RECORDED_ARRAY:
        digest = hashlib.sha256(np.ascontiguousarray(value)).hexdigest()
        return {"shape": list(value.shape), "dtype": str(value.dtype), "sha256": digest}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def _first_complaint(error):
    """Name the argument and what was found; the message of pydantic, which checks arguments, has many lines."""
    if not hasattr(error.__cause__, "errors"):
        return str(error) or type(error).__name__
    first = error.__cause__.errors()[0]
    argument = ".".join(map(str, first["loc"])) or "its arguments"
    return f"{argument}: {first['msg'].removeprefix('Value error, ')}; found {first['input']!r}"
