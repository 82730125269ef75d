"""What every decoder returns, and the steps from there to an upright 8-bit sRGB image that are the same for all."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_shift.data.decoding import colour, orientation
from embedding_shift.data.decoding.sample_range import to_8_bits

Pixels = NDArray[np.uint8]
WHITE = (255, 255, 255, 255)


class DecodedImage(NamedTuple):
    """A usable image.

    Attributes:
        pixels: uint8 array (height, width, 3), sRGB, 0–255, upright.
        remarks: what was converted, in short phrases for people; empty for an 8-bit sRGB image.
    """

    pixels: Pixels
    remarks: list[str]


@dataclass
class Raster:
    """An image as it is stored in its file.

    Attributes:
        samples: uint8 or uint16 array (height, width, channels) at full range: 1 channel is grey, 3 are RGB, 4 are CMYK
            with 0 for no ink.
        alpha: uint8 or uint16 array (height, width), 0 for transparent; None if the image is opaque.
        associated: whether the samples are multiplied by alpha.
        profile: what the samples mean; None if the file does not say.
        orientation: 1–8, as in EXIF.
        remarks: what was converted so far.
    """

    samples: NDArray[Any]
    alpha: NDArray[Any] | None = None
    associated: bool = False
    profile: colour.Profile | None = None
    orientation: int = 1
    remarks: list[str] = field(default_factory=list)


def finished(raster: Raster) -> DecodedImage:
    """Return the upright sRGB image, with transparent parts blended with white.

    Raises:
        InputError: the colours cannot be converted.
    """
    samples = _unmultiplied(raster) if raster.associated and raster.alpha is not None else raster.samples
    converted = colour.to_srgb(samples, raster.profile)
    remarks = [*raster.remarks, *converted.remarks]
    pixels = to_8_bits(converted.values)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    if raster.alpha is not None and (alpha := to_8_bits(raster.alpha)).min(initial=255) < 255:
        pixels = _over_white(pixels, alpha)
        remarks.append("transparency blended with white")
    if raster.orientation != 1:
        remarks.append(f"turned upright from orientation {raster.orientation}")
    return DecodedImage(orientation.upright(pixels, raster.orientation), remarks)


def _over_white(pixels: Pixels, alpha: Pixels) -> Pixels:
    image = Image.fromarray(np.dstack([pixels, alpha]))
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image))[..., :3]


def _unmultiplied(raster: Raster) -> NDArray[Any]:
    """Divide associated samples by alpha. Where alpha is 0, they stay as they are: nothing of them will be visible."""
    assert raster.alpha is not None
    white = np.iinfo(raster.samples.dtype).max
    alpha = raster.alpha[..., None].astype(np.float32)
    scaled = raster.samples * np.divide(white, alpha, out=np.ones_like(alpha), where=alpha > 0)
    return np.clip(np.rint(scaled), 0, white).astype(raster.samples.dtype)
