"""Decoding: every usable kind of file becomes the right RGB pixels, every other one gives its reason."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from embedding_shift.data import decoding
from embedding_shift.errors import InputError

MAX_PIXELS = 100_000_000
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image, image_format="PNG", **options):
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def decoded(data, max_pixels=MAX_PIXELS):
    pixels = decoding.decode(data, max_pixels)
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    return pixels


def two_pixels(mode, *colours):
    """A picture of two pixels side by side."""
    image = Image.new(mode, (2, 1))
    for column, colour in enumerate(colours):
        image.putpixel((column, 0), colour)
    return image


def png(width, height, bit_depth, colour_type, raw, *other_chunks):
    """A PNG file from its uncompressed scan lines, for kinds that Pillow does not write."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *other_chunks, chunk(b"IDAT", zlib.compress(raw, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_rgb_is_kept():
    assert decoded(encoded(two_pixels("RGB", RED, (1, 2, 3)))).tolist() == [[[255, 0, 0], [1, 2, 3]]]


@pytest.mark.parametrize("image_format", ["BMP", "TIFF", "PPM", "WEBP"])
def test_lossless_formats_are_kept(image_format):
    options = {"lossless": True} if image_format == "WEBP" else {}
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(decoded(encoded(Image.fromarray(pixels), image_format, **options)), pixels)


def test_greyscale_is_repeated():
    assert decoded(encoded(two_pixels("L", 7, 200))).tolist() == [[[7, 7, 7], [200, 200, 200]]]


def test_black_and_white_is_spread():
    assert decoded(encoded(two_pixels("1", 0, 1))).tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_cmyk_becomes_rgb():
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    assert decoded(encoded(cmyk, "TIFF"))[8, 8].tolist() == [255, 0, 0]
    assert np.abs(decoded(encoded(cmyk, "JPEG", quality=100))[8, 8].astype(int) - RED).max() <= 3


def test_16_bit_greyscale_is_scaled_not_clipped():
    values = np.array([[0, 385, 32896, 65535]], dtype=np.uint16)
    assert decoded(encoded(Image.fromarray(values)))[0, :, 0].tolist() == [0, 1, 128, 255]


def test_16_bit_greyscale_tiff_is_scaled_not_clipped():
    values = np.array([[0, 385, 32896, 65535]], dtype=np.uint16)
    assert decoded(encoded(Image.fromarray(values), "TIFF"))[0, :, 1].tolist() == [0, 1, 128, 255]


def test_16_bit_rgb_is_scaled_not_clipped():
    raw = b"\0" + struct.pack(">6H", 65535, 0, 32896, 257, 514, 65535)
    assert decoded(png(2, 1, 16, 2, raw)).tolist() == [[[255, 0, 128], [1, 2, 255]]]


def test_floating_point_tiff_is_scaled():
    values = np.array([[0.0, 0.5, 1.0]], dtype=np.float32)
    assert decoded(encoded(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


def test_rgba_is_laid_over_white():
    image = two_pixels("RGBA", (*RED, 255), (0, 0, 0, 0))
    assert decoded(encoded(image)).tolist() == [[list(RED), list(WHITE)]]
    assert abs(int(decoded(encoded(Image.new("RGBA", (1, 1), (0, 0, 0, 128))))[0, 0, 0]) - 127) <= 1


def test_greyscale_with_alpha_is_laid_over_white():
    assert decoded(encoded(two_pixels("LA", (40, 255), (40, 0))))[0, :, 0].tolist() == [40, 255]


def test_greyscale_with_a_transparent_value_is_laid_over_white():
    assert decoded(encoded(two_pixels("L", 40, 41), transparency=40))[0, :, 0].tolist() == [255, 41]


def test_palette_becomes_rgb():
    image = two_pixels("P", 0, 1)
    image.putpalette([*GREEN, *BLUE])
    assert decoded(encoded(image)).tolist() == [[list(GREEN), list(BLUE)]]


def test_palette_with_transparency_is_laid_over_white():
    image = two_pixels("P", 0, 1)
    image.putpalette([*GREEN, *BLUE])
    assert decoded(encoded(image, transparency=1)).tolist() == [[list(GREEN), list(WHITE)]]


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [[RED, GREEN]]),
        (2, [[GREEN, RED]]),
        (3, [[GREEN, RED]]),
        (6, [[RED], [GREEN]]),
        (8, [[GREEN], [RED]]),
    ],
)
def test_exif_rotation_is_applied(orientation, expected):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(two_pixels("RGB", RED, GREEN), exif=exif)
    assert decoded(data).tolist() == [[list(colour) for colour in row] for row in expected]


def test_damaged_exif_does_not_cost_the_image():
    data = encoded(two_pixels("RGB", RED, GREEN), exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    assert decoded(data).tolist() == [[list(RED), list(GREEN)]]


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.array_equal(decoded(data), np.full((4, 4, 3), RED, np.uint8))


def test_one_pixel_is_an_image():
    assert decoded(encoded(Image.new("RGB", (1, 1), BLUE))).tolist() == [[list(BLUE)]]
    assert np.array_equal(decoding.resize(np.array([[BLUE]], np.uint8), 4), np.full((4, 4, 3), BLUE, np.uint8))


def test_the_largest_allowed_image_is_decoded_and_the_next_is_not():
    data = encoded(Image.new("RGB", (10, 10)))
    assert decoded(data, max_pixels=100).shape == (10, 10, 3)
    with pytest.raises(InputError, match=r"10×10 pixels; at most 99 pixels are allowed"):
        decoding.decode(data, 99)


def test_a_huge_image_is_refused_before_it_is_decoded(monkeypatch):
    def load(self):
        raise AssertionError("it was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    black = png(20_000, 20_000, 1, 0, (b"\0" + bytes(2500)) * 20_000)
    with pytest.raises(InputError, match="20000×20000 pixels; at most 100000000 pixels are allowed"):
        decoding.decode(black, MAX_PIXELS)


def test_an_image_beyond_pillows_own_limit_is_decoded_when_allowed(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert decoded(encoded(Image.new("RGB", (10, 10)))).shape == (10, 10, 3)
    assert Image.MAX_IMAGE_PIXELS == 10


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_png_is_damaged(kept):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(pixels))
    with pytest.raises(InputError, match="damaged image: "):
        decoding.decode(data[: int(len(data) * kept)], MAX_PIXELS)


def test_a_truncated_jpeg_is_damaged():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(pixels), "JPEG")
    with pytest.raises(InputError, match="damaged image: "):
        decoding.decode(data[: len(data) // 2], MAX_PIXELS)


@pytest.mark.parametrize("data", [b"no picture, only words\n", b"<html>404</html>", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_image_is_called_so(data):
    with pytest.raises(InputError, match=r"not an image in a known format|damaged image"):
        decoding.decode(data, MAX_PIXELS)


def test_an_empty_file_is_called_empty():
    with pytest.raises(InputError, match="the file is empty"):
        decoding.decode(b"", MAX_PIXELS)


def test_resizing_squashes_bilinearly():
    """Doubling a step of two pixels samples at −1/4, 1/4, 3/4 and 5/4 of it."""
    step = np.array([[[0, 0, 0], [100, 100, 100]]] * 2, np.uint8)
    assert decoding.resize(step, 4)[0, :, 0].tolist() == [0, 25, 75, 100]
    assert decoding.resize(np.zeros((5, 9, 3), np.uint8), 4).shape == (4, 4, 3)
