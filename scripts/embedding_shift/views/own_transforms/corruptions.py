"""The fifteen corruptions of ImageNet-C at five severities (Hendrycks and Dietterich 2019, "Benchmarking Neural Network
Robustness to Common Corruptions and Perturbations", ICLR).

The settings and the computations are those of the published code for images of 224 × 224 pixels. Two parts differ:

- ImageMagick blurs motion there. Here, the same kernel is applied with OpenCV.
- Six photographs of frost are laid over the image there, whose licences are not known. Here, a drawn texture of the
  same mean, contrast and tint takes their place.

Two properties of the published code are kept. The glass blur copies a pixel from a place nearby instead of swapping
both, and the elastic transform is scaled for 244 instead of 224 pixels.
"""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from embedding_shift.compat.albumentations_import import albumentations
from embedding_shift.views.own_transforms import corruption_filters as filters

Pixels = NDArray[Any]
Setting = Any
SIDE = 244
# Mean, standard deviation and tint of the photographs of frost in the published code, averaged, of 1.
FROST_MEAN, FROST_DEVIATION = 0.6, 0.11
FROST_TINT = np.array([0.88, 1.02, 1.10])


class Corruption(NamedTuple):
    """A corruption.

    Attributes:
        apply: returns the corrupted image for an image (height, width, 3) from 0 to 1, a setting, and a generator of
            random numbers. Values below 0 and above 1 are cut off afterwards.
        settings: the published settings at severities 1 to 5.
        none: the setting that leaves an image as it is, if settings between the published ones have a meaning.
    """

    apply: Callable[[Pixels, Setting, Generator], Pixels]
    settings: Sequence[Setting]
    none: Setting = None


class ImageNetC(albumentations.ImageOnlyTransform):
    """A corruption of ImageNet-C.

    Args:
        corruption: its name, one of `CORRUPTIONS`.
        severity: 1 to 5 as published; at 0 the image stays as it is. For corruptions with a setting `none`, severities
            between whole numbers interpolate their settings.
    """

    def __init__(self, corruption: str, severity: float = 3, p: float = 1.0) -> None:
        super().__init__(p=p)
        if corruption not in CORRUPTIONS:
            raise ValueError(f"unknown corruption {corruption!r}; allowed are {', '.join(CORRUPTIONS)}")
        self.corruption, self.severity = corruption, severity
        self._setting = setting(corruption, severity)

    def get_params(self) -> dict[str, Any]:
        """Draw the seed of all random numbers of the corruption."""
        return {"noise_seed": self.py_random.randrange(2**32)}

    def apply(self, img: NDArray[np.uint8], noise_seed: int, **_: Any) -> NDArray[np.uint8]:
        """Return the corrupted image, uint8 as `img` (height, width, 3)."""
        if self.severity == 0:
            return img
        corrupted = CORRUPTIONS[self.corruption].apply(img / 255.0, self._setting, np.random.default_rng(noise_seed))
        return (np.clip(corrupted, 0, 1) * 255).astype(np.uint8)  # The published code cuts fractions off as well.


def setting(corruption: str, severity: float) -> Setting:
    """Return the setting of a corruption at a severity from 0 to 5; None at 0 if it has no setting there.

    Raises:
        ValueError: the severity is not allowed.
    """
    _, settings, none = CORRUPTIONS[corruption]
    if not isinstance(severity, (int, float)):
        raise ValueError(f"severity {severity!r} is not a number")
    if not 0 <= severity <= len(settings):
        raise ValueError(f"severity {severity} is not from 0 to {len(settings)}")
    lower = int(severity)
    known = [none, *settings]
    if severity == lower:
        return known[lower]
    if none is None:
        raise ValueError(f"{corruption} has whole severities only, from 0 to {len(settings)}; found {severity}")
    start, end = np.asarray(known[lower], float), np.asarray(known[lower + 1], float)
    between: Setting = (start + (severity - lower) * (end - start)).tolist()
    return between


def gaussian_noise(image: Pixels, deviation: float, random: Generator) -> Pixels:
    return image + random.normal(scale=deviation, size=image.shape)


def shot_noise(image: Pixels, photons: float, random: Generator) -> Pixels:
    return random.poisson(image * photons) / photons


def impulse_noise(image: Pixels, share: float, random: Generator) -> Pixels:
    changed, white = random.random(image.shape) <= share, random.random(image.shape) <= 0.5
    return np.where(changed, white, image)


def defocus_blur(image: Pixels, setting: Setting, random: Generator) -> Pixels:
    radius, deviation = setting
    reach = max(radius, 8)
    steps = np.arange(-reach, reach + 1)
    disk = (steps**2 + steps[:, None] ** 2 <= radius**2).astype(np.float32)
    side = 3 if radius <= 8 else 5
    kernel = cv2.GaussianBlur(disk / disk.sum(), (side, side), sigmaX=deviation)
    return cv2.filter2D(image, -1, kernel)


def glass_blur(image: Pixels, setting: Setting, random: Generator) -> Pixels:
    deviation, reach, rounds = setting
    height, width = image.shape[:2]
    levels = (filters.gaussian_blur(image, (deviation, deviation, 0), "nearest", 4) * 255).astype(np.int64)
    flat = (levels @ np.array([1 << 16, 1 << 8, 1])).ravel().tolist()
    rows, columns = np.arange(height - reach, reach, -1), np.arange(width - reach, reach, -1)
    places = (rows[:, None] * width + columns).ravel()
    for _ in range(rounds):
        offsets = random.integers(-reach, reach, (len(places), 2)) @ [width, 1]
        for place, other in zip(places.tolist(), (places + offsets).tolist(), strict=True):
            flat[place] = flat[other]
    colours = np.array(flat).reshape(height, width)
    levels = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1)
    return filters.gaussian_blur(levels / 255, (deviation, deviation, 0), "nearest", 4)


