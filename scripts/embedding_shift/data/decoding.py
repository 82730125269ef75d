"""Decode image files into 8-bit RGB, the right way up, or report why a file cannot be used."""

import io
import warnings

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from embedding_shift.errors import InputError

Pixels = NDArray[np.uint8]
WHITE = (255, 255, 255)

# Raster formats only: to read some of the others, Pillow starts a program, such as Ghostscript for EPS.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


def decode(data: bytes, max_pixels: int) -> Pixels:
    """Decode an image file.

    The EXIF orientation is applied, transparent pixels are blended with white, 16-bit images are scaled to 8 bits, and
    CMYK, greyscale and palette images are converted to RGB. Of an animation, the first frame is used.

    Args:
        data: the file's bytes.
        max_pixels: the largest width × height that is decoded.

    Returns:
        uint8 array (height, width, 3), RGB, 0–255.

    Raises:
        InputError: the bytes are not an image, or the image is damaged or too large.
    """
    if not data:
        raise InputError("the file is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Pillow's own limit may be lower than max_pixels.
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise InputError(f"{width}×{height} pixels; at most {max_pixels} pixels are allowed")
                image.load()
                return np.asarray(_to_rgb(ImageOps.exif_transpose(image)))
        except UnidentifiedImageError:
            raise InputError("not an image in a known format") from None
        except InputError:
            raise
        except Exception as error:  # Pillow's codecs raise many types on damaged data.
            raise InputError(f"damaged image: {error or type(error).__name__}") from None
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _scale_to_8_bits(image).convert("RGB")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, (*WHITE, 255))
        return Image.alpha_composite(background, image).convert("RGB")
    return image.convert("RGB")


def _scale_to_8_bits(image: Image.Image) -> Image.Image:
    """Map 65535 to 255. Pillow's own conversion clips 16-bit greyscale values at 255."""
    values = np.asarray(image, dtype=np.float64)
    if image.mode == "F":
        values = values * 257 if values.max(initial=0) > 1 else values * 65535
    return Image.fromarray(np.clip(np.rint(values / 257), 0, 255).astype(np.uint8))


def resize(image: Pixels, size: int) -> Pixels:
    """Resize an image to a square, ignoring its aspect ratio, by bilinear interpolation.

    Args:
        image: uint8 array (height, width, 3).
        size: side of the square in pixels.

    Returns:
        uint8 array (size, size, 3).
    """
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]
