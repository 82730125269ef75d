"""Decode any image file into 8-bit RGB, the right way up, or say why it cannot be used."""

import io
import warnings

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from embedding_shift.errors import InputError

WHITE = (255, 255, 255)

# Formats of pictures. Some of the others that Pillow knows start a program, as EPS does Ghostscript.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


def decode(data, max_pixels):
    """Decode an image file.

    EXIF rotation is applied; transparency is laid over white; 16-bit images are scaled to 8 bits; CMYK, grey and
    palette images become RGB; of an animation the first frame is taken.

    Args:
        data: the file's bytes.
        max_pixels: the largest width × height that is decoded.

    Returns:
        uint8 array (height, width, 3), RGB, 0–255.

    Raises:
        InputError: the bytes are no image, a damaged image, or too large.
    """
    if not data:
        raise InputError("the file is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Pillow's own bomb guard would refuse earlier than max_pixels allows.
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
        except Exception as error:  # Pillow's codecs raise many kinds on damaged data; all mean the same here.
            raise InputError(f"damaged image: {error or type(error).__name__}") from None
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _to_rgb(image):
    if image.mode.startswith("I") or image.mode == "F":
        return _scale_to_8_bits(image).convert("RGB")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, (*WHITE, 255))
        return Image.alpha_composite(background, image).convert("RGB")
    return image.convert("RGB")


def _scale_to_8_bits(image):
    """16-bit greyscale maps 65535 to 255; Pillow's own conversion would clip it at 255."""
    values = np.asarray(image, dtype=np.float64)
    if image.mode == "F":
        values = values * 257 if values.max(initial=0) > 1 else values * 65535
    return Image.fromarray(np.clip(np.rint(values / 257), 0, 255).astype(np.uint8))


def resize(image, size):
    """Squash an RGB image to `size`×`size` pixels, bilinear: uint8 (height, width, 3) to uint8 (size, size, 3)."""
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
