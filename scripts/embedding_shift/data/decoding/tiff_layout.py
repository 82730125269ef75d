"""Which TIFF files are read: the tags are checked before tifffile decodes, because it repairs or guesses much.

Everything that is not listed here, or contradicts itself, is rejected by name.
"""

import math
import struct
from typing import NamedTuple

import tifffile

from embedding_shift.data.decoding.pillow_formats import check_size
from embedding_shift.errors import InputError

# Tags (TIFF 6.0; 32997 and 32998 are SGI's, 50706 is Adobe's).
SUBFILE_TYPE, WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 254, 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES_PER_PIXEL, ROWS_PER_STRIP, STRIP_BYTE_COUNTS = 273, 274, 277, 278, 279
PLANAR, PREDICTOR, COLOUR_MAP = 284, 317, 320
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 322, 323, 324, 325
INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, REFERENCE_BLACK_WHITE, ICC_PROFILE = 332, 338, 339, 347, 532, 34675
IMAGE_DEPTH, TILE_DEPTH, DNG_VERSION = 32997, 32998, 50706
SINGLE_VALUES = {
    WIDTH: None, LENGTH: None, COMPRESSION: 1, PHOTOMETRIC: None, FILL_ORDER: 1, SAMPLES_PER_PIXEL: 1, PLANAR: 1,
    PREDICTOR: 1, SUBFILE_TYPE: 0, INK_SET: 1, IMAGE_DEPTH: 1, TILE_DEPTH: 1,
}  # fmt: skip
STRUCTURE = {
    *SINGLE_VALUES, BITS, STRIP_OFFSETS, ORIENTATION, ROWS_PER_STRIP, STRIP_BYTE_COUNTS, COLOUR_MAP, TILE_WIDTH,
    TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, ICC_PROFILE,
}  # fmt: skip
STRIP_TAGS = {STRIP_OFFSETS, ROWS_PER_STRIP, STRIP_BYTE_COUNTS}
TILE_TAGS = {TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS}
INTEGER_TYPES = {1, 3, 4, 13, 16, 18}  # BYTE, SHORT, LONG, IFD, LONG8, IFD8

REDUCED_OR_MASK = 0b101  # in the subfile type
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
COLOUR_SAMPLES = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, SEPARATED: 4, YCBCR: 3}
UNSIGNED, SIGNED, FLOAT, UNDEFINED = 1, 2, 3, 4
BITS_OF_FORMAT = {
    UNSIGNED: {*range(1, 17), 32, 64},
    SIGNED: {8, 16, 32, 64},
    FLOAT: {16, 32, 64},
    UNDEFINED: {*range(1, 17), 32, 64},
}
NONE, CCITT, LZW, JPEG, DEFLATE, PACKBITS, LZMA, ZSTD, WEBP = 1, {2, 3, 4}, 5, 7, {8, 32946}, 32773, 34925, 50000, 50001
PREDICTABLE = {LZW, *DEFLATE, LZMA, ZSTD}
COMPRESSIONS = {NONE, *CCITT, JPEG, PACKBITS, WEBP, *PREDICTABLE}
HORIZONTAL, FLOATING_POINT = 2, 3
PREDICTABLE_BITS = {8, 16, 32, 64}
BYTES_PER_PIXEL = 8  # of the samples of the largest allowed image, which bounds the memory
LARGEST_MARGIN = 4096  # pixels of a tile beyond the image
# Formats that build on TIFF and whose images tifffile reads by rules of their own.
SPECIAL_FORMATS = ("eer", "indica", "lsm", "mdgel", "ndpi", "stk", "vista")


class Segment(NamedTuple):
    """A strip or tile.

    Attributes:
        offset, size: of the stored bytes in the file.
        smallest, largest: of the bytes after decompression. They differ for the last strip, which may be filled up.
    """

    offset: int
    size: int
    smallest: int
    largest: int


class Layout(NamedTuple):
    """How the samples of a page are stored, in the terms of TIFF 6.0.

    Attributes:
        width, height: in pixels.
        photometric, compression, planar: as in the tags.
        samples: per pixel, extra samples included.
        bits: per sample.
        sample_format: UNSIGNED, SIGNED, FLOAT or UNDEFINED.
        extra: the meaning of each extra sample: 0 unspecified, 1 associated alpha, 2 unassociated alpha.
    """

    width: int
    height: int
    photometric: int
    compression: int
    planar: int
    samples: int
    bits: int
    sample_format: int
    extra: tuple[int, ...]


