"""Kinds of AVIF, BMP, GIF, HEIF, JPEG 2000, JPEG XL, PPM and WebP files, and files of other formats."""

import io
import struct
from functools import partial

import icc_profiles as icc
import imagecodecs
import numpy as np
import pillow_heif
from image_variants import GREY_LEFT, GREY_RIGHT, HEIGHT, LEFT, RIGHT, WIDTH, Variant
from PIL import Image
from variants_of_jpeg import detailed, halves
from variants_of_tiff_samples import array

WHITE = (255, 255, 255)
COLOURS = array(LEFT, RIGHT, np.uint8)
ADOBE = icc.in_srgb(LEFT, icc.ADOBE_RGB), icc.in_srgb(RIGHT, icc.ADOBE_RGB)
P3 = icc.in_srgb(LEFT, icc.DISPLAY_P3), icc.in_srgb(RIGHT, icc.DISPLAY_P3)
ADOBE_PROFILE = icc.rgb_profile(icc.ADOBE_RGB)
BLENDED = "transparency blended with white"
DAMAGED = "damaged image"


def saved(image_format, image=None, **options):
    """Return an image as a file that Pillow writes."""
    file = io.BytesIO()
    (image or halves(LEFT, RIGHT)).save(file, image_format, **options)
    return file.getvalue()


def transparent():
    return halves((*LEFT, 255), (*RIGHT, 0), "RGBA")


def animated(image_format, **options):
    return saved(image_format, save_all=True, append_images=[Image.new("RGB", (WIDTH, HEIGHT), WHITE)], **options)


def truncated(data):
    return data[: len(data) * 2 // 3]


def heic(image=None, **options):
    file = io.BytesIO()
    pillow_heif.from_pillow(image or halves(LEFT, RIGHT)).save(file, quality=100, chroma=444, **options)
    return file.getvalue()


def heic_with_profile():
    image = halves(LEFT, RIGHT)
    image.info["icc_profile"] = ADOBE_PROFILE
    return heic(image)


def deep_heic():
    values = (COLOURS.astype(np.uint16) * 257).astype("<u2")
    file = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), values.tobytes()).save(file, quality=100, chroma=444)
    return file.getvalue()


def avif(**options):
    """Return an AVIF file with the given code points."""
    coded = {"primaries": 1, "transfer": 13, "matrix": 6} | options
    return imagecodecs.avif_encode(COLOURS, level=100, pixelformat="444", **coded)


