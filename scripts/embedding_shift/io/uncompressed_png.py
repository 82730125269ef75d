"""Write and read PNG files of 8-bit RGB pixels that are not compressed.

Such a file is lossless, opens in any viewer, and takes little longer than copying the pixels: every row of the image is
a stored block of DEFLATE (RFC 1951, 3.2.4), so all rows have the same layout, and NumPy writes and reads them together.
"""

import struct
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Bits per channel, colour type RGB, the only compression and filter method, not interlaced.
EIGHT_BIT_RGB = bytes([8, 2, 0, 0, 0])
ZLIB_HEADER = b"\x78\x01"
# Bytes of a file before and after the rows.
ROWS_START, ROWS_END = 43, 20
# Bytes before the pixels of a row: the header of its block, and the number of its filter, 0 for none.
ROW_START = 6
LONGEST_BLOCK = 2**16 - 1


def encode(pixels: NDArray[np.uint8]) -> bytearray:
    """Return the PNG file of pixels (height, width, 3), RGB, at least one and at most 21,844 pixels wide."""
    height, width, channels = pixels.shape
    length = ROW_START + channels * width
    size = height * length
    file = bytearray(ROWS_START + size + ROWS_END)
    blocks = np.frombuffer(file, np.uint8, size, ROWS_START).reshape(height, length)
    blocks[:, :ROW_START] = _row_start(width)
    blocks[-1, 0] = 1  # the last block
    blocks[:, ROW_START:] = pixels.reshape(height, -1)
    checksum = zlib.adler32(np.ascontiguousarray(blocks[:, ROW_START - 1 :]).data)
    header = struct.pack(">II", width, height) + EIGHT_BIT_RGB
    _put(file, 0, SIGNATURE + _chunk(b"IHDR", header) + struct.pack(">I", size + 6) + b"IDAT" + ZLIB_HEADER)
    _put(file, ROWS_START + size, struct.pack(">I", checksum))
    with memoryview(file) as written:
        image_checksum = zlib.crc32(written[ROWS_START - 6 : -ROWS_END + 4])
    _put(file, ROWS_START + size + 4, struct.pack(">I", image_checksum) + _chunk(b"IEND", b""))
    return file


def _put(file: bytearray, place: int, data: bytes) -> None:
    file[place : place + len(data)] = data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def decode(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels (height, width, 3), RGB, of a PNG file; one that `encode` did not write takes longer.

    Checksums inside the file are not compared.

    Raises:
        ValueError: it is no image that can be decoded.
    """
    stored = _stored_pixels(data)
    if stored is not None:
        return stored
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if pixels is None:
        raise ValueError("an image cannot be decoded")
    return np.asarray(pixels, np.uint8)


def _stored_pixels(data: bytes) -> NDArray[np.uint8] | None:
    """Return the pixels of a file with the layout that `encode` writes; None for any other file."""
    if data[24:29] != EIGHT_BIT_RGB or data[37:ROWS_START] != b"IDAT" + ZLIB_HEADER:
        return None
    width, height = struct.unpack_from(">II", data, 16)
    length = ROW_START + 3 * width
    if not height or len(data) != ROWS_START + height * length + ROWS_END or length - ROW_START >= LONGEST_BLOCK:
        return None
    blocks = np.frombuffer(data, np.uint8, height * length, ROWS_START).reshape(height, length)
    expected = _row_start(width)
    if (blocks[:-1, :ROW_START] != expected).any() or (blocks[-1, :ROW_START] != [1, *expected[1:]]).any():
        return None
    return blocks[:, ROW_START:].copy().reshape(height, width, 3)


def _row_start(width: int) -> NDArray[np.uint8]:
    """Return the bytes before the pixels of a row that is not the last one.

    Raises:
        ValueError: the row does not fit into a block.
    """
    length = 1 + 3 * width
    if not 1 < length <= LONGEST_BLOCK:
        raise ValueError(f"a view is {width} pixels wide; 1 to {(LONGEST_BLOCK - 1) // 3} are possible")
    return np.frombuffer(struct.pack("<BHHB", 0, length, LONGEST_BLOCK - length, 0), np.uint8)
