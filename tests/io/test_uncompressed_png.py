"""Uncompressed PNG files hold the pixels, are valid for other programs, and other PNG files are read as well."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from embedding_shift.io import uncompressed_png

PIXELS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


@given(PIXELS)
def test_pillow_and_the_project_read_what_was_written(pixels):
    data = uncompressed_png.encode(pixels)
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)
    stored = uncompressed_png._stored_pixels(bytes(data))
    assert np.array_equal(stored, pixels)
    assert stored.flags.writeable


@given(PIXELS)
def test_zlib_accepts_the_blocks_and_their_checksum(pixels):
    data = uncompressed_png.encode(pixels)
    rows = zlib.decompress(data[41:-16])
    assert rows == b"".join(b"\0" + row.tobytes() for row in pixels)


@given(PIXELS, st.sampled_from([{}, {"optimize": True}, {"compress_level": 0}, {"dpi": (72, 72)}]))
def test_files_of_other_programs_are_read(pixels, options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    assert np.array_equal(uncompressed_png.decode(buffer.getvalue()), pixels)


@given(PIXELS, st.data())
def test_a_changed_layout_is_left_to_a_general_decoder(pixels, data):
    """Whatever byte of a row's start is another one: the filter, the length of the block, or the mark of the last."""
    written = bytearray(uncompressed_png.encode(pixels))
    row = data.draw(st.integers(0, len(pixels) - 1))
    place = 43 + row * (6 + pixels[0].size) + data.draw(st.integers(0, 5))
    written[place] ^= data.draw(st.integers(1, 255))
    assert uncompressed_png._stored_pixels(bytes(written)) is None


ONE_ROW = bytes(uncompressed_png.encode(np.zeros((1, 1, 3), np.uint8)))
NO_ROWS = ONE_ROW[:20] + bytes(4) + ONE_ROW[24:43] + ONE_ROW[-20:]


@pytest.mark.parametrize("data", [b"", b"no PNG", uncompressed_png.SIGNATURE, NO_ROWS])
def test_what_is_no_image_is_refused(data):
    with pytest.raises(ValueError, match="cannot be decoded"):
        uncompressed_png.decode(data)


def test_a_row_has_to_fit_into_a_block():
    widest = np.full((1, 21_844, 3), 7, np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(uncompressed_png.encode(widest)))), widest)
    with pytest.raises(ValueError, match="21845 pixels wide; 1 to 21844 are possible"):
        uncompressed_png.encode(np.zeros((1, 21_845, 3), np.uint8))