def deep_avif():
    coded = {"primaries": 1, "transfer": 13, "matrix": 6}
    return imagecodecs.avif_encode(
        (COLOURS.astype(np.uint32) * 1023 // 255).astype(np.uint16),
        level=100,
        pixelformat="444",
        bitspersample=10,
        **coded,
    )


def bmp(header_size, kind, profile=b""):
    """Return a BMP file with a version 4 or 5 header."""
    pixels = COLOURS[::-1, :, ::-1].tobytes()
    header = struct.pack("<IiiHHIIiiII", header_size, WIDTH, HEIGHT, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    header += bytes(16) + struct.pack("<I", kind) + bytes(36) + bytes(12)
    if header_size == 124:
        header += struct.pack("<IIII", 4, 124 + len(pixels), len(profile), 0)
    start = 14 + header_size
    return b"BM" + struct.pack("<IHHI", start + len(pixels) + len(profile), 0, 0, start) + header + pixels + profile


def pnm(kind, white, left, right, dtype):
    values = array(left, right, dtype)
    return b"P%d %d %d %d\n" % (kind, WIDTH, HEIGHT, white) + values.astype(values.dtype.newbyteorder(">")).tobytes()


def pfm(white):
    values = array((64 / 255 * white,), (191 / 255 * white,), np.float32)
    return b"Pf\n%d %d\n-1.0\n" % (WIDTH, HEIGHT) + values.tobytes()


def jpeg2000(values, **options):
    return imagecodecs.jpeg2k_encode(values, reversible=True, **{"codecformat": "jp2"} | options)


def jp2_with_profile():
    """Return a JP2 file whose enumerated colour space is replaced by a profile."""
    data = jpeg2000(COLOURS)
    start = data.index(b"colr") - 4
    (size,) = struct.unpack_from(">I", data, start)
    box = struct.pack(">I4s3B", 11 + len(ADOBE_PROFILE), b"colr", 2, 0, 0) + ADOBE_PROFILE
    header = data.index(b"jp2h") - 4
    (header_size,) = struct.unpack_from(">I", data, header)
    grown = struct.pack(">I", header_size + len(box) - size)
    return data[:header] + grown + data[header + 4 : start] + box + data[start + size :]


def jpeg_xl(values, **options):
    return imagecodecs.jpegxl_encode(values, lossless=True, **options)


def of(family, name, data, left=LEFT, right=RIGHT, says=""):
    return Variant(family, name, data, left, right, says)


def rejected(family, name, data, says):
    return Variant(family, name, data, None, None, says)


DEEP = COLOURS.astype(np.uint16) * 257
LINEAR = icc.in_srgb(LEFT, (icc.SRGB[0], 1.0)), icc.in_srgb(RIGHT, (icc.SRGB[0], 1.0))
GREYS = array((64,), (191,), np.uint8)
VARIANTS = [
    of("WebP", "lossy", partial(saved, "WEBP", quality=100)),
    of("WebP", "lossless", partial(saved, "WEBP", lossless=True)),
    of("WebP", "alpha", lambda: saved("WEBP", transparent(), lossless=True), LEFT, WHITE, BLENDED),
    of(
        "WebP",
        "ICC profile: Adobe RGB",
        partial(saved, "WEBP", lossless=True, icc_profile=ADOBE_PROFILE),
        *ADOBE,
        "to sRGB",
    ),
    of("WebP", "animation", partial(animated, "WEBP", lossless=True), says="first of 2 frames"),
    rejected(
        "WebP", "damaged ICC profile", partial(saved, "WEBP", icc_profile=b"x" * 300), "ICC profile cannot be read"
    ),
    rejected("WebP", "truncated", lambda: truncated(saved("WEBP", lossless=True)), DAMAGED),
    of("AVIF", "8 bits", partial(saved, "AVIF", quality=100, subsampling="4:4:4")),
    of("AVIF", "10 bits", deep_avif, says="10 bits to 8 bits"),
    of("AVIF", "greyscale", lambda: saved("AVIF", halves(64, 191, "L"), quality=100), GREY_LEFT, GREY_RIGHT),
    of("AVIF", "alpha", lambda: saved("AVIF", transparent(), quality=100, subsampling="4:4:4"), LEFT, WHITE, BLENDED),
    of(
        "AVIF",
        "ICC profile: Adobe RGB",
        partial(saved, "AVIF", quality=100, subsampling="4:4:4", icc_profile=ADOBE_PROFILE),
        *ADOBE,
        "to sRGB",
    ),
    of("AVIF", "code points: Display P3", partial(avif, primaries=12), *P3, "H.273 codes 12/13 to sRGB"),
    of("AVIF", "code points: television (BT.709)", partial(avif, transfer=1, matrix=1)),
    of("AVIF", "animation", partial(animated, "AVIF", quality=100, subsampling="4:4:4"), says="first of 2 frames"),
    rejected("AVIF", "code points: HDR (PQ)", partial(avif, primaries=9, transfer=16, matrix=9), "such as HDR"),
    rejected("AVIF", "truncated", lambda: truncated(saved("AVIF")), DAMAGED),
    of("HEIF", "8 bits", heic),
    of("HEIF", "10 bits", deep_heic, says="10 bits to 8 bits"),
    of("HEIF", "alpha", lambda: heic(transparent()), LEFT, WHITE, BLENDED),
    of("HEIF", "ICC profile: Adobe RGB", heic_with_profile, *ADOBE, "to sRGB"),
    of(
        "HEIF",
        "code points: Display P3",
        partial(heic, color_primaries=12, transfer_characteristics=13),
        *P3,
        "12/13 to sRGB",
    ),
    rejected(
        "HEIF", "code points: HDR (HLG)", partial(heic, color_primaries=9, transfer_characteristics=18), "such as HDR"
    ),
    rejected("HEIF", "truncated", lambda: truncated(heic()), DAMAGED),
    of("JPEG XL", "8 bits", partial(jpeg_xl, COLOURS)),
    of("JPEG XL", "8 bits, lossy", lambda: imagecodecs.jpegxl_encode(COLOURS, lossless=False, distance=0.1)),
    of("JPEG XL", "in a container", partial(jpeg_xl, COLOURS, usecontainer=True)),
    of("JPEG XL", "16 bits, linear light", partial(jpeg_xl, DEEP), *LINEAR, "codes 1/8 to sRGB"),
    of(
        "JPEG XL",
        "16 bits, linear light, lossy",
        lambda: imagecodecs.jpegxl_encode(DEEP, distance=0.1),
        *LINEAR,
        "to sRGB",
    ),
    of("JPEG XL", "greyscale", partial(jpeg_xl, GREYS[..., 0]), GREY_LEFT, GREY_RIGHT),
    of("JPEG XL", "alpha", lambda: jpeg_xl(np.asarray(transparent())), LEFT, WHITE, BLENDED),
    rejected("JPEG XL", "floating point", lambda: jpeg_xl(COLOURS.astype(np.float32) / 255), "floating-point samples"),
    rejected("JPEG XL", "truncated", lambda: truncated(jpeg_xl(COLOURS)), DAMAGED),
    of("JPEG 2000", "JP2, 8 bits", partial(jpeg2000, COLOURS)),
    of("JPEG 2000", "codestream", partial(jpeg2000, COLOURS, codecformat="j2k")),
    of(
        "JPEG 2000",
        "12 bits",
        partial(jpeg2000, (COLOURS.astype(np.uint32) * 4095 // 255).astype(np.uint16), bitspersample=12),
        says="12 bits to 8 bits",
    ),
    of("JPEG 2000", "16 bits", partial(jpeg2000, COLOURS.astype(np.uint16) * 257), says="16 bits to 8 bits"),
    of("JPEG 2000", "greyscale", partial(jpeg2000, GREYS[..., 0]), GREY_LEFT, GREY_RIGHT),
    of("JPEG 2000", "ICC profile: Adobe RGB", jp2_with_profile, *ADOBE, "to sRGB"),
    rejected("JPEG 2000", "alpha", lambda: saved("JPEG2000", transparent()), "unsupported image: JPEG 2000 with"),
    rejected("JPEG 2000", "signed samples", partial(jpeg2000, GREYS[..., 0].astype(np.int16) - 100), "signed"),
    rejected("JPEG 2000", "truncated", lambda: truncated(jpeg2000(np.asarray(detailed()))), DAMAGED),
    of("GIF", "palette", partial(saved, "GIF")),
    of("GIF", "animation", partial(animated, "GIF"), says="first of 2 frames"),
    of("GIF", "transparency", lambda: saved("GIF", transparent()), LEFT, WHITE, BLENDED),
    rejected("GIF", "truncated", lambda: truncated(saved("GIF")), DAMAGED),
    of("BMP", "24 bits", partial(saved, "BMP")),
    of("BMP", "palette", lambda: saved("BMP", halves(LEFT, RIGHT).quantize(2))),
    of("BMP", "1 bit", lambda: saved("BMP", halves(0, 255, "1")), (0, 0, 0), WHITE),
    of("BMP", "version 4 header, sRGB", partial(bmp, 108, 0x73524742)),
    of("BMP", "version 5 header with an ICC profile", partial(bmp, 124, 0x4D424544, ADOBE_PROFILE), *ADOBE, "to sRGB"),
    rejected("BMP", "version 5 header with a linked profile", partial(bmp, 124, 0x4C494E4B), "a linked colour profile"),
    rejected("BMP", "truncated", lambda: truncated(saved("BMP")), DAMAGED),
    of("PPM", "PPM, 8 bits", partial(saved, "PPM")),
    of("PPM", "PPM, 16 bits", partial(pnm, 6, 65535, [v * 257 for v in LEFT], [v * 257 for v in RIGHT], np.uint16)),
    of("PPM", "PGM, 8 bits", partial(pnm, 5, 255, (64,), (191,), np.uint8), GREY_LEFT, GREY_RIGHT),
    of("PPM", "PGM, highest value 100", partial(pnm, 5, 100, (25,), (75,), np.uint8), (63.75,) * 3, (191.25,) * 3),
    of(
        "PPM",
        "PGM, 16 bits",
        partial(pnm, 5, 65535, (64 * 257,), (191 * 257,), np.uint16),
        GREY_LEFT,
        GREY_RIGHT,
        "16 bits to 8 bits",
    ),
    of("PPM", "PBM", lambda: saved("PPM", halves(0, 255, "1")), (0, 0, 0), WHITE),
    of("PPM", "PFM, range 0–1", partial(pfm, 1), GREY_LEFT, GREY_RIGHT, "in 0–1 to 8 bits"),
    of("PPM", "PFM, range 0–255", partial(pfm, 255), GREY_LEFT, GREY_RIGHT, "in 0–255 to 8 bits"),
    rejected("PPM", "truncated", lambda: truncated(saved("PPM")), DAMAGED),
    rejected(
        "others",
        "PDF, SVG, PSD, EPS, text, web pages, videos",
        lambda: b"<html>404</html>",
        "not an image in a known format",
    ),
    rejected("others", "empty file", bytes, "the file is empty"),
]
