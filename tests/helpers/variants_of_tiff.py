"""Kinds of TIFF files by compression, byte order, arrangement and profile, and those that are rejected."""

import io
import struct
import zlib
from functools import partial

import icc_profiles as icc
import imagecodecs
import numpy as np
from image_variants import GREY_LEFT, GREY_RIGHT, HEIGHT, LEFT, RIGHT, WIDTH
from PIL import Image
from tiff_writer import BYTE, LONG, SHORT, UNDEFINED, tiff
from variants_of_jpeg import INK_LEFT, INK_RIGHT, cut, halves, ink_colour, jpeg, without
from variants_of_tiff_samples import (
    BLACK_IS_ZERO,
    GREY_FLOATS,
    RGB,
    SEPARATED,
    WHITE,
    array,
    floats,
    integers,
    of,
    rejected,
    short,
)

MASK, YCBCR, CIELAB, CFA = 4, 6, 8, 32803
COMPRESSION, ICC_PROFILE = 259, 34675
LZW, JPEG, DEFLATE, OLD_DEFLATE, PACKBITS, LZMA, ZSTD, WEBP = 5, 7, 8, 32946, 32773, 34925, 50000, 50001


def rgb8(**options):
    return tiff(array(LEFT, RIGHT, np.uint8), RGB, **options)


def compressed(code, encode, samples=None, photometric=RGB, **options):
    tags = options.pop("tags", {}) | {COMPRESSION: (SHORT, [code])}
    samples = array(LEFT, RIGHT, np.uint8) if samples is None else samples
    return tiff(samples, photometric, encode=encode, tags=tags, **options)


def predicted(code, encode, samples, predictor):
    """Return a compressed file whose samples are differences between neighbours."""
    if predictor == 3:
        coded = imagecodecs.floatpred_encode(np.ascontiguousarray(samples), axis=-2)
    else:
        coded = np.diff(samples, axis=1, prepend=np.zeros_like(samples[:, :1]))
    tags = {COMPRESSION: (SHORT, [code]), 317: (SHORT, [predictor])}
    options = {"rows_per_strip": len(samples)}
    plain = tiff(samples, RGB, encode=lambda _: encode(coded.tobytes()), tags=tags, **options)
    return plain


def fax(code):
    """Return a two-level file with a fax compression of libtiff."""
    file = io.BytesIO()
    halves(0, 255, "1").save(file, "TIFF", compression=code)
    return file.getvalue()


def of_pillow(image, **options):
    file = io.BytesIO()
    image.save(file, "TIFF", **options)
    return file.getvalue()


def of_jpeg(data, photometric):
    """Return a file with one strip of JPEG."""
    samples = np.empty((HEIGHT, WIDTH, 1 if photometric <= 1 else 3), np.uint8)
    return compressed(JPEG, lambda _: data, samples, photometric)


def bare_jpeg(mode="RGB", left=LEFT, right=RIGHT, **options):
    """Return JPEG data without a JFIF header, as TIFF holds it."""
    return without(jpeg(halves(left, right, mode), **options), 0xE0)


def with_profile(profile, samples, photometric):
    return tiff(samples, photometric, tags={ICC_PROFILE: (UNDEFINED, profile)})


def with_tag_twice():
    """Return a file with a second tag of samples per pixel, in the place of the rows per strip."""
    return rgb8().replace(struct.pack("<HH", 278, 3), struct.pack("<HH", 277, 3))


ADOBE = icc.in_srgb(LEFT, icc.ADOBE_RGB), icc.in_srgb(RIGHT, icc.ADOBE_RGB)
PROPHOTO = icc.in_srgb(LEFT, icc.PROPHOTO), icc.in_srgb(RIGHT, icc.PROPHOTO)
INKS = array((255, 0, 0, 0), (0, 255, 255, 0), np.uint8)
ENCODERS = {
    "LZW": (LZW, imagecodecs.lzw_encode),
    "Deflate": (DEFLATE, zlib.compress),
    "Deflate (old code)": (OLD_DEFLATE, zlib.compress),
    "LZMA": (LZMA, imagecodecs.lzma_encode),
    "Zstandard": (ZSTD, imagecodecs.zstd_encode),
}

