"""AVIF and HEIF (HEIC): images in the ISO base media file format. Pillow decodes AV1, pillow-heif decodes HEVC.

Both decoders apply the `irot` and `imir` properties; the EXIF orientation is ignored, as the formats demand.
"""

import io
import struct
from collections.abc import Iterator

import numpy as np
import pillow_heif

from embedding_shift.data.decoding import colour
from embedding_shift.data.decoding.pillow_formats import check_size, opened, to_raster
from embedding_shift.data.decoding.raster import Raster
from embedding_shift.errors import InputError

AVIF_BRANDS = {b"avif", b"avis"}
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"}


def decode(data: bytes, max_pixels: int) -> Raster:
    """Decode the primary image of an AVIF or HEIF file.

    Raises:
        InputError: it is damaged, too large, or not supported.
    """
    try:
        brands = _brands(data)
        if not brands & (AVIF_BRANDS | HEIF_BRANDS):
            raise InputError("not an image in a known format")
        properties = _primary_properties(data)
    except (struct.error, IndexError, KeyError):
        raise InputError("damaged image: its boxes cannot be read") from None
    profile = _profile(properties)
    if brands & AVIF_BRANDS:
        if b"clap" in properties:
            raise InputError("unsupported image: AVIF with a crop (clap)")
        with opened(data, "AVIF", max_pixels) as image:
            raster = to_raster(image, profile)
    else:
        raster = _decode_heif(data, max_pixels, profile)
    bits = max(properties.get(b"pixi", b"")[5:], default=8)
    if bits > 8:
        raster.remarks.append(f"{bits} bits to 8 bits")
    return raster


def _decode_heif(data: bytes, max_pixels: int, profile: colour.Profile | None) -> Raster:
    try:
        image = pillow_heif.open_heif(io.BytesIO(data))
        width, height = image.size
        check_size(width, height, max_pixels)
        values = np.asarray(image)
        mode, associated = image.mode, image.premultiplied_alpha
    except InputError:
        raise
    except Exception as error:  # libheif's errors arrive as many types.
        raise InputError(f"damaged image: {error or type(error).__name__}") from None
    if values.dtype != np.uint8 or mode not in ("L", "LA", "La", "RGB", "RGBA", "RGBa"):
        raise InputError(f"unsupported image: HEIF of mode {mode}")
    values = values.reshape(*values.shape[:2], -1)
    if values.shape[2] in (2, 4):
        return Raster(values[..., :-1], values[..., -1], associated, profile)
    return Raster(values, profile=profile)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, content) of the boxes in `data`.

    Raises:
        InputError: a box is truncated.
        struct.error: likewise, within its header.
    """
    position = 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        start = position + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        end = position + size if size else len(data)
        if not start <= end <= len(data):
            raise InputError(f"damaged image: the box {kind.decode('latin-1')!r} is truncated")
        yield kind, data[start:end]
        position = end


def _brands(data: bytes) -> set[bytes]:
    _, content = next(boxes(data))
    return {content[:4], *(content[start : start + 4] for start in range(8, len(content), 4))}


def _primary_properties(data: bytes) -> dict[bytes, bytes]:
    """Return {type: content} of the properties of the primary image (ISO/IEC 23008-12, 9.3)."""
    meta = dict(boxes(dict(boxes(data))[b"meta"][4:]))
    item = struct.unpack_from(">I" if meta[b"pitm"][0] else ">H", meta[b"pitm"], 4)[0]
    containers = list(boxes(meta[b"iprp"]))
    (available,) = (list(boxes(content)) for kind, content in containers if kind == b"ipco")
    indices = [index for kind, content in containers if kind == b"ipma" for index in _associations(content, item)]
    properties: dict[bytes, bytes] = {}
    for kind, content in (available[index - 1] for index in indices if index):
        # An ICC profile takes precedence over the code points of a second colr box.
        if kind not in properties or (kind == b"colr" and properties[kind].startswith(b"nclx")):
            properties[kind] = content
    return properties


def _associations(content: bytes, wanted: int) -> list[int]:
    """Return the indices, from 1, of the properties that belong to an item (`ipma` box)."""
    version, wide = content[0], content[3] & 1
    (count,), position = struct.unpack_from(">I", content, 4), 8
    for _ in range(count):
        item = struct.unpack_from(">I" if version else ">H", content, position)[0]
        position += 4 if version else 2
        number, position = content[position], position + 1
        found = struct.unpack_from(f">{number}{'H' if wide else 'B'}", content, position)
        position += number * (2 if wide else 1)
        if item == wanted:
            return [index & (0x7FFF if wide else 0x7F) for index in found]
    return []


def _profile(properties: dict[bytes, bytes]) -> colour.Profile | None:
    content = properties.get(b"colr", b"")
    if content[:4] in (b"prof", b"rICC"):
        return colour.embedded(content[4:])
    if content[:4] == b"nclx":
        primaries, transfer = struct.unpack_from(">HH", content, 4)
        return colour.coded(primaries, transfer)
    return None
