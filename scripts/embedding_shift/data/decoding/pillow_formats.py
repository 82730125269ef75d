"""Formats that Pillow decodes: BMP, GIF, PPM and WebP, and the step from an opened Pillow image to a raster."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, UnidentifiedImageError

from embedding_shift.data.decoding import colour, orientation
from embedding_shift.data.decoding.raster import Raster
from embedding_shift.data.decoding.sample_range import at_full_range
from embedding_shift.errors import InputError

ALPHA_MODES = ("LA", "PA", "RGBA")
BMP_V4_HEADER = 108
EMBEDDED_PROFILE = 0x4D424544  # 'MBED'
LINKED_PROFILE = 0x4C494E4B  # 'LINK'
CALIBRATED_RGB = 0


def decode_bmp(data: bytes, max_pixels: int) -> Raster:
    """Decode a BMP file, with the colour profile of a version 4 or 5 header.

    Raises:
        InputError: it cannot be used.
    """
    with opened(data, "BMP", max_pixels) as image:
        return to_raster(image, _bmp_profile(data))


def decode_gif(data: bytes, max_pixels: int) -> Raster:
    """Decode the first frame of a GIF file.

    Raises:
        InputError: it cannot be used.
    """
    with opened(data, "GIF", max_pixels) as image:
        return to_raster(image, None)


def decode_ppm(data: bytes, max_pixels: int) -> Raster:
    """Decode a PBM, PGM, PPM or PFM file.

    Raises:
        InputError: it cannot be used.
    """
    with opened(data, "PPM", max_pixels) as image:
        return to_raster(image, None)


def decode_webp(data: bytes, max_pixels: int) -> Raster:
    """Decode the first frame of a WebP file.

    Raises:
        InputError: it cannot be used.
    """
    with opened(data, "WEBP", max_pixels) as image:
        return to_raster(image, colour.embedded(image.info.get("icc_profile")))


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Check the size of an image before it is decoded.

    Raises:
        InputError: it is empty or too large.
    """
    if width < 1 or height < 1:
        raise InputError(f"damaged image: {width}×{height} pixels")
    if width * height > max_pixels:
        raise InputError(f"{width}×{height} pixels; at most {max_pixels} pixels are allowed")


@contextmanager
def opened(data: bytes, image_format: str, max_pixels: int) -> Iterator[Image.Image]:
    """Open a file of the given format with Pillow; the errors of its codecs become InputError.

    Raises:
        InputError: the image is damaged or too large.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[image_format]) as image:
            check_size(*image.size, max_pixels)
            yield image
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(f"damaged image: its header is not that of a {image_format} file") from None
    except Exception as error:  # Pillow's codecs raise many types on damaged data.
        raise InputError(f"damaged image: {error or type(error).__name__}") from None


def frames_remark(image: Image.Image) -> list[str]:
    """Return the remark that an opened image has several frames, if it has."""
    frames = getattr(image, "n_frames", 1)
    return [f"first of {frames} frames"] if frames > 1 else []


def to_raster(image: Image.Image, profile: colour.Profile | None) -> Raster:
    """Return the first frame of an opened image.

    Raises:
        InputError: the range of its samples is unknown, or its mode is not supported.
    """
    remarks = frames_remark(image)
    image.load()
    raster = Raster(np.empty(0), profile=profile, orientation=orientation.of(image), remarks=remarks)
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        values = np.asarray(image.convert("RGBA"))
        raster.samples, raster.alpha = values[..., :3], values[..., 3]
    elif image.mode in ("F", "I") or image.mode.startswith("I;16"):
        values = np.asarray(image)
        values = values if values.dtype.kind == "f" else values.astype(np.uint16)
        raster.samples, remarks = at_full_range(values[..., None], bits=16)
        raster.remarks += remarks
    elif image.mode in ("1", "L", "P", "RGB", "CMYK"):
        values = np.asarray(image.convert({"1": "L", "P": "RGB"}.get(image.mode, image.mode)))
        raster.samples = values.reshape(image.height, image.width, -1)
    else:
        raise InputError(f"unsupported image: Pillow mode {image.mode}")
    return raster


def _bmp_profile(data: bytes) -> colour.Profile | None:
    """Return the profile of a BMP file (BITMAPV4HEADER, BITMAPV5HEADER).

    Raises:
        InputError: the profile cannot be read or is of an unsupported kind.
    """
    (size,) = struct.unpack_from("<I", data, 14)
    if size < BMP_V4_HEADER or len(data) < 14 + size:
        return None
    kind, *endpoints = struct.unpack_from("<I9I3I", data, 14 + 56)
    if kind == CALIBRATED_RGB and any(endpoints):
        raise InputError("unsupported image: BMP with calibrated RGB")
    if kind == LINKED_PROFILE:
        raise InputError("unsupported image: BMP with a linked colour profile")
    if kind != EMBEDDED_PROFILE or size <= BMP_V4_HEADER:
        return None
    offset, length = struct.unpack_from("<II", data, 14 + 112)
    return colour.embedded(data[14 + offset : 14 + offset + length] or b"missing")
