"""Convert colours to sRGB, from whatever a file declares: an ICC profile, chromaticities with a gamma, or CMYK.

LittleCMS computes the conversion, with relative colorimetric intent and black point compensation. It is called through
imagecodecs, because Pillow's ImageCms takes only 8-bit samples and cannot make a profile from chromaticities.

- A file that declares nothing is taken as sRGB.
- A profile that changes no colour by more than one level of 255 is taken as sRGB, and the pixels stay as they are.
- A profile that cannot be read makes the image unusable: its colours are unknown, and other parts may be damaged, too.
- A profile for another colour space than the image's, such as one for CMYK in an RGB image, is ignored with a remark:
  programs that convert the pixels and keep the profile leave it behind, and browsers ignore it.
- CMYK without a usable profile is converted by R = (255 − C)(255 − K)/255, likewise G and B.
"""

import functools
import io
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from embedding_shift.data.decoding.sample_range import to_8_bits
from embedding_shift.errors import InputError

Model = Literal["grey", "RGB", "CMYK"]
MODEL_OF_CHANNELS: dict[int, Model] = {1: "grey", 3: "RGB", 4: "CMYK"}
SIGNATURES = {b"GRAY": "grey", b"RGB ": "RGB", b"CMYK": "CMYK"}
LITTLECMS_NAMES = {"grey": "gray", "RGB": "rgb", "CMYK": "cmyk"}
USABLE_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
RELATIVE_COLORIMETRIC = 1
BLACK_POINT_COMPENSATION = 0x2000
EXACT = 0x0100  # no interpolation between precomputed colours; it costs about 1 µs per pixel
LONGEST_NAME = 60

# (x, y) of red, green, blue and white.
D65 = (0.3127, 0.3290)
SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
ADOBE_RGB_PRIMARIES = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65)
ADOBE_RGB_GAMMA = 563 / 256

# Code points of ITU-T H.273, tables 2 and 3. Code 2 means "unspecified". The transfer functions of television (1, 6, 14
# and 15) are taken as that of sRGB, as browsers do. PQ (16) and HLG (18) are HDR and missing.
CODED_PRIMARIES = {
    1: SRGB_PRIMARIES,
    2: SRGB_PRIMARIES,
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
}
CODED_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, **dict.fromkeys((1, 2, 6, 13, 14, 15))}  # None stands for sRGB.


class Profile(NamedTuple):
    """A description of colours.

    Attributes:
        icc: the ICC profile.
        name: for remarks.
    """

    icc: bytes
    name: str


class Conversion(NamedTuple):
    """How to convert an image to sRGB.

    Attributes:
        convert: takes uint8 or uint16 samples (height, width, channels) at full range and returns (height, width, 3);
            None if the samples stay as they are.
        remarks: what is converted, for people.
    """

    convert: Callable[[NDArray[Any]], NDArray[Any]] | None
    remarks: list[str]


def embedded(icc: bytes | None) -> Profile | None:
    """Return the profile of a file; None if it has none.

    Raises:
        InputError: it cannot be read.
    """
    if not icc:
        return None
    try:
        text = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc)))
    except (ImageCms.PyCMSError, OSError):
        raise InputError("damaged image: its ICC profile cannot be read") from None
    name = re.sub(r"\s+", " ", "".join(filter(str.isprintable, text.replace("\n", " ")))).strip()
    return Profile(icc, f"ICC profile {name[:LONGEST_NAME] or 'without a name'}")


def calibrated(primaries: Sequence[tuple[float, float]], gamma: float | None, name: str) -> Profile:
    """Return a profile made from chromaticities.

    Args:
        primaries: (x, y) of red, green, blue and white.
        gamma: the exponent that decodes samples; None for the transfer function of sRGB.
        name: for remarks.

    Raises:
        InputError: no colours have these chromaticities.
    """
    *colours, white = ((x, y, 1.0) for x, y in primaries)
    curve = {"transferfunction": _srgb_curve()} if gamma is None else {"gamma": gamma}
    try:
        flat = [value for colour in colours for value in colour]
        icc = imagecodecs.cms_profile("rgb", whitepoint=white, primaries=flat, **curve)
    except (imagecodecs.CmsError, ValueError):
        raise InputError(f"damaged image: {name} cannot be used") from None
    return Profile(icc, name)


