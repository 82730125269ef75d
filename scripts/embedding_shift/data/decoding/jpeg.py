"""JPEG: decoded by simplejpeg, which reports the damage that other decoders repair silently, or if CMYK by Pillow.

Both use libjpeg-turbo, with the same pixels as result; Pillow copies them three times on their way to NumPy.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import simplejpeg
from PIL import Image

from embedding_shift.data.decoding import colour, orientation
from embedding_shift.data.decoding.pillow_formats import frames_remark, opened, to_raster
from embedding_shift.data.decoding.raster import Raster
from embedding_shift.errors import InputError

ICC_HEADER = b"ICC_PROFILE\0"
ADOBE_HEADER = b"Adobe"
STANDALONE = {0x01, *range(0xD0, 0xD8)}
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
START_OF_FRAME = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
END_OF_IMAGE, START_OF_SCAN, APP2, APP14 = 0xD9, 0xDA, 0xE2, 0xEE
# Within a scan, 0xFF stands before 0 or a restart marker. The search is fast because the pattern begins with one byte.
MARKER_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
CHANNELS = {1: "GRAY", 3: "RGB", 4: "CMYK"}
# The smallest scale reads all of the data, but computes few pixels.
SMALLEST_SCALE = {"min_height": 1, "min_width": 1, "min_factor": 8}
COEFFICIENTS = 64

# EXIF: the colour space "uncalibrated" with the interoperability index "R03" stands for Adobe RGB (DCF 2.0, 4.4).
EXIF_IFD, INTEROPERABILITY_IFD = 0x8769, 0xA005
COLOUR_SPACE, INTEROPERABILITY_INDEX = 0xA001, 1
UNCALIBRATED = 0xFFFF


@dataclass
class _Headers:
    """What the segments of a file say."""

    components: dict[int, set[int]] = field(default_factory=dict)  # {id: the coefficients that are still incomplete}
    progressive: bool = False
    adobe: bool = False
    icc_parts: dict[int, bytes] = field(default_factory=dict)  # by number; libjpeg reports missing ones


def decode(data: bytes, max_pixels: int) -> Raster:
    """Decode a JPEG file.

    Raises:
        InputError: it is damaged, even where decoders would fill the missing part with grey; its kind is not
            supported; or it is too large.
    """
    headers = _read_headers(data)
    with opened(data, "JPEG", max_pixels) as image:
        channels = CHANNELS[len(headers.components)]
        is_cmyk = channels == "CMYK"
        try:
            samples = simplejpeg.decode_jpeg(data, channels, strict=True, **(SMALLEST_SCALE if is_cmyk else {}))
        except ValueError as error:
            raise InputError(f"damaged image: {error}") from None
        icc = b"".join(headers.icc_parts[number] for number in sorted(headers.icc_parts))
        profile = colour.embedded(icc) or _exif_profile(image)
        if is_cmyk:
            return to_raster(image, profile)
        return Raster(samples, profile=profile, orientation=orientation.of(image), remarks=frames_remark(image))


def _read_headers(data: bytes) -> _Headers:
    headers = _Headers()
    for marker, content in _segments(data):
        try:
            if marker == APP2 and content.startswith(ICC_HEADER):
                headers.icc_parts[content[len(ICC_HEADER)]] = content[len(ICC_HEADER) + 2 :]
            elif marker == APP14 and content.startswith(ADOBE_HEADER):
                headers.adobe = True
            elif marker in START_OF_FRAME:
                _read_frame(marker, content, headers)
            elif marker == START_OF_SCAN:
                _read_scan(content, headers)
        except IndexError:
            raise InputError(f"damaged image: the JPEG segment 0x{marker:02X} is too short") from None
    if len(headers.components) not in CHANNELS:
        raise InputError(f"unsupported image: JPEG with {len(headers.components)} components")
    if headers.progressive and any(headers.components.values()):
        raise InputError("damaged image: scans of the progressive JPEG are missing")
    if len(headers.components) == 4 and not headers.adobe:
        raise InputError("unsupported image: CMYK JPEG without an Adobe marker, so that 0 may mean no ink or full ink")
    return headers


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, content) of every segment up to the end of the image; the data of scans is skipped.

    Raises:
        InputError: a segment is damaged.
    """
    position = 2
    while found := MARKER_AFTER_SCAN.search(data, position):
        marker = data[found.end() - 1]
        position = found.end()
        if marker == END_OF_IMAGE:
            return
        if marker in STANDALONE:
            continue
        if len(data) < position + 2:
            break
        (length,) = struct.unpack_from(">H", data, position)
        if length < 2 or position + length > len(data):
            raise InputError(f"damaged image: the JPEG segment at byte {position - 2} is truncated")
        yield marker, data[position + 2 : position + length]
        position += length
    raise InputError("damaged image: the end of the JPEG is missing")


def _read_frame(marker: int, content: bytes, headers: _Headers) -> None:
    if headers.components:
        raise InputError("damaged image: the JPEG has two frame headers")
    if marker not in (BASELINE, EXTENDED, PROGRESSIVE):
        raise InputError(f"unsupported image: JPEG with a lossless, hierarchical or arithmetic frame (0x{marker:02X})")
    if content[0] != 8:
        raise InputError(f"unsupported image: JPEG with {content[0]} bits per sample")
    headers.progressive = marker == PROGRESSIVE
    headers.components = {content[6 + 3 * number]: set(range(COEFFICIENTS)) for number in range(content[5])}


def _read_scan(content: bytes, headers: _Headers) -> None:
    count = content[0]
    first, last, bits = content[1 + 2 * count], content[2 + 2 * count], content[3 + 2 * count]
    if bits & 0x0F == 0:  # All bits of these coefficients are known after this scan.
        for number in range(count):
            if remaining := headers.components.get(content[1 + 2 * number]):
                remaining -= set(range(first, last + 1))


def _exif_profile(image: Image.Image) -> colour.Profile | None:
    """Return Adobe RGB if the EXIF data of a camera declares it, or None."""
    try:
        exif = image.getexif()
        space = exif.get_ifd(EXIF_IFD).get(COLOUR_SPACE)
        index = exif.get_ifd(INTEROPERABILITY_IFD).get(INTEROPERABILITY_INDEX)
    except Exception:  # Pillow raises many types on damaged EXIF data, which does not affect the pixels.
        return None
    if space != UNCALIBRATED or str(index).strip("\0") != "R03":
        return None
    return colour.calibrated(colour.ADOBE_RGB_PRIMARIES, colour.ADOBE_RGB_GAMMA, "Adobe RGB (by EXIF)")
