"""PNG files written chunk by chunk, for the kinds that Pillow does not write."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind, content):
    """Return a chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, bits, colour_type, raw, *before, after=(), interlaced=0):
    """Return a PNG file from its uncompressed scan lines; `before` and `after` are chunks around the image data."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlaced)
    data = chunk(b"IDAT", zlib.compress(raw))
    return SIGNATURE + b"".join([chunk(b"IHDR", header), *before, data, *after, chunk(b"IEND", b"")])


def png_of_rows(rows, bits, colour_type, *chunks, **options):
    """Return a PNG file of rows of pixels; a pixel is a tuple of samples."""
    raw = b"".join(b"\0" + _packed([sample for pixel in row for sample in pixel], bits) for row in rows)
    return png(len(rows[0]), len(rows), bits, colour_type, raw, *chunks, **options)


def interlaced_png(rows, bits, colour_type, *chunks):
    """Return an interlaced PNG file (Adam7) of rows of pixels."""
    raw = b""
    for left, top, step_x, step_y in ADAM7:
        for row in rows[top::step_y]:
            if pixels := row[left::step_x]:
                raw += b"\0" + _packed([sample for pixel in pixels for sample in pixel], bits)
    return png(len(rows[0]), len(rows), bits, colour_type, raw, *chunks, interlaced=1)


def _packed(samples, bits):
    text = "".join(f"{sample:0{bits}b}" for sample in samples)
    text = text.ljust(-(-len(text) // 8) * 8, "0")
    return int(text, 2).to_bytes(len(text) // 8, "big")
