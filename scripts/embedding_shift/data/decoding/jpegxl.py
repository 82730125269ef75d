"""JPEG XL: images of 8 to 16 bits, decoded by libjxl.

The decoder does not report the colours of an image. Its header is therefore read here (ISO/IEC 18181-1, annex D).
Colours in the terms of H.273 are converted; images with an ICC profile or a custom white point are rejected.
"""

import struct
from dataclasses import dataclass

import imagecodecs

from embedding_shift.data.decoding import colour
from embedding_shift.data.decoding.bmff import boxes
from embedding_shift.data.decoding.pillow_formats import check_size
from embedding_shift.data.decoding.raster import Raster
from embedding_shift.data.decoding.sample_range import at_full_range
from embedding_shift.errors import InputError

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
RGB, GREY = 0, 1
D65 = 1
SRGB_PRIMARIES, P3_PRIMARIES = 1, 11
P3_IN_H273 = 12
LONGEST_HEADER = 1024

# The distributions of U32 values: (bits, offset) by the two bits before.
ENUM = ((0, 0), (0, 1), (4, 2), (6, 18))
LENGTH = ((9, 1), (13, 1), (18, 1), (30, 1))
SAMPLE_BITS = ((0, 8), (0, 10), (0, 12), (6, 1))
EXTRA_CHANNELS = ((0, 0), (0, 1), (4, 2), (12, 1))


def decode(data: bytes, max_pixels: int) -> Raster:
    """Decode the first frame of a JPEG XL file, upright.

    Raises:
        InputError: it is damaged, too large, or not supported.
    """
    try:
        codestream = _codestream(data) if data.startswith(CONTAINER) else data
        header = _Bits(codestream[len(CODESTREAM) : LONGEST_HEADER])
        height, width = _size(header)
        check_size(width, height, max_pixels)
        bits, profile = _metadata(header)
    except (struct.error, IndexError, KeyError):
        raise InputError("damaged image: its JPEG XL header cannot be read") from None
    try:
        values = imagecodecs.jpegxl_decode(data, index=0)
    except (imagecodecs.JpegxlError, ValueError, MemoryError) as error:
        raise InputError(f"damaged image: {error}") from None
    values = values.reshape(*values.shape[:2], -1)
    samples, remarks = at_full_range(values, values.dtype.itemsize * 8)
    remarks = [f"{bits} bits to 8 bits"] if bits > 8 else remarks
    if samples.shape[2] in (2, 4):
        return Raster(samples[..., :-1], samples[..., -1], profile=profile, remarks=remarks)
    return Raster(samples, profile=profile, remarks=remarks)


@dataclass
class _Bits:
    """Reads numbers of single bits, lowest bit first."""

    data: bytes
    position: int = 0

    def read(self, count: int) -> int:
        """Return the next `count` bits; IndexError at the end of the data."""
        value = 0
        for place in range(count):
            value |= (self.data[self.position >> 3] >> (self.position & 7) & 1) << place
            self.position += 1
        return value

    def u32(self, distribution: tuple[tuple[int, int], ...]) -> int:
        """Return the next U32 value."""
        bits, offset = distribution[self.read(2)]
        return self.read(bits) + offset


def _codestream(data: bytes) -> bytes:
    """Return the codestream of a container, or the first part of it."""
    for kind, content in boxes(data):
        if kind == b"jxlc":
            return content
        if kind == b"jxlp":
            return content[4:]
    raise InputError("damaged image: the JPEG XL container holds no image")


def _size(header: _Bits) -> tuple[int, int]:
    """Return the height and the width of a SizeHeader."""
    small = header.read(1)
    height = 8 * (header.read(5) + 1) if small else header.u32(LENGTH)
    if ratio := header.read(3):
        numerator, denominator = RATIOS[ratio]
        return height, height * numerator // denominator
    return height, 8 * (header.read(5) + 1) if small else header.u32(LENGTH)


def _metadata(header: _Bits) -> tuple[int, colour.Profile | None]:
    """Return the bits per sample and the colours of an ImageMetadata header.

    Raises:
        InputError: the image has features that are not supported.
    """
    if header.read(1):  # all_default
        return 8, None
    if header.read(1):  # extra_fields
        header.read(3)  # The decoder applies the orientation.
        if header.read(1):
            _size(header)  # intrinsic size
        if header.read(2):
            raise InputError("unsupported image: JPEG XL with a preview or an animation")
    if header.read(1):
        raise InputError("unsupported image: JPEG XL with floating-point samples")
    bits = header.u32(SAMPLE_BITS)
    header.read(1)  # modular_16_bit_buffers
    extra = header.u32(EXTRA_CHANNELS)
    if extra > 1 or (extra == 1 and not header.read(1)):  # A default extra channel is an 8-bit straight alpha channel.
        raise InputError("unsupported image: JPEG XL with extra channels other than 8-bit straight alpha")
    header.read(1)  # xyb_encoded; the decoder returns the declared colours all the same.
    return bits, None if header.read(1) else _colours(header)


def _colours(header: _Bits) -> colour.Profile:
    """Return the colours of a ColourEncoding header that is not the default."""
    icc = header.read(1)
    space = GREY if icc else header.u32(ENUM)
    if icc or space not in (RGB, GREY) or header.u32(ENUM) != D65:
        raise InputError("unsupported image: JPEG XL with an ICC profile or a white point other than D65")
    primaries = header.u32(ENUM) if space == RGB else SRGB_PRIMARIES
    if header.read(1):
        raise InputError("unsupported image: JPEG XL with a gamma")
    return colour.coded(P3_IN_H273 if primaries == P3_PRIMARIES else primaries, header.u32(ENUM))
