"""Conversion to sRGB, compared with formulas and with Pillow."""

import io

import icc_profiles as icc
import numpy as np
import pytest
from PIL import Image, ImageCms
from variants_of_jpeg import ink_colour

from embedding_shift.data.decoding import colour
from embedding_shift.errors import InputError

RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.integers(0, 256, (1, 400, 3)).astype(np.uint8)
SPACES = {"Display P3": icc.DISPLAY_P3, "Adobe RGB": icc.ADOBE_RGB, "ProPhoto RGB": icc.PROPHOTO, "BT.2020": icc.BT2020}
RELATIVE, COMPENSATION, EXACT = 1, 0x2000, 0x0100


def converted(values, profile, model="RGB"):
    return colour.to_srgb(model, profile).convert(values)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_8_and_16_bits_agree_with_the_formula(space):
    profile = colour.embedded(icc.rgb_profile(space))
    expected = np.array([icc.in_srgb(value, space) for value in COLOURS[0]])
    assert np.abs(converted(COLOURS, profile)[0] - expected).max() <= 1.5
    assert np.abs(converted(COLOURS.astype(np.uint16) * 257, profile)[0] / 257 - expected).max() <= 0.5


def test_inks_are_converted_as_by_pillow():
    data = icc.cmyk_profile(ink_colour)
    inks = RANDOM.integers(0, 256, (20, 20, 4)).astype(np.uint8)
    source, target = ImageCms.ImageCmsProfile(io.BytesIO(data)), ImageCms.createProfile("sRGB")
    flags = COMPENSATION | EXACT
    options = {"renderingIntent": RELATIVE, "outputMode": "RGB", "flags": flags}
    image = ImageCms.profileToProfile(Image.frombytes("CMYK", (20, 20), inks.tobytes()), source, target, **options)
    found = converted(inks, colour.embedded(data), "CMYK")
    assert np.abs(found.astype(int) - np.asarray(image)).max() <= 1


def test_chromaticities_agree_with_the_formula():
    profile = colour.calibrated(*icc.ADOBE_RGB, "test")
    expected = np.array([icc.in_srgb(value, icc.ADOBE_RGB) for value in COLOURS[0]])
    assert np.abs(converted(COLOURS, profile)[0] - expected).max() <= 1.5


def test_a_profile_close_to_srgb_keeps_the_samples():
    for profile in (icc.rgb_profile(icc.SRGB), icc.rgb_profile((icc.SRGB[0], None), "another name")):
        assert colour.to_srgb("RGB", colour.embedded(profile)) == (None, [])
    assert colour.to_srgb("grey", colour.embedded(icc.rgb_profile(icc.SRGB))) == (None, [])
    assert colour.to_srgb("RGB", colour.embedded(icc.rgb_profile((icc.SRGB[0], 2.2)))).convert is not None


def test_the_name_of_a_profile_is_one_short_line():
    profile = colour.embedded(icc.rgb_profile(icc.SRGB, "line\nbreak \t and " + "x" * 100))
    assert "\n" not in profile.name and len(profile.name) <= 80
    assert profile.name.startswith("ICC profile line break and xxx")


@pytest.mark.parametrize("size", [0, 100, 130, 200, 400])
def test_a_truncated_profile_is_rejected(size):
    data = icc.rgb_profile(icc.ADOBE_RGB)
    assert colour.embedded(b"") is None
    with pytest.raises(InputError, match="ICC profile"):
        colour.to_srgb("RGB", colour.embedded(data[:size] or b"x")).convert(COLOURS)


def test_a_profile_of_a_device_link_is_rejected():
    data = bytearray(icc.rgb_profile(icc.ADOBE_RGB))
    data[12:16] = b"abst"
    with pytest.raises(InputError, match="does not describe the colours"):
        colour.to_srgb("RGB", colour.Profile(bytes(data), "ICC profile"))