def coded(primaries: int, transfer: int) -> Profile:
    """Return the profile of the code points of ITU-T H.273, which PNG, AVIF and HEIF use.

    Raises:
        InputError: the code points are not supported, such as those of HDR.
    """
    name = f"colours with the H.273 codes {primaries}/{transfer}"
    if primaries not in CODED_PRIMARIES or transfer not in CODED_GAMMAS:
        raise InputError(f"unsupported image: {name}, such as HDR")
    return calibrated(CODED_PRIMARIES[primaries], CODED_GAMMAS[transfer], name)


def to_srgb(model: Model, profile: Profile | None) -> Conversion:
    """Return the conversion to sRGB of an image with a colour model; in CMYK, 0 is no ink.

    Args:
        model: of the samples.
        profile: what the samples mean; None if the file does not say.

    Raises:
        InputError: the profile cannot be used.
    """
    if profile is None:
        return _without_profile(model, [])
    space = _space(profile)
    if space == model:
        source: Model = model
    elif (model, space) == ("grey", "RGB"):
        source = "RGB"
    else:
        return _without_profile(model, [f"{profile.name} ignored, because it is for {space}, not for {model}"])
    if _is_srgb(profile.icc, source):
        return Conversion(None, [])
    return Conversion(lambda values: _transformed(values, profile.icc, source), [f"{profile.name} to sRGB"])


def _without_profile(model: Model, remarks: list[str]) -> Conversion:
    if model != "CMYK":
        return Conversion(None, remarks)
    return Conversion(_from_inks, [*remarks, "CMYK without a profile to sRGB"])


def _from_inks(values: NDArray[Any]) -> NDArray[np.uint8]:
    height, width, _ = values.shape
    return np.asarray(Image.frombytes("CMYK", (width, height), to_8_bits(values).tobytes()).convert("RGB"))


def _space(profile: Profile) -> str:
    """Return the colour space of the samples that a profile is for, as in Model or, for others, its signature."""
    if profile.icc[12:16] not in USABLE_CLASSES:
        raise InputError(f"its {profile.name} does not describe the colours of an image")
    signature = profile.icc[16:20]
    return SIGNATURES.get(signature) or signature.decode("latin-1").strip()


@functools.lru_cache(maxsize=64)
def _is_srgb(icc: bytes, model: Model) -> bool:
    """Return whether a profile changes no colour of a grid by more than one level."""
    if model == "CMYK":
        return False
    levels = np.linspace(0, 255, 17).round().astype(np.uint8)
    axes = np.meshgrid(*[levels] * (1 if model == "grey" else 3), indexing="ij")
    grid = np.stack(axes, axis=-1).reshape(1, -1, len(axes))
    change = _transformed(grid, icc, model).astype(np.int16) - grid
    return bool(np.abs(change).max() <= 1)


def _transformed(values: NDArray[Any], icc: bytes, model: Model) -> NDArray[Any]:
    """Return sRGB samples (height, width, 3); grey values (height, width, 1) may stand for RGB."""
    if model == "RGB" and values.shape[2] == 1:
        values = np.repeat(values, 3, axis=2)
    # Tables of colours ("A2B") are interpolated roughly, and 16-bit samples near black as well, unless it is exact.
    exact = values.dtype != np.uint8 or b"A2B" in icc
    try:
        return imagecodecs.cms_transform(
            np.ascontiguousarray(values[..., 0] if model == "grey" else values),
            icc,
            _srgb(),
            colorspace=LITTLECMS_NAMES[model],
            planar=False,
            outcolorspace="rgb",
            intent=RELATIVE_COLORIMETRIC,
            flags=BLACK_POINT_COMPENSATION | (EXACT if exact else 0),
        )
    except imagecodecs.CmsError:
        raise InputError("damaged image: its ICC profile cannot be used") from None


@functools.cache
def _srgb() -> bytes:
    return imagecodecs.cms_profile("srgb")


def _srgb_curve() -> NDArray[np.uint16]:
    """Return the transfer function of sRGB (IEC 61966-2-1) at 4096 points: uint16, the linear light of a sample."""
    samples = np.linspace(0, 1, 4096)
    linear = np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)
    return (linear * 65535).round().astype(np.uint16)
