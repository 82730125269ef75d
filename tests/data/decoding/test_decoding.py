"""Decoding in general; test_variants.py covers the kinds of files."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from pipeline import PROJECT
from png_writer import png

from embedding_shift.data import decoding
from embedding_shift.errors import InputError

MAX_PIXELS = 100_000_000
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
CASES = PROJECT / "tests/data_files/decoding"


def encoded(image, image_format="PNG", **options):
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def decoded(data, max_pixels=MAX_PIXELS):
    pixels = decoding.decode(data, max_pixels).pixels
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    return pixels


def two_pixels(mode, *colours):
    """Return an image of two pixels side by side."""
    image = Image.new(mode, (2, 1))
    for column, colour in enumerate(colours):
        image.putpixel((column, 0), colour)
    return image


@pytest.mark.parametrize(("name", "colours"), json.loads((CASES / "expected.json").read_text()).items())
def test_files_of_bug_reports(name, colours):
    """Files that image tools are known to decode wrongly."""
    data = (CASES / name).read_bytes()
    if colours["left"] is None:
        with pytest.raises(InputError):
            decoding.decode(data, MAX_PIXELS)
        return
    pixels = decoded(data)
    for half, expected in zip(np.array_split(pixels, 2, axis=1), (colours["left"], colours["right"]), strict=True):
        assert np.abs(np.median(half, axis=(0, 1)) - expected).max() <= 4


def test_rgb_is_kept():
    assert decoded(encoded(two_pixels("RGB", RED, (1, 2, 3)))).tolist() == [[[255, 0, 0], [1, 2, 3]]]


@pytest.mark.parametrize("image_format", ["BMP", "TIFF", "PPM", "WEBP"])
def test_lossless_formats_are_kept(image_format):
    options = {"lossless": True} if image_format == "WEBP" else {}
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(decoded(encoded(Image.fromarray(pixels), image_format, **options)), pixels)


def test_half_transparent_pixels_are_blended_with_white():
    assert abs(int(decoded(encoded(Image.new("RGBA", (1, 1), (0, 0, 0, 128))))[0, 0, 0]) - 127) <= 1


def test_the_first_frame_of_an_animation_is_used():
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.array_equal(decoded(data), np.full((4, 4, 3), RED, np.uint8))


def test_an_image_can_have_one_pixel():
    assert decoded(encoded(Image.new("RGB", (1, 1), BLUE))).tolist() == [[list(BLUE)]]


def test_the_largest_allowed_image_is_decoded_and_the_next_is_not():
    data = encoded(Image.new("RGB", (10, 10)))
    assert decoded(data, max_pixels=100).shape == (10, 10, 3)
    with pytest.raises(InputError, match=r"10×10 pixels; at most 99 pixels are allowed"):
        decoding.decode(data, 99)


def test_a_huge_image_is_rejected_before_it_is_decoded(monkeypatch):
    def decode(data):
        raise AssertionError("it was decoded")

    monkeypatch.setattr("imagecodecs.png_decode", decode)
    black = png(20_000, 20_000, 1, 0, (b"\0" + bytes(2500)) * 20_000)
    with pytest.raises(InputError, match="20000×20000 pixels; at most 100000000 pixels are allowed"):
        decoding.decode(black, MAX_PIXELS)


def test_an_image_beyond_pillows_own_limit_is_decoded_when_allowed(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert decoded(encoded(Image.new("RGB", (10, 10)), "WEBP")).shape == (10, 10, 3)
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
def test_other_files_are_rejected(data):
    with pytest.raises(InputError, match=r"not an image in a known format|damaged image"):
        decoding.decode(data, MAX_PIXELS)


def test_an_empty_file_is_rejected():
    with pytest.raises(InputError, match="the file is empty"):
        decoding.decode(b"", MAX_PIXELS)
