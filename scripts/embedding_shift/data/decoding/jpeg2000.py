"""JPEG 2000: JP2 files and bare codestreams, decoded by OpenJPEG. Grey, sRGB and ICC profiles are supported."""

import struct

import imagecodecs
import numpy as np

from embedding_shift.data.decoding import colour
from embedding_shift.data.decoding.bmff import boxes
from embedding_shift.data.decoding.pillow_formats import check_size
from embedding_shift.data.decoding.raster import Raster
from embedding_shift.data.decoding.sample_range import at_full_range
from embedding_shift.errors import InputError

CONTAINER = b"\0\0\0\x0cjP  \r\n\x87\n"
CODESTREAM = b"\xff\x4f\xff\x51"
SRGB, GREY = 16, 17  # enumerated colour spaces of the colr box (ISO/IEC 15444-1, I.5.3.3)
UNSUPPORTED_BOXES = {b"pclr": "a palette", b"cmap": "a palette", b"cdef": "channel definitions"}


def decode(data: bytes, max_pixels: int) -> Raster:
    """Decode a JPEG 2000 file.

    Raises:
        InputError: it is damaged, too large, or not supported.
    """
    try:
        codestream, profile = _container(data) if data.startswith(CONTAINER) else (data, None)
        bits = _checked_bits(codestream, max_pixels)
    except (struct.error, IndexError, KeyError):
        raise InputError("damaged image: its JPEG 2000 headers cannot be read") from None
    try:
        values = imagecodecs.jpeg2k_decode(codestream)
    except (imagecodecs.Jpeg2kError, ValueError, MemoryError) as error:
        raise InputError(f"damaged image: {error}") from None
    values = np.ascontiguousarray(values.reshape(*values.shape[:2], -1))
    samples, remarks = at_full_range(values, bits)
    return Raster(samples, profile=profile, remarks=remarks)


def _container(data: bytes) -> tuple[bytes, colour.Profile | None]:
    """Return the codestream of a JP2 file, and its colours."""
    outer = dict(boxes(data))
    header: dict[bytes, bytes] = {}
    for kind, content in boxes(outer[b"jp2h"]):
        header.setdefault(kind, content)  # Of several colr boxes, readers use the first.
    for kind, name in UNSUPPORTED_BOXES.items():
        if kind in header:
            raise InputError(f"unsupported image: JPEG 2000 with {name}")
    method = header[b"colr"][0]
    if method == 2:
        return outer[b"jp2c"], colour.embedded(header[b"colr"][3:])
    space = struct.unpack_from(">I", header[b"colr"], 3)[0] if method == 1 else None
    if space not in (SRGB, GREY):
        raise InputError(f"unsupported image: JPEG 2000 with the colour space {space} (method {method})")
    return outer[b"jp2c"], None


def _checked_bits(codestream: bytes, max_pixels: int) -> int:
    """Return the bits per sample of a codestream, from its SIZ segment (ISO/IEC 15444-1, A.5.1)."""
    right, bottom, left, top = struct.unpack_from(">4I", codestream, 8)
    check_size(right - left, bottom - top, max_pixels)
    (count,) = struct.unpack_from(">H", codestream, 40)
    components = {codestream[42 + 3 * number : 45 + 3 * number] for number in range(count)}
    if count not in (1, 3):
        raise InputError(f"unsupported image: JPEG 2000 with {count} components")
    depth, *steps = components.pop()
    if components or steps != [1, 1] or depth >= 16:
        raise InputError("unsupported image: JPEG 2000 with signed, subsampled, differing or very deep components")
    return depth + 1
