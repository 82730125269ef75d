"""PNG: every chunk is checked; libpng decodes the samples as they are stored, and the colour chunks are interpreted.

Of several colour descriptions, one is used, in the order of the PNG specification (third edition, 4.3): cICP, iCCP,
sRGB, then gAMA and cHRM.

- cICP: `colour.coded` lists what is converted. HDR (PQ, HLG) and narrow range are rejected.
- gAMA without cHRM refers to the primaries of sRGB, cHRM without gAMA to its transfer function. A gAMA of 1/2.2 is what
  encoders write for sRGB itself, and is taken as sRGB.
- Text chunks of any size are skipped. sBIT, bKGD and other chunks do not change the samples and are ignored.
"""

import io
import struct
import zlib
from collections.abc import Container, Iterator
from typing import NamedTuple

import imagecodecs
from PIL import Image

from embedding_shift.data.decoding import colour, orientation
from embedding_shift.data.decoding.pillow_formats import check_size
from embedding_shift.data.decoding.raster import Raster
from embedding_shift.data.decoding.sample_range import at_full_range
from embedding_shift.errors import InputError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks that change the result: decoders disagree about repeated or misplaced ones.
DECISIVE_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
GREY, RGB, PALETTE = 0, 2, 3  # colour types
METADATA_KEYWORDS = (b"Raw profile type exif\0", b"Raw profile type APP1\0", b"XML:com.adobe.xmp\0")
ANIMATION = b"acTL"
LONGEST_METADATA = 2**20
LARGEST_PROFILE = 2**24
SRGB_GAMMA = 45455  # 1/2.2 in units of 1/100,000
GAMMA_TOLERANCE = 500
SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
CHROMATICITY_TOLERANCE = 150


class _Chunks(NamedTuple):
    """What the chunks of a file say."""

    decisive: dict[bytes, bytes]
    metadata: list[bytes]
    frames: int


