"""References are decoded as the images of a dataset are."""

import numpy as np
import pytest
from icc_profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    SRGB,
    SWAPPED,
    cmyk_profile,
    grey_profile,
    in_srgb,
    rgb_profile,
)
from PIL import Image

from embedding_shift.data import decoding
from embedding_shift.errors import InputError
from embedding_shift.views.own_transforms import reference_pictures

COLOUR = (60, 180, 90)
INKS = cmyk_profile(lambda c, m, y, k: (255 * (1 - c) * (1 - k), 255 * (1 - m) * (1 - k), 255 * (1 - y) * (1 - k)))


def saved(path, mode, colour, **options):
    """Write a picture of two halves, one black, so that it shows when it is turned."""
    picture = Image.new(mode, (6, 4), colour)
    picture.paste(0 if isinstance(colour, int) else (0,) * len(colour), (0, 0, 3, 4))
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("space", [SRGB, DISPLAY_P3, ADOBE_RGB, PROPHOTO, SWAPPED])
def test_a_wide_gamut_becomes_srgb(space, tmp_path):
    path = saved(tmp_path / "a.png", "RGB", COLOUR, icc_profile=rgb_profile(space))
    found = reference_pictures.read(path)
    np.testing.assert_allclose(found[0, -1], in_srgb(COLOUR, space), atol=1.5)
    np.testing.assert_allclose(found[0, 0], 0, atol=1)


@pytest.mark.parametrize(
    ("suffix", "mode", "colour", "options"),
    [
        ("png", "RGB", COLOUR, {}),
        ("png", "RGB", COLOUR, {"icc_profile": rgb_profile(ADOBE_RGB)}),
        ("png", "RGBA", (*COLOUR, 100), {"icc_profile": rgb_profile(DISPLAY_P3)}),
        ("png", "L", 90, {"icc_profile": grey_profile(1.0)}),
        ("png", "L", 90, {"icc_profile": rgb_profile(DISPLAY_P3)}),
        ("png", "RGB", COLOUR, {"icc_profile": grey_profile(1.0)}),
        ("tif", "CMYK", (200, 30, 60, 10), {"icc_profile": INKS}),
        ("tif", "CMYK", (200, 30, 60, 10), {}),
        ("png", "RGB", COLOUR, {"exif": {0x0112: 6}}),
        ("png", "P", 90, {}),
    ],
)
def test_a_picture_is_decoded_as_an_image_of_a_dataset(suffix, mode, colour, options, tmp_path):
    if "exif" in options:
        exif = Image.Exif()
        exif.update(options["exif"])
        options = {"exif": exif}
    path = saved(tmp_path / f"a.{suffix}", mode, colour, **options)
    expected = decoding.decode(path.read_bytes(), 1000).pixels.astype(int)
    found = reference_pictures.read(path)
    assert found.dtype == np.uint8 and np.abs(found - expected).max() <= 2


def test_what_cannot_be_decoded_is_named(tmp_path):
    deep, damaged = tmp_path / "deep.png", tmp_path / "damaged.png"
    Image.fromarray(np.full((4, 6), 40000, np.uint16)).save(deep)
    Image.new("RGB", (6, 4)).save(damaged, icc_profile=b"no profile" * 20)
    with pytest.raises(InputError, match=r"deep.png has samples of 16 bits; save it with 8 bits"):
        reference_pictures.read(deep)
    with pytest.raises(InputError, match=r"the ICC profile of the reference .*damaged.png cannot be used"):
        reference_pictures.read(damaged)
    (tmp_path / "text.png").write_bytes(b"text")
    with pytest.raises(InputError, match=r"text.png cannot be decoded as a picture"):
        reference_pictures.read(tmp_path / "text.png")
