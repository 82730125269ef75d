"""Kinds of JPEG files."""

import io
import struct
from functools import partial

import cv2
import icc_profiles as icc
import imagecodecs
import numpy as np
from image_variants import GREY_LEFT, GREY_RIGHT, HEIGHT, LEFT, RIGHT, WIDTH, Variant
from PIL import Image

END = b"\xff\xd9"
INKS = {"left": (255, 0, 0, 0), "right": (0, 255, 255, 0)}


def halves(left, right, mode="RGB"):
    """Return a Pillow image of two halves."""
    image = Image.new(mode, (WIDTH, HEIGHT), left)
    image.paste(right, (WIDTH // 2, 0, WIDTH, HEIGHT))
    return image


def detailed():
    """Return a Pillow image with detail, so that half of its file is half of the picture."""
    noise = np.random.default_rng(0).integers(0, 256, (192, 256, 3), dtype=np.uint8)
    return Image.fromarray(cv2.GaussianBlur(noise, (0, 0), 2))


def jpeg(image, **options):
    """Return the image as JPEG of the best quality."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=100, **{"subsampling": 0} | options)
    return file.getvalue()


def segment(marker, content):
    """Return a marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segments(data, *segments):
    """Return a JPEG file with segments put in behind its start."""
    return data[:2] + b"".join(segments) + data[2:]


def ink_colour(c, m, y, k):
    """Return the sRGB colour of inks, other than the complement would give."""
    return tuple(0 if k else value for value in (255 - 200 * c, 255 - 30 * c - 180 * m, 240 - 200 * y))


def adobe_rgb_exif():
    """Return EXIF data as cameras write it for Adobe RGB."""

    def directory(*entries):
        return struct.pack(">H", len(entries)) + b"".join(entries) + bytes(4)

    main = directory(struct.pack(">HHII", 0x8769, 4, 1, 26))
    colour_space = struct.pack(">HHIHH", 0xA001, 3, 1, 0xFFFF, 0)
    exif = directory(colour_space, struct.pack(">HHII", 0xA005, 4, 1, 56))
    interoperability = directory(struct.pack(">HHI4s", 1, 2, 4, b"R03\0"))
    return b"Exif\0\0MM\0*\0\0\0\x08" + main + exif + interoperability


def rgb(**options):
    return jpeg(halves(LEFT, RIGHT), **options)


def cmyk(**options):
    return jpeg(halves(*INKS.values(), "CMYK"), **options)


def without(data, marker):
    """Return a JPEG file without its first segment of a kind."""
    start = data.index(bytes([0xFF, marker]))
    return data[:start] + data[start + 2 + struct.unpack_from(">H", data, start + 2)[0] :]


def scans_missing():
    """Return a progressive JPEG that ends, properly, after its first scan."""
    data = jpeg(detailed(), progressive=True)
    second = data.index(b"\xff\xc4", data.index(b"\xff\xda"))
    return data[:second] + END


def cut(share, end=b"", **options):
    data = jpeg(detailed(), **options)
    return data[: int(len(data) * share)] + end


def profile_part_missing():
    parts = icc.rgb_profile(icc.ADOBE_RGB)
    return with_segments(rgb(), segment(0xE2, b"ICC_PROFILE\0" + bytes([1, 2]) + parts[:200]))


def cv_jpeg(*options):
    return cv2.imencode(".jpg", np.asarray(halves(LEFT, RIGHT))[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100, *options])[
        1
    ].tobytes()


def jpeg_of(name, data, left=LEFT, right=RIGHT, says=""):
    return Variant("JPEG", name, data, left, right, says)


def profiled(name, space, says="to sRGB"):
    data = partial(rgb, icc_profile=icc.rgb_profile(space))
    return jpeg_of(f"ICC profile: {name}", data, icc.in_srgb(LEFT, space), icc.in_srgb(RIGHT, space), says)


def rejected(name, data, says):
    return Variant("JPEG", name, data, None, None, says)


INK_LEFT, INK_RIGHT = ink_colour(1, 0, 0, 0), ink_colour(0, 1, 1, 0)
ADOBE = icc.in_srgb(LEFT, icc.ADOBE_RGB), icc.in_srgb(RIGHT, icc.ADOBE_RGB)
TOO_DEEP = np.full((8, 8, 3), 2000, np.uint16)
VARIANTS = [
    jpeg_of("baseline", rgb),
    jpeg_of("progressive", partial(rgb, progressive=True)),
    jpeg_of("chroma subsampling 4:2:0", partial(rgb, subsampling=2)),
    jpeg_of("chroma subsampling 4:1:1", partial(cv_jpeg, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x411111)),
    jpeg_of("chroma subsampling 4:4:0", partial(cv_jpeg, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x121111)),
    jpeg_of("restart markers", partial(rgb, restart_marker_rows=1)),
    jpeg_of("components that are RGB", partial(rgb, keep_rgb=True)),
    jpeg_of("other data after the end", lambda: rgb() + b"trailing" * 100),
    jpeg_of("greyscale", lambda: jpeg(halves(64, 191, "L")), GREY_LEFT, GREY_RIGHT),
    jpeg_of(
        "CMYK or YCCK, no profile",
        cmyk,
        (0, 255, 255),
        (255, 0, 0),
        "CMYK without a profile to sRGB",
    ),
    jpeg_of(
        "CMYK or YCCK with an ICC profile",
        partial(cmyk, icc_profile=icc.cmyk_profile(ink_colour)),
        INK_LEFT,
        INK_RIGHT,
        "ICC profile four inks to sRGB",
    ),
    profiled("sRGB", icc.SRGB, ""),
    profiled("Display P3", icc.DISPLAY_P3),
    profiled("Adobe RGB", icc.ADOBE_RGB),
    profiled("ProPhoto RGB", icc.PROPHOTO),
    profiled("swapped channels", icc.SWAPPED),
    jpeg_of("EXIF declares Adobe RGB", lambda: rgb(exif=adobe_rgb_exif()), *ADOBE, "Adobe RGB (by EXIF) to sRGB"),
    jpeg_of(
        "ICC profile for another colour space (CMYK in RGB)",
        partial(rgb, icc_profile=icc.cmyk_profile(ink_colour)),
        says="ignored, because it is for CMYK, not for RGB",
    ),
    rejected("damaged ICC profile", partial(rgb, icc_profile=b"x" * 300), "its ICC profile cannot be read"),
    rejected("ICC profile with parts missing", profile_part_missing, "bad ICC marker"),
    rejected("truncated", partial(cut, 0.5), "the end of the JPEG is missing"),
    rejected("half of the file, with an end marker", partial(cut, 0.5, END), "Corrupt JPEG data"),
    rejected(
        "half of the file, progressive, with an end marker",
        partial(cut, 0.5, END, progressive=True),
        "damaged image",
    ),
    rejected("progressive, scans missing", scans_missing, "scans of the progressive JPEG are missing"),
    rejected("CMYK without an Adobe marker", lambda: without(cmyk(), 0xEE), "CMYK JPEG without an Adobe marker"),
    rejected("12 bits per sample", lambda: imagecodecs.jpeg8_encode(TOO_DEEP, bitspersample=12), "12 bits per sample"),
    rejected("lossless", lambda: imagecodecs.ljpeg_encode(TOO_DEEP[..., 0], bitspersample=16), "lossless"),
]
