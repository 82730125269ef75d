"""Decode a reference picture upright and in sRGB, as the images of a dataset are: by the profile that its file embeds.

`data.decoding` handles more formats and sample types, but views do not import data.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from embedding_shift.errors import InputError

SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # {colour space of an ICC profile: mode in Pillow}
SAMPLES_OF_MODE = {"I": 32, "F": 32, "I;16": 16, "I;16B": 16, "I;16L": 16}  # bits, which Pillow does not scale to 8
WHITE = (255, 255, 255)


def read(path: str | Path) -> NDArray[np.uint8]:
    """Return a picture upright, uint8 (height, width, 3), sRGB, with transparent parts blended with white.

    Raises:
        InputError: the file is no picture that Pillow can decode, has samples of more than 8 bits, or a profile that
            cannot be used.
    """
    try:
        with Image.open(path) as stored:
            upright = ImageOps.exif_transpose(stored)
            profile = stored.info.get("icc_profile")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"the reference {path} cannot be decoded as a picture: {error}") from None
    if upright.mode in SAMPLES_OF_MODE:
        bits = SAMPLES_OF_MODE[upright.mode]
        raise InputError(f"the reference {path} has samples of {bits} bits; save it with 8 bits")
    try:
        picture = _in_srgb(upright, profile)
    except (ImageCms.PyCMSError, OSError):
        raise InputError(f"the ICC profile of the reference {path} cannot be used") from None
    if upright.has_transparency_data:
        alpha = upright.convert("RGBA").getchannel("A")
        picture = Image.composite(picture, Image.new("RGB", picture.size, WHITE), alpha)
    return np.asarray(picture)


def _in_srgb(picture: Image.Image, icc: bytes | None) -> Image.Image:
    """Return a picture in mode RGB; a profile for another colour space than the picture's is ignored."""
    if not icc:
        return picture.convert("RGB")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    mode = SPACES.get(profile.profile.xcolor_space.strip(), "")
    plain = picture.convert({"LA": "L", "CMYK": "CMYK", "L": "L", "1": "L"}.get(picture.mode, "RGB"))
    if (plain.mode, mode) == ("L", "RGB"):
        plain = plain.convert("RGB")
    if plain.mode != mode:
        return plain.convert("RGB")
    converted = ImageCms.profileToProfile(
        plain,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None  # only in place, nothing is returned
    return converted