def checked(file: tifffile.TiffFile, page: tifffile.TiffPage, max_pixels: int) -> Layout:
    """Return the layout of a page.

    Raises:
        InputError: the layout is not supported or contradicts itself, the page is damaged or too large.
    """
    for name in SPECIAL_FORMATS:
        if getattr(file, f"is_{name}", False):
            raise unsupported(f"of the kind {name.upper()}")
    _check_tags(file, page)
    values = {tag: _single_value(page, tag, default) for tag, default in SINGLE_VALUES.items()}
    if DNG_VERSION in page.tags or values[SUBFILE_TYPE] & REDUCED_OR_MASK:
        raise unsupported("of which the first image is a preview or a mask, as in camera raw files")
    if values[IMAGE_DEPTH] != 1 or values[TILE_DEPTH] != 1:
        raise unsupported("with a depth")
    width, height = values[WIDTH], values[LENGTH]
    check_size(width, height, max_pixels)
    samples = values[SAMPLES_PER_PIXEL]
    layout = Layout(
        width,
        height,
        values[PHOTOMETRIC],
        values[COMPRESSION],
        values[PLANAR],
        samples,
        _equal_value(page, BITS, samples, 1),
        _equal_value(page, SAMPLE_FORMAT, samples, UNSIGNED),
        _extra_samples(page, samples, values[PHOTOMETRIC]),
    )
    if width * height * samples * max(1, layout.bits // 8) > BYTES_PER_PIXEL * max_pixels:
        raise InputError(f"{width}×{height} pixels with {samples} samples of {layout.bits} bits are too large")
    _check_kind(page, layout, values)
    return layout


def unsupported(what: str) -> InputError:
    """Return the error that names an unsupported kind of TIFF."""
    return InputError(f"unsupported image: TIFF {what}")


def damaged(what: str) -> InputError:
    """Return the error that names what is damaged or contradictory."""
    return InputError(f"damaged image: {what}")


def _check_tags(file: tifffile.TiffFile, page: tifffile.TiffPage) -> None:
    """Raise InputError if tifffile has skipped a tag that it could not read."""
    structure, handle = file.tiff, file.filehandle
    handle.seek(page.offset)
    (count,) = struct.unpack(structure.tagnoformat, handle.read(structure.tagnosize))
    entries = handle.read(count * structure.tagsize)
    codes = {struct.unpack_from(f"{structure.byteorder}H", entries, n * structure.tagsize)[0] for n in range(count)}
    if skipped := (codes & STRUCTURE) - set(page.tags.keys()):
        raise damaged(f"the TIFF tag {min(skipped)} cannot be read")


def _values(page: tifffile.TiffPage, tag: int) -> tuple[int, ...] | None:
    """Return the integer values of a tag; None if the page does not have it."""
    found = page.tags.getall(tag)
    if not found:
        return None
    if len(found) > 1:
        raise damaged(f"the TIFF tag {tag} occurs twice")
    value = found[0].value
    values = tuple(value) if isinstance(value, tuple) else (value,)
    if found[0].dtype not in INTEGER_TYPES or not all(isinstance(value, int) for value in values):
        raise damaged(f"the TIFF tag {tag} is not of an integer type")
    return values


def _single_value(page: tifffile.TiffPage, tag: int, default: int | None) -> int:
    values = _values(page, tag) or (() if default is None else (default,))
    if len(values) != 1:
        raise damaged(f"the TIFF tag {tag} has {len(values)} values instead of one")
    return values[0]


def _equal_value(page: tifffile.TiffPage, tag: int, samples: int, default: int) -> int:
    """Return the value of a tag with one value per sample, which must be equal."""
    values = _values(page, tag) or (default,)
    if len(values) not in (1, samples):
        raise damaged(f"the TIFF tag {tag} has {len(values)} values for {samples} samples")
    if len(set(values)) > 1:
        raise unsupported(f"whose samples differ ({'/'.join(map(str, values))} in tag {tag})")
    return values[0]


def _extra_samples(page: tifffile.TiffPage, samples: int, photometric: int) -> tuple[int, ...]:
    if photometric not in COLOUR_SAMPLES:
        name = page.photometric.name if hasattr(page.photometric, "name") else photometric
        raise unsupported(f"with the photometric interpretation {name}")
    count = samples - COLOUR_SAMPLES[photometric]
    extra = _values(page, EXTRA_SAMPLES) or ()
    if count < 0 or len(extra) > count:
        raise damaged(f"the TIFF has {samples} samples, {len(extra)} of them extra, for photometric {photometric}")
    return extra + (0,) * (count - len(extra))


def _check_kind(page: tifffile.TiffPage, layout: Layout, values: dict[int, int]) -> None:
    """Raise InputError unless the combination of photometric, compression, format and bits is supported."""
    compression, predictor = layout.compression, values[PREDICTOR]
    if compression not in COMPRESSIONS:
        raise unsupported(f"with the compression {getattr(page.compression, 'name', compression)}")
    if layout.bits not in BITS_OF_FORMAT.get(layout.sample_format, ()):
        raise unsupported(f"with {layout.bits}-bit samples of the format {layout.sample_format}")
    if layout.planar not in (1, 2) or values[FILL_ORDER] not in (1, 2):
        raise damaged("the TIFF has an unknown planar configuration or fill order")
    if predictor != 1:
        floating = layout.sample_format == FLOAT
        if compression not in PREDICTABLE or layout.bits not in PREDICTABLE_BITS:
            raise unsupported(f"with the predictor {predictor}, compression {compression} and {layout.bits} bits")
        if predictor != (FLOATING_POINT if floating else HORIZONTAL):
            raise unsupported(f"with the predictor {predictor} and the sample format {layout.sample_format}")
    if compression in CCITT and (layout.bits, layout.samples) != (1, 1):
        raise unsupported("with a fax compression of more than one bit per pixel")
    if compression in (JPEG, WEBP):
        if (layout.bits, layout.extra) != (8, ()) or layout.sample_format in (SIGNED, FLOAT):
            raise unsupported("with JPEG or WebP compression, and extra samples or samples other than 8-bit")
        if layout.photometric in (SEPARATED, PALETTE) or (compression == WEBP and layout.photometric != RGB):
            raise unsupported(f"with JPEG or WebP compression of the photometric interpretation {layout.photometric}")
    if layout.photometric == YCBCR and (compression, layout.planar) != (JPEG, 1):
        raise unsupported("with YCbCr samples that are not compressed as JPEG")
    if layout.photometric == SEPARATED and values[INK_SET] != 1:
        raise unsupported("with inks other than CMYK")
    if layout.photometric == PALETTE and (layout.bits > 16 or layout.sample_format in (SIGNED, FLOAT)):
        raise unsupported("with a palette of samples other than 1 to 16 bits")
    if REFERENCE_BLACK_WHITE in page.tags and layout.photometric == RGB:
        raise unsupported("with a reference black and white of RGB samples")


def segments(file: tifffile.TiffFile, page: tifffile.TiffPage, layout: Layout) -> list[Segment]:
    """Return the strips or tiles of a page.

    Raises:
        InputError: one is missing, lies outside the file, or, if it is uncompressed, is truncated.
    """
    found = set(page.tags.keys())
    tiled = bool(found & TILE_TAGS)
    if tiled and found & STRIP_TAGS:
        raise damaged("the TIFF has tags of both strips and tiles")
    if tiled:
        width, height = _single_value(page, TILE_WIDTH, None), _single_value(page, TILE_LENGTH, None)
        if not (0 < width <= layout.width + LARGEST_MARGIN and 0 < height <= layout.height + LARGEST_MARGIN):
            raise damaged(f"the TIFF has tiles of {width}×{height} pixels")
    else:
        width, height = layout.width, min(_single_value(page, ROWS_PER_STRIP, layout.height), layout.height)
    if height < 1:
        raise damaged("the TIFF has strips without rows")
    planes = layout.samples if layout.planar == 2 else 1
    down = math.ceil(layout.height / height)
    count = math.ceil(layout.width / width) * down * planes
    offsets = _values(page, TILE_OFFSETS if tiled else STRIP_OFFSETS) or ()
    sizes = _values(page, TILE_BYTE_COUNTS if tiled else STRIP_BYTE_COUNTS) or ()
    if not len(offsets) == len(sizes) == count:
        raise damaged(f"the TIFF has {len(offsets)} offsets and {len(sizes)} sizes for {count} strips or tiles")
    row = math.ceil(width * layout.samples // planes * layout.bits / 8)
    last = row * (height if tiled else layout.height - (down - 1) * height)
    result = []
    for number, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
        segment = Segment(offset, size, last if number % down == down - 1 else row * height, row * height)
        if offset < 8 or size < 1 or offset + size > file.filehandle.size:
            raise damaged(f"strip or tile {number} of the TIFF lies outside the file or is empty")
        if layout.compression == NONE and size < segment.smallest:
            raise damaged(f"strip or tile {number} of the TIFF is truncated")
        result.append(segment)
    return result
