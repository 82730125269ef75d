"""TIFF files written tag by tag, for the kinds that no library writes."""

import struct

import numpy as np

BYTE, SHORT, LONG, UNDEFINED, LONG8 = 1, 3, 4, 7, 16
CODES = {BYTE: "B", SHORT: "H", LONG: "I", UNDEFINED: "B", LONG8: "Q"}
UINT, INT, FLOAT = 1, 2, 3


def packed(values, bits):
    """Return the bytes of rows of unsigned integers with `bits` each, highest bit first; every row begins a byte."""
    rows = values.reshape(len(values), -1).astype(np.uint64)
    shifts = np.arange(bits - 1, -1, -1, dtype=np.uint64)
    return np.packbits(((rows[..., None] >> shifts) & 1).astype(np.uint8).reshape(len(rows), -1), axis=1).tobytes()


def tiff(samples, photometric, bits=None, encode=bytes, **options):
    """Return a TIFF file of one page.

    Args:
        samples: array (height, width, samples); its type sets the sample format.
        photometric: the tag's value; None leaves it out.
        bits: bits per sample; those of the type if None.
        encode: compresses the bytes of a strip or tile.
        options: see `_layout` and `_file`.
    """
    bits = bits or samples.dtype.itemsize * 8
    order, planar = options.pop("order", "<"), options.pop("planar", 1)
    rows, tile = options.pop("rows_per_strip", len(samples)), options.pop("tile", None)
    height, width, count = samples.shape
    planes = [samples] if planar == 1 else [samples[..., k : k + 1] for k in range(count)]

    def stored(part):
        if bits not in (8, 16, 32, 64):
            return encode(packed(part, bits))
        return encode(part.astype(part.dtype.newbyteorder(order)).tobytes())

    if tile:
        segments = [
            stored(np.pad(block, ((0, tile - block.shape[0]), (0, tile - block.shape[1]), (0, 0)), mode="edge"))
            for plane in planes
            for y in range(0, height, tile)
            for x in range(0, width, tile)
            for block in [plane[y : y + tile, x : x + tile]]
        ]
        place = {322: (SHORT, [tile]), 323: (SHORT, [tile])}
    else:
        segments = [stored(plane[y : y + rows]) for plane in planes for y in range(0, height, rows)]
        place = {278: (SHORT, [rows])}
    kind = {"u": UINT, "b": UINT, "i": INT, "f": FLOAT}[samples.dtype.kind]
    tags = {
        256: (SHORT, [width]), 257: (SHORT, [height]), 258: (SHORT, [bits] * count), 277: (SHORT, [count]),
        284: (SHORT, [planar]), 339: (SHORT, [kind] * count),
    } | place  # fmt: skip
    if photometric is not None:
        tags[262] = (SHORT, [photometric])
    return raw_tiff(segments, tags | options.pop("tags", {}), order, bool(tile), **options)


def raw_tiff(segments, tags, order="<", tiled=False, big=False):
    """Return a TIFF file of one page from its strips or tiles and {tag: (type, values)}; None drops a tag."""
    offset = LONG8 if big else LONG
    start = 16 if big else 8
    offsets = list(np.cumsum([start, *map(len, segments)])[:-1])
    place = {324: (offset, offsets), 325: (offset, [len(s) for s in segments])}
    if not tiled:
        place = {273: place[324], 279: place[325]}
    tags = {code: entry for code, entry in (place | tags).items() if entry is not None}
    body = b"".join(segments)
    body += bytes(-len(body) % 8)
    inline, number = (8, "Q") if big else (4, "I")
    ifd = start + len(body)
    extra_start = ifd + (8 if big else 2) + (20 if big else 12) * len(tags) + inline
    entries, extra = b"", b""
    for code, (kind, values) in sorted(tags.items()):
        content = struct.pack(f"{order}{len(values)}{CODES[kind]}", *map(int, values))
        if len(content) > inline:
            place_of = extra_start + len(extra)
            extra += content + bytes(-len(content) % 8)
            content = struct.pack(order + number, place_of)
        entries += struct.pack(f"{order}HH{number}", code, kind, len(values)) + content.ljust(inline, b"\0")
    mark = b"II" if order == "<" else b"MM"
    header = struct.pack(f"{order}HHHQ", 43, 8, 0, ifd) if big else struct.pack(f"{order}HI", 42, ifd)
    count = struct.pack(order + ("Q" if big else "H"), len(tags))
    return mark + header + body + count + entries + bytes(inline) + extra