def motion_blur(image: Pixels, setting: Setting, random: Generator) -> Pixels:
    radius, deviation = setting
    return filters.motion_blur(image, radius, deviation, random.uniform(-45, 45))


def zoom_blur(image: Pixels, setting: Setting, random: Generator) -> Pixels:
    end, step = setting
    factors = np.arange(1, end, step)
    enlarged: Any = [filters.enlarged_middle(image, float(factor)) for factor in factors]
    return (image + sum(enlarged)) / (len(factors) + 1)


def snow(image: Pixels, setting: Setting, random: Generator) -> Pixels:
    mean, deviation, zoom, threshold, radius, blur, weight = setting
    layer = filters.enlarged_middle(random.normal(mean, deviation, (*image.shape[:2], 1)), zoom)[..., 0]
    layer = np.floor(np.clip(np.where(layer < threshold, 0, layer), 0, 1) * 255) / 255
    layer = filters.motion_blur(layer, radius, blur, random.uniform(-135, -45))[..., None]
    grey = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2GRAY)[..., None]
    whitened = weight * image + (1 - weight) * np.maximum(image, grey * 1.5 + 0.5)
    return whitened + layer + np.rot90(layer, k=2)


def frost(image: Pixels, setting: Setting, random: Generator) -> Pixels:
    weight, frost_weight = setting
    height, width = image.shape[:2]
    # Ridges of a plasma look like crystals of ice.
    ridges = 1 - np.abs(2 * filters.plasma(max(height, width), 1.7, random)[:height, :width] - 1)
    texture = FROST_MEAN + FROST_DEVIATION * (ridges - ridges.mean()) / (ridges.std() + 1e-9)
    return weight * image + frost_weight * np.clip(texture[..., None] * FROST_TINT, 0, 1)


def fog(image: Pixels, setting: Setting, random: Generator) -> Pixels:
    amount, decay = setting
    height, width = image.shape[:2]
    haze = filters.plasma(max(height, width), decay, random)[:height, :width, None]
    return (image + amount * haze) * image.max() / (image.max() + amount)


def brightness(image: Pixels, added: float, random: Generator) -> Pixels:
    hsv = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
    hsv[..., 2] = np.clip(hsv[..., 2] + added, 0, 1)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def contrast(image: Pixels, factor: float, random: Generator) -> Pixels:
    means = image.mean(axis=(0, 1), keepdims=True)
    return (image - means) * factor + means


def elastic_transform(image: Pixels, setting: Setting, random: Generator) -> Pixels:
    from scipy.ndimage import map_coordinates

    strength, deviation, reach = (SIDE * value for value in setting)
    height, width = image.shape[:2]
    (y, x), side = np.array([height, width]) // 2, min(height, width) // 3
    corners = np.array([[y + side, x + side], [y + side, x - side], [y - side, x - side]], np.float32)
    moved = corners + random.uniform(-reach, reach, corners.shape).astype(np.float32)
    matrix = cv2.getAffineTransform(corners, moved)
    warped = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    fields = random.uniform(-1, 1, (2, height, width))
    places = np.indices((height, width)) + strength * filters.gaussian_blur(
        fields, (0, deviation, deviation), "reflect", 3
    )
    channels = [map_coordinates(warped[..., channel], places, order=1, mode="reflect") for channel in range(3)]
    return np.stack(channels, axis=-1)


def pixelate(image: Pixels, scale: float, random: Generator) -> Pixels:
    height, width = image.shape[:2]
    picture = Image.fromarray(np.uint8(np.rint(image * 255)))
    small = picture.resize((int(width * scale), int(height * scale)), Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.BOX)) / 255


def jpeg_compression(image: Pixels, quality: int, random: Generator) -> Pixels:
    file = BytesIO()
    Image.fromarray(np.uint8(np.rint(image * 255))).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)) / 255


CORRUPTIONS = {
    "gaussian_noise": Corruption(gaussian_noise, (0.08, 0.12, 0.18, 0.26, 0.38), none=0),
    "shot_noise": Corruption(shot_noise, (60, 25, 12, 5, 3)),
    "impulse_noise": Corruption(impulse_noise, (0.03, 0.06, 0.09, 0.17, 0.27), none=0),
    "defocus_blur": Corruption(defocus_blur, ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))),
    "glass_blur": Corruption(glass_blur, ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))),
    "motion_blur": Corruption(motion_blur, ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))),
    # The end of the factors, which begin at 1, and their step.
    "zoom_blur": Corruption(zoom_blur, ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03))),
    "snow": Corruption(
        snow,
        (
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
    ),
    "frost": Corruption(frost, ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)), none=(1, 0)),
    "fog": Corruption(fog, ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)), none=(0, 2)),
    "brightness": Corruption(brightness, (0.1, 0.2, 0.3, 0.4, 0.5), none=0),
    "contrast": Corruption(contrast, (0.4, 0.3, 0.2, 0.1, 0.05), none=1),
    # Factors of SIDE.
    "elastic_transform": Corruption(
        elastic_transform,
        ((2, 0.7, 0.1), (2, 0.08, 0.2), (0.05, 0.01, 0.02), (0.07, 0.01, 0.02), (0.12, 0.01, 0.02)),
    ),
    "pixelate": Corruption(pixelate, (0.6, 0.5, 0.4, 0.3, 0.25)),
    "jpeg_compression": Corruption(jpeg_compression, (25, 18, 15, 10, 7)),
}
