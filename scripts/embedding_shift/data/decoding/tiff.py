"""TIFF: read by tifffile as stored, then interpreted by photometric interpretation, sample format and extra samples.

- The range of the samples is that of `sample_range`.
- Of the extra samples, the first one declared as alpha is alpha. RGB and CMYK with other or undeclared extra samples,
  such as the near infrared of a drone, are used without them. Grey with extra samples that are not alpha is rejected,
  because it is not known which of the bands is the image.
- Of several pages, the first is used.
"""

import io
import logging

import imagecodecs
import numpy as np
import simplejpeg
import tifffile
from numpy.typing import NDArray

from embedding_shift.data.decoding import colour, tiff_layout
from embedding_shift.data.decoding.raster import Raster
from embedding_shift.data.decoding.sample_range import at_full_range
from embedding_shift.data.decoding.tiff_layout import Layout, Segment, damaged, unsupported
from embedding_shift.errors import InputError

ASSOCIATED, UNASSOCIATED = 1, 2
REVERSED_BITS = 2
DECOMPRESSORS = {
    tiff_layout.LZW: imagecodecs.lzw_decode,
    **dict.fromkeys(tiff_layout.DEFLATE, imagecodecs.zlib_decode),
    tiff_layout.PACKBITS: imagecodecs.packbits_decode,
    tiff_layout.LZMA: imagecodecs.lzma_decode,
    tiff_layout.ZSTD: imagecodecs.zstd_decode,
}
GREY_PHOTOMETRICS = (tiff_layout.WHITE_IS_ZERO, tiff_layout.BLACK_IS_ZERO)

# What is wrong with a file is in the reason; tifffile's own messages are about details of its parsing.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


def decode(data: bytes, max_pixels: int) -> Raster:
    """Decode the first page of a TIFF file.

    Raises:
        InputError: it is damaged, too large, or of a kind that is not supported.
    """
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            raster = _decode_page(file, file.pages.first, max_pixels)
            if (count := len(file.pages)) > 1:
                raster.remarks.insert(0, f"first of {count} pages")
            return raster
    except InputError:
        raise
    except Exception as error:  # tifffile and imagecodecs raise many types on damaged data.
        raise damaged(str(error) or type(error).__name__) from None


def _decode_page(file: tifffile.TiffFile, page: tifffile.TiffPage, max_pixels: int) -> Raster:
    layout = tiff_layout.checked(file, page, max_pixels)
    for segment in tiff_layout.segments(file, page, layout):
        file.filehandle.seek(segment.offset)
        _check_compressed(file.filehandle.read(segment.size), segment, page, layout)
    planes = page.asarray(squeeze=False, maxworkers=1)  # (planes, 1, height, width, samples of a plane)
    values = np.moveaxis(planes[:, 0], 0, -2).reshape(layout.height, layout.width, layout.samples)
    if layout.compression in tiff_layout.CCITT:
        _check_fax(file, values[..., 0])
    colours = tiff_layout.COLOUR_SAMPLES[layout.photometric]
    if layout.photometric == tiff_layout.PALETTE:
        raster = Raster(_with_palette(page, values[..., 0], layout.bits))
    else:
        samples, remarks = at_full_range(values[..., :colours], layout.bits)
        raster = Raster(samples, remarks=remarks)
    if layout.photometric == tiff_layout.WHITE_IS_ZERO:
        raster.samples = np.iinfo(raster.samples.dtype).max - raster.samples
    raster.profile = _profile(page)
    raster.orientation = _orientation(page)
    _take_extra_samples(raster, values[..., colours:], layout)
    return raster


def _check_compressed(data: bytes, segment: Segment, page: tifffile.TiffPage, layout: Layout) -> None:
    """Raise InputError if a strip or tile is a damaged JPEG or does not have the size that the tags give.

    Decoders fill missing parts of a JPEG with grey, and they disagree about data that is longer than the tags say.
    """
    if layout.compression == tiff_layout.JPEG:
        tables = page.jpegtables or b""
        channels = "RGB" if layout.samples == 3 and layout.planar == 1 else "GRAY"
        # The tables are a JPEG of their own: without its end and the segment's start, both are one file.
        stream = tables[:-2] + data[2:] if tables else data
        try:
            simplejpeg.decode_jpeg(stream, channels, min_height=1, min_width=1, min_factor=8, strict=True)
        except ValueError as error:
            raise damaged(str(error)) from None
    elif layout.compression in DECOMPRESSORS:
        ordered = imagecodecs.bitorder_decode(data) if page.fillorder == REVERSED_BITS else data
        size = len(DECOMPRESSORS[layout.compression](ordered, out=segment.largest + 1))
        if size not in (segment.smallest, segment.largest):
            raise damaged(f"a strip or tile of the TIFF has {size} bytes instead of {segment.smallest}")


def _check_fax(file: tifffile.TiffFile, values: NDArray[np.bool_]) -> None:
    """Raise InputError if libtiff decodes a fax otherwise: its codes have no redundancy that would reveal damage."""
    file.filehandle.seek(0)
    if not np.array_equal(imagecodecs.tiff_decode(file.filehandle.read()), values):
        raise damaged("decoders disagree about the fax compression of the TIFF")


def _with_palette(page: tifffile.TiffPage, indices: NDArray[np.unsignedinteger], bits: int) -> NDArray[np.uint8]:
    """Return the colours of palette indices: uint8 (height, width, 3)."""
    entries = np.asarray(page.tags[tiff_layout.COLOUR_MAP].value if tiff_layout.COLOUR_MAP in page.tags else ())
    if entries.size != 3 * 2**bits:
        raise damaged(f"the TIFF palette has {entries.size} values instead of {3 * 2**bits}")
    palette = entries.reshape(3, -1).T
    # The palettes of some programs have 8 bits; libtiff knows them by this, too.
    palette = palette if palette.max() < 256 else palette / 257
    return np.rint(palette).astype(np.uint8)[indices.astype(np.intp)]


def _take_extra_samples(raster: Raster, extra: NDArray[np.generic], layout: Layout) -> None:
    """Add the alpha channel to a raster, and a remark on what is ignored.

    Raises:
        InputError: it is not known which of the samples are the image.
    """
    alpha = next((number for number, meaning in enumerate(layout.extra) if meaning in (ASSOCIATED, UNASSOCIATED)), None)
    ignored = len(layout.extra) - (alpha is not None)
    if ignored and layout.photometric in (*GREY_PHOTOMETRICS, tiff_layout.PALETTE):
        raise unsupported(f"with {layout.samples} bands of which none is declared as colour or alpha")
    if alpha is not None:
        if layout.photometric == tiff_layout.PALETTE and layout.bits != 8:
            raise unsupported("with a palette and alpha, other than 8-bit")
        raster.alpha = at_full_range(extra[..., alpha : alpha + 1], layout.bits).values[..., 0]
        raster.associated = layout.extra[alpha] == ASSOCIATED
    if ignored:
        raster.remarks.append(f"{ignored} extra band{'s' if ignored > 1 else ''} ignored")


def _profile(page: tifffile.TiffPage) -> colour.Profile | None:
    tag = page.tags.get(tiff_layout.ICC_PROFILE)
    return None if tag is None else colour.embedded(bytes(tag.value) or b"missing")


def _orientation(page: tifffile.TiffPage) -> int:
    tag = page.tags.get(tiff_layout.ORIENTATION)
    return tag.value if tag is not None and tag.value in range(1, 9) else 1