def decode(data: bytes, max_pixels: int) -> Raster:
    """Decode a PNG file; of an animation, the image that programs without support for animations show.

    Raises:
        InputError: it is damaged, too large, or its colours cannot be converted.
    """
    chunks = _read_chunks(data, max_pixels)
    profile = _profile(chunks.decisive)
    try:
        values = imagecodecs.png_decode(data)
    except (imagecodecs.PngError, ValueError, MemoryError) as error:
        raise InputError(f"damaged image: {error}") from None
    values = values.reshape(*values.shape[:2], -1)
    samples, remarks = at_full_range(values, values.dtype.itemsize * 8)
    if chunks.frames > 1:
        remarks.insert(0, f"first of {chunks.frames} frames")
    alpha = None
    if samples.shape[2] in (2, 4):
        samples, alpha = samples[..., :-1], samples[..., -1]
    return Raster(samples, alpha, profile=profile, orientation=_orientation(chunks.metadata), remarks=remarks)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, content) of every chunk.

    Raises:
        InputError: a chunk is truncated, or does not have its checksum.
    """
    position, view = len(SIGNATURE), memoryview(data)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            break
        if zlib.crc32(view[position + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise InputError(f"damaged image: the chunk {kind.decode('latin-1')!r} does not have its checksum")
        yield kind, data[position + 8 : end]
        if kind == b"IEND":
            return
        position = end + 4
    raise InputError("damaged image: the PNG is truncated")


def _read_chunks(data: bytes, max_pixels: int) -> _Chunks:
    """Return what the chunks of a file say.

    Raises:
        InputError: a chunk is damaged, or decoders would disagree about it.
    """
    header, frames, found, metadata, in_data = b"", 1, dict[bytes, bytes](), list[bytes](), False
    for kind, content in _chunks(data):
        if not header:
            if kind != b"IHDR" or len(content) != 13:
                raise InputError("damaged image: the PNG does not begin with its header")
            header = content
            width, height = struct.unpack_from(">II", header)
            check_size(width, height, max_pixels)
        elif kind in DECISIVE_CHUNKS:
            if kind in found or in_data:
                raise InputError(f"damaged image: the PNG chunk {kind.decode()!r} occurs twice or after the image data")
            if kind == b"tRNS" and len(content) not in _transparency_sizes(header, found.get(b"PLTE")):
                raise InputError("damaged image: the PNG chunk tRNS does not have the right size or place")
            found[kind] = content
        elif kind == ANIMATION and len(content) == 8:
            frames = struct.unpack_from(">I", content)[0]
        elif kind == b"eXIf" or (kind in (b"tEXt", b"zTXt", b"iTXt") and content.startswith(METADATA_KEYWORDS)):
            metadata.append(_chunk(kind, content))
        in_data = in_data or kind == b"IDAT"
    return _Chunks(found, metadata, frames)


def _transparency_sizes(header: bytes, palette: bytes | None) -> Container[int]:
    """Return the sizes that a tRNS chunk may have: it names a grey, a colour, or the alpha of palette entries."""
    colour_type = header[9]
    if colour_type == PALETTE:
        return range(1, len(palette or b"") // 3 + 1)
    return {GREY: (2,), RGB: (6,)}.get(colour_type, ())


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _orientation(metadata: list[bytes]) -> int:
    """Return the orientation that EXIF or XMP data declares, read by Pillow from an otherwise empty image."""
    if not metadata or sum(map(len, metadata)) > LONGEST_METADATA:
        return 1
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    end = _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")
    try:
        with Image.open(io.BytesIO(SIGNATURE + header + b"".join(metadata) + end), formats=["PNG"]) as image:
            return orientation.of(image)
    except Exception:  # Pillow raises many types on damaged metadata, which does not affect the pixels.
        return 1


def _profile(chunks: dict[bytes, bytes]) -> colour.Profile | None:
    """Return the colour description that takes precedence; None for sRGB.

    Raises:
        InputError: it cannot be read or is not supported.
    """
    try:
        if b"cICP" in chunks:
            return _cicp_profile(*struct.unpack(">4B", chunks[b"cICP"]))
        if b"iCCP" in chunks:
            return colour.embedded(_decompressed_profile(chunks[b"iCCP"]))
        if b"sRGB" in chunks:
            return None
        gamma = struct.unpack(">I", chunks[b"gAMA"])[0] if b"gAMA" in chunks else None
        chromaticities = struct.unpack(">8I", chunks[b"cHRM"]) if b"cHRM" in chunks else SRGB_CHROMATICITIES
    except struct.error:
        raise InputError("damaged image: a colour chunk of the PNG has the wrong length") from None
    return _calibrated_profile(gamma, chromaticities)


def _cicp_profile(primaries: int, transfer: int, matrix: int, full_range: int) -> colour.Profile:
    if matrix != 0 or full_range != 1:
        raise InputError(f"unsupported image: PNG with cICP matrix {matrix} and range {full_range}")
    return colour.coded(primaries, transfer)


def _decompressed_profile(content: bytes) -> bytes:
    _, _, compressed = content.partition(b"\0")
    decompressor = zlib.decompressobj()
    try:
        profile = decompressor.decompress(compressed[1:], LARGEST_PROFILE)
    except zlib.error:
        profile = b""
    if not decompressor.eof:
        raise InputError("damaged image: its ICC profile cannot be read")
    return profile


def _calibrated_profile(gamma: int | None, chromaticities: tuple[int, ...]) -> colour.Profile | None:
    differences = (abs(a - b) for a, b in zip(chromaticities, SRGB_CHROMATICITIES, strict=True))
    if max(differences) <= CHROMATICITY_TOLERANCE and (gamma is None or abs(gamma - SRGB_GAMMA) <= GAMMA_TOLERANCE):
        return None
    if gamma == 0:
        raise InputError("damaged image: the gAMA chunk of the PNG is 0")
    white, *colours = ((x / 100_000, y / 100_000) for x, y in zip(*[iter(chromaticities)] * 2, strict=True))
    name = f"gAMA {'of sRGB' if gamma is None else gamma} and cHRM"
    return colour.calibrated([*colours, white], None if gamma is None else 100_000 / gamma, name)
