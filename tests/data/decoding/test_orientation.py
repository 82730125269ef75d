"""EXIF orientations 1–8, in every format that has them."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from PIL.Image import Transpose
from png_writer import chunk, png

from embedding_shift.data import decoding

# How an upright image is stored with each orientation.
STORED = {
    1: None,
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
QUARTERS = np.array([[(200, 40, 40), (40, 160, 60)], [(50, 60, 190), (230, 220, 200)]], np.uint8)
UPRIGHT = np.kron(QUARTERS, np.ones((32, 64, 1), np.uint8))


def stored(orientation):
    """Return the stored image, and EXIF data with its orientation."""
    image = Image.fromarray(UPRIGHT)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return image.transpose(STORED[orientation]) if STORED[orientation] is not None else image, exif


def saved(image_format, orientation, **options):
    image, exif = stored(orientation)
    file = io.BytesIO()
    image.save(file, image_format, exif=exif, **options)
    return file.getvalue()


def tiff(orientation):
    image, _ = stored(orientation)
    file = io.BytesIO()
    image.save(file, "TIFF", tiffinfo={274: orientation})
    return file.getvalue()


def heif(orientation):
    image, exif = stored(orientation)
    file, heif_file = io.BytesIO(), pillow_heif.from_pillow(image)
    heif_file.info["exif"] = exif.tobytes()  # It becomes properties of the image, which decoders apply.
    heif_file.save(file, quality=100, chroma=444)
    return file.getvalue()


def legacy_png(orientation):
    """Return a PNG whose EXIF data is a text chunk, as ImageMagick writes it."""
    image, exif = stored(orientation)
    data = b"Exif\0\0" + exif.tobytes()
    text = b"\nexif\n%8d\n" % len(data) + data.hex().encode() + b"\n"
    raw = b"".join(b"\0" + row.tobytes() for row in np.asarray(image))
    return png(*image.size, 8, 2, raw, chunk(b"tEXt", b"Raw profile type exif\0" + text))


FORMATS = {
    "JPEG": lambda orientation: saved("JPEG", orientation, quality=100, subsampling=0),
    "PNG": lambda orientation: saved("PNG", orientation),
    "PNG, text chunk": legacy_png,
    "WebP": lambda orientation: saved("WEBP", orientation, lossless=True),
    "TIFF": tiff,
    "AVIF": lambda orientation: saved("AVIF", orientation, quality=100, subsampling="4:4:4"),
    "HEIF": heif,
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("image_format", FORMATS)
def test_images_are_turned_upright(image_format, orientation):
    pixels, remarks = decoding.decode(FORMATS[image_format](orientation), 10**6)
    assert pixels.shape == UPRIGHT.shape
    for y, x in ((10, 10), (10, 110), (50, 10), (50, 110)):
        assert np.abs(pixels[y, x].astype(int) - UPRIGHT[y, x]).max() <= 4
    if orientation == 1 or image_format == "HEIF":  # Its decoder turns the image.
        assert not remarks
    else:
        assert remarks == [f"turned upright from orientation {orientation}"]


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0\xff\xff\xff\xff broken", b"Exif\0\0", b"nonsense"])
def test_damaged_exif_data_does_not_affect_the_image(exif):
    file = io.BytesIO()
    Image.fromarray(UPRIGHT).save(file, "PNG", exif=exif)
    assert np.array_equal(decoding.decode(file.getvalue(), 10**6).pixels, UPRIGHT)