VARIANTS = [
    *(of(f"compression {name}", partial(compressed, *encoder)) for name, encoder in ENCODERS.items()),
    of("compression PackBits", partial(compressed, PACKBITS, imagecodecs.packbits_encode)),
    of(
        "compression WebP",
        partial(compressed, WEBP, lambda _: imagecodecs.webp_encode(array(LEFT, RIGHT, np.uint8), lossless=True)),
    ),
    *(
        of(f"compression {name}, WhiteIsZero or BlackIsZero", partial(fax, code), (0, 0, 0), WHITE)
        for name, code in (("CCITT RLE", "tiff_ccitt"), ("CCITT fax 3", "group3"), ("CCITT fax 4", "group4"))
    ),
    of(
        "compression JPEG, YCbCr",
        partial(of_pillow, halves(LEFT, RIGHT).convert("YCbCr"), compression="jpeg", quality=100),
    ),
    of("compression JPEG, RGB", lambda: of_jpeg(jpeg(halves(LEFT, RIGHT), keep_rgb=True), RGB)),
    of("compression JPEG, greyscale", lambda: of_jpeg(bare_jpeg("L", 64, 191), BLACK_IS_ZERO), GREY_LEFT, GREY_RIGHT),
    *(
        of(
            f"{name}, horizontal predictor, {bits} bits",
            partial(predicted, *ENCODERS[name], integers(LEFT, RIGHT, bits)[0], 2),
            says=says,
        )
        for name, bits, says in (("LZW", 8, ""), ("Deflate", 16, "16 bits to 8 bits"), ("Zstandard", 8, ""))
    ),
    of(
        "Deflate, floating-point predictor",
        partial(predicted, *ENCODERS["Deflate"], floats(LEFT, RIGHT, "f4", 1), 3),
        says="32-bit floating-point samples in 0–1 to 8 bits",
    ),
    of("big-endian", partial(rgb8, order=">")),
    of("big-endian, 16 bits", partial(tiff, integers(LEFT, RIGHT, 16)[0], RGB, order=">"), says="16 bits to 8 bits"),
    of("BigTIFF", partial(rgb8, big=True)),
    of("several strips", partial(rgb8, rows_per_strip=7)),
    of("several strips, planar", partial(rgb8, rows_per_strip=7, planar=2)),
    of("tiles", partial(rgb8, tile=32)),
    of("tiles, planar", partial(rgb8, tile=32, planar=2)),
    of("fill order 2, 8 bits", partial(rgb8, encode=imagecodecs.bitorder_encode, **short(266, 2))),
    of(
        "fill order 2, 1 bit",
        partial(tiff, array((0,), (1,), np.uint8), BLACK_IS_ZERO, 1, imagecodecs.bitorder_encode, **short(266, 2)),
        (0, 0, 0),
        WHITE,
    ),
    of(
        "several pages",
        partial(of_pillow, halves(LEFT, RIGHT), save_all=True, append_images=[Image.new("RGB", (WIDTH, HEIGHT))]),
        says="first of 2 pages",
    ),
    of("ICC profile: sRGB", partial(with_profile, icc.rgb_profile(icc.SRGB), array(LEFT, RIGHT, np.uint8), RGB)),
    of(
        "ICC profile: Adobe RGB",
        partial(with_profile, icc.rgb_profile(icc.ADOBE_RGB), array(LEFT, RIGHT, np.uint8), RGB),
        *ADOBE,
        "to sRGB",
    ),
    of(
        "ICC profile: ProPhoto RGB, 16 bits",
        partial(with_profile, icc.rgb_profile(icc.PROPHOTO), integers(LEFT, RIGHT, 16)[0], RGB),
        *PROPHOTO,
        "to sRGB",
    ),
    of(
        "ICC profile: CMYK",
        partial(with_profile, icc.cmyk_profile(ink_colour), INKS, SEPARATED),
        INK_LEFT,
        INK_RIGHT,
        "to sRGB",
    ),
    of(
        "ICC profile: CMYK, 16 bits",
        partial(with_profile, icc.cmyk_profile(ink_colour), INKS.astype(np.uint16) * 257, SEPARATED),
        INK_LEFT,
        INK_RIGHT,
        "to sRGB",
    ),
    of(
        "ICC profile for another colour space (CMYK in RGB)",
        partial(with_profile, icc.cmyk_profile(ink_colour), array(LEFT, RIGHT, np.uint8), RGB),
        says="ignored, because it is for CMYK, not for RGB",
    ),
    rejected(
        "damaged ICC profile",
        partial(with_profile, b"x" * 300, array(LEFT, RIGHT, np.uint8), RGB),
        "its ICC profile cannot be read",
    ),
    rejected("complex numbers", partial(tiff, GREY_FLOATS, BLACK_IS_ZERO, **short(339, 6)), "of the format 6"),
    rejected("17 to 31 bits", partial(tiff, array((1,), (2,), np.uint32), BLACK_IS_ZERO, 24), "24-bit samples"),
    rejected("samples that differ in bits", partial(rgb8, **short(258, 8, 8, 4)), "whose samples differ (8/8/4"),
    rejected("samples that differ in format", partial(rgb8, **short(339, 1, 1, 2)), "damaged image"),
    rejected(
        "no photometric interpretation", partial(tiff, array(LEFT, RIGHT, np.uint8), None), "tag 262 has 0 values"
    ),
    rejected(
        "transparency mask", partial(tiff, array((0,), (1,), np.uint8), MASK, 1), "photometric interpretation MASK"
    ),
    rejected("YCbCr without JPEG", partial(tiff, array(LEFT, RIGHT, np.uint8), YCBCR), "YCbCr samples"),
    rejected("CIELAB", partial(tiff, array(LEFT, RIGHT, np.uint8), CIELAB), "photometric interpretation CIELAB"),
    rejected("colour filter array", partial(tiff, array((1,), (2,), np.uint8), CFA), "photometric interpretation CFA"),
    rejected("inks other than CMYK", partial(tiff, INKS, SEPARATED, **short(332, 2)), "inks other than CMYK"),
    rejected("compression OJPEG", partial(compressed, 6, bytes), "compression OJPEG"),
    rejected("compression JPEG 2000", partial(compressed, 34712, bytes), "compression JPEG2000"),
    rejected("reduced image first (camera raw)", partial(rgb8, tags={254: (LONG, [1])}), "a preview or a mask"),
    rejected("DNG", partial(rgb8, tags={50706: (BYTE, [1, 4, 0, 0])}), "camera raw"),
    rejected("depth", partial(rgb8, **short(32997, 2)), "with a depth"),
    rejected(
        "predictor without compression that has one",
        partial(rgb8, **short(317, 2)),
        "with the predictor 2, compression 1",
    ),
    rejected("strip missing", partial(rgb8, tags={279: (LONG, [0])}), "outside the file or is empty"),
    rejected("strip truncated", partial(rgb8, tags={279: (LONG, [100])}), "is truncated"),
    rejected("strip outside the file", partial(rgb8, tags={273: (LONG, [10**6])}), "outside the file or is empty"),
    rejected(
        "compressed strip truncated",
        partial(compressed, LZW, lambda data: imagecodecs.lzw_encode(data)[:50]),
        "damaged",
    ),
    rejected("tags of both strips and tiles", partial(rgb8, tags={325: (LONG, [0])}), "tags of both strips and tiles"),
    rejected(
        "compressed strip of another size than the tags give",
        partial(compressed, LZW, imagecodecs.lzw_encode, tags={258: None}),
        "bytes instead of",
    ),
    rejected("wrong number of strips", partial(rgb8, **short(278, 7)), "for 7 strips or tiles"),
    rejected(
        "compression JPEG, half of a strip with an end marker",
        lambda: compressed(JPEG, lambda _: cut(0.5, b"\xff\xd9"), np.empty((192, 256, 3), np.uint8), YCBCR),
        "Corrupt JPEG data",
    ),
    rejected("a tag twice", with_tag_twice, "occurs twice"),
]
