"""What every decoder returns, and the steps from there to an upright 8-bit sRGB image that are the same for all."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_shift.data.decoding import colour, orientation
from embedding_shift.data.decoding.sample_range import row_blocks, to_8_bits

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
        alpha: array (height, width) of the same type, 0 for transparent; None if the image is opaque.
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
    samples, alpha = raster.samples, raster.alpha
    conversion = colour.to_srgb(colour.MODEL_OF_CHANNELS[samples.shape[2]], raster.profile)
    remarks = raster.remarks + conversion.remarks
    if alpha is not None and alpha.min(initial=np.iinfo(alpha.dtype).max) == np.iinfo(alpha.dtype).max:
        alpha = None
    if alpha is None and conversion.convert is None and samples.dtype == np.uint8 and samples.shape[2] == 3:
        pixels = samples
    else:
        pixels = np.empty((*samples.shape[:2], 3), np.uint8)
        for rows in row_blocks(samples):
            pixels[rows] = _finished_rows(samples[rows], alpha if alpha is None else alpha[rows], raster, conversion)
    if alpha is not None:
        remarks.append("transparency blended with white")
    if raster.orientation != 1:
        remarks.append(f"turned upright from orientation {raster.orientation}")
    return DecodedImage(orientation.upright(pixels, raster.orientation), remarks)


def _finished_rows(
    samples: NDArray[Any], alpha: NDArray[Any] | None, raster: Raster, conversion: colour.Conversion
) -> Pixels:
    if alpha is not None and raster.associated:
        samples = _unmultiplied(samples, alpha)
    pixels = to_8_bits(conversion.convert(samples) if conversion.convert else samples)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return pixels if alpha is None else _over_white(pixels, to_8_bits(alpha))


def _over_white(pixels: Pixels, alpha: Pixels) -> Pixels:
    image = Image.fromarray(np.dstack([pixels, alpha]))
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image))[..., :3]


def _unmultiplied(samples: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Divide associated samples by alpha. Where alpha is 0, they stay as they are: nothing of them will be visible."""
    white = np.iinfo(samples.dtype).max
    divisor = alpha[..., None].astype(np.float32)
    scaled = samples * np.divide(white, divisor, out=np.ones_like(divisor), where=divisor > 0)
    return np.clip(np.rint(scaled), 0, white).astype(samples.dtype)
