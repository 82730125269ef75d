"""JPEG files of all common layouts have the pixels that Pillow decodes."""

import io

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from embedding_shift.data import decoding

LAYOUTS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_blocks": 1},
    "optimised": {"optimize": True},
}


@pytest.fixture(scope="module")
def photograph(kodak_views):
    return kodak_views[0].pixels


def assert_as_pillow(data):
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(decoding.decode(data, 10**6).pixels, expected)


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (33, 64), (129, 200)])
@pytest.mark.parametrize("subsampling", ["444", "422", "420", "440", "411"])
@pytest.mark.parametrize("quality", [5, 75, 100])
def test_subsampled_colours(photograph, size, subsampling, quality):
    pixels = np.ascontiguousarray(photograph[: size[0], : size[1]])
    assert_as_pillow(simplejpeg.encode_jpeg(pixels, quality, "RGB", subsampling))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(photograph, mode, layout):
    buffer = io.BytesIO()
    Image.fromarray(photograph[:101, :67]).convert(mode).save(buffer, "JPEG", quality=80, **LAYOUTS[layout])
    if mode != "CMYK":  # It is converted by a profile, and not as Pillow does.
        assert_as_pillow(buffer.getvalue())
    else:
        assert decoding.decode(buffer.getvalue(), 10**6).pixels.shape == (101, 67, 3)


def test_colours_that_are_stored_as_rgb(photograph):
    buffer = io.BytesIO()
    Image.fromarray(photograph[:50, :70]).save(buffer, "JPEG", quality=90, keep_rgb=True)
    assert_as_pillow(buffer.getvalue())
