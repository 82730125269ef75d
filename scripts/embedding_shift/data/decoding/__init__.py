"""Decode image files into 8-bit sRGB, the right way up, or report why a file cannot be used.

docs/image_formats.md lists which variants of which formats are decoded, converted or rejected.
"""

import hashlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from embedding_shift.data.decoding import bmff, jpeg, jpeg2000, jpegxl, pillow_formats, png, tiff
from embedding_shift.data.decoding.raster import DecodedImage, Pixels, Raster, finished
from embedding_shift.errors import InputError

__all__ = ["DecodedImage", "Pixels", "decode", "lenient", "pixels_sha256"]

Decoder = Callable[[bytes, int], Raster]

# {first bytes of a file: decoder}. Formats are left out whose decoders start programs, as Pillow's for EPS does.
DECODERS: dict[bytes, Decoder] = {
    b"\xff\xd8\xff": jpeg.decode,
    png.SIGNATURE: png.decode,
    b"GIF87a": pillow_formats.decode_gif,
    b"GIF89a": pillow_formats.decode_gif,
    b"BM": pillow_formats.decode_bmp,
    **dict.fromkeys((b"P%c" % kind for kind in b"123456fF"), pillow_formats.decode_ppm),
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), tiff.decode),
    jpegxl.CODESTREAM: jpegxl.decode,
    jpegxl.CONTAINER: jpegxl.decode,
    jpeg2000.CODESTREAM: jpeg2000.decode,
    jpeg2000.CONTAINER: jpeg2000.decode,
}


def decode(data: bytes, max_pixels: int) -> DecodedImage:
    """Decode an image file.

    Colours are converted to sRGB, the EXIF orientation is applied, transparent pixels are blended with white, and other
    sample types are scaled to 8 bits. Of an animation or a file with several pages, the first image is used.

    Args:
        data: the file's bytes.
        max_pixels: the largest width × height that is decoded.

    Returns:
        The pixels, and what was converted.

    Raises:
        InputError: the bytes are not an image, or the image is damaged, too large, or of an unsupported kind.
    """
    if not data:
        raise InputError("the file is empty")
    decoder = _decoder(data)
    if decoder is None:
        raise InputError("not an image in a known format")
    with lenient():
        try:
            return finished(decoder(data, max_pixels))
        except InputError:
            raise
        except Exception as error:  # Decoders raise many types on damaged data.
            raise InputError(f"damaged image: {error or type(error).__name__}") from None


@contextmanager
def lenient() -> Iterator[None]:
    """Within this context, warnings are ignored, and Pillow's own limit of pixels, which may be too low, is lifted.

    `decode` enters it, but both concern all threads. Several threads decode within another such context, so that none
    of them leaves it for the others.
    """
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def pixels_sha256(image: Pixels) -> str:
    """Return the SHA-256 of an image's size and pixels, which is the same whatever file format holds them.

    Args:
        image: uint8 array (height, width, 3).
    """
    digest = hashlib.sha256("×".join(map(str, image.shape)).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def _decoder(data: bytes) -> Decoder | None:
    for start, decoder in DECODERS.items():
        if data.startswith(start):
            return decoder
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return pillow_formats.decode_webp
    if data[4:8] == b"ftyp":
        return bmff.decode
    return None
