"""Damaged and altered image files: 10,000 of them, none of which may be used with other pixels than other decoders see.

Each file is a small image of which tags, chunks or segments were changed. The project rejects it, or agrees with one of
the independent decoders that accept it: the mean of every channel in every quarter of the image differs by at most four
levels.
"""

import io
import struct
import zlib

import cv2
import imagecodecs
import independent_decoders
import numpy as np
import pytest
import variants_of_tiff
from PIL import Image
from png_writer import SIGNATURE, chunk
from tiff_writer import LONG, SHORT, tiff

from embedding_shift.data import decoding
from embedding_shift.errors import InputError

TOLERANCE = 4
WIDTH, HEIGHT = 24, 16
MOST_UNVERIFIED = 0.01  # of all files: used, but rejected by all independent decoders
SMOOTH = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8), (0, 0), 2)
PICTURE = cv2.normalize(SMOOTH, None, 20, 235, cv2.NORM_MINMAX)
GREY = PICTURE[..., :1]
INTERESTING = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 15, 16, 17, 24, 31, 32, 64, 255, 256, 32768, 65535)


def quarters(pixels):
    """Return the mean of every channel in every quarter; a quarter of a very small image may be missing."""
    halves = np.array_split(pixels, 2, axis=0)
    parts = [part for half in halves for part in np.array_split(half, 2, axis=1)]
    return np.array([part.mean(axis=(0, 1)) for part in parts if part.size])


def compared(data, decoders):
    """Return "rejected", "agreed", "unverified" or "different" for a file."""
    try:
        pixels, remarks = decoding.decode(data, 10**5)
    except InputError as error:
        assert str(error)
        return "rejected"
    if any("sRGB" in remark or "upright" in remark for remark in remarks):
        return "unverified"  # The other decoders do not convert colours.
    others = [other for other in decoders(data) if other is not None]
    if not others:
        return "unverified"
    agree = any(
        other.shape == pixels.shape and np.abs(quarters(pixels) - quarters(other)).max() <= TOLERANCE
        for other in others
    )
    return "agreed" if agree else "different"


def campaign(make, decoders, count, folder):
    """Compare `count` files; the first ones that differ are kept in `folder`."""
    found = {"rejected": 0, "agreed": 0, "unverified": 0, "different": 0}
    different = []
    for seed in range(count):
        data = make(np.random.default_rng(seed))
        result = compared(data, decoders)
        found[result] += 1
        if result == "different":
            different.append(seed)
            (folder / str(seed)).write_bytes(data)
    assert not different, f"{len(different)} of {count} files differ, in {folder}: {different[:20]}"
    assert found["unverified"] <= MOST_UNVERIFIED * count, found
    assert min(found["rejected"], found["agreed"]) >= count / 20, found


def pick(random, values):
    return values[random.integers(len(values))]


def with_flipped_bytes(random, data, start=0):
    """Return the data with up to three bytes changed."""
    data = bytearray(data)
    for _ in range(random.integers(1, 4) if len(data) > start else 0):
        data[random.integers(start, len(data))] = random.integers(256)
    return bytes(data)


# TIFF

DEEP = PICTURE.astype(np.uint16) * 257
TIFF_SEEDS = [
    {"samples": PICTURE, "photometric": 2},
    {"samples": PICTURE, "photometric": 2, "planar": 2},
    {"samples": PICTURE, "photometric": 2, "order": ">", "rows_per_strip": 5},
    {"samples": PICTURE, "photometric": 2, "tile": 16},
    {"samples": GREY, "photometric": 1, "rows_per_strip": 4},
    {"samples": GREY, "photometric": 0},
    {"samples": GREY // 16, "photometric": 1, "bits": 4},
    {"samples": GREY // 128, "photometric": 0, "bits": 1},
    {"samples": DEEP[..., :1] // 16, "photometric": 1, "bits": 12},
    {"samples": DEEP, "photometric": 2},
    {"samples": DEEP, "photometric": 2, "planar": 2, "order": ">"},
    {"samples": DEEP[..., :1].astype(np.int16) // 2, "photometric": 1},
    {"samples": DEEP[..., :1].astype(np.uint32) * 65537, "photometric": 0},
    {"samples": (GREY / 255).astype(np.float32), "photometric": 1},
    {"samples": PICTURE.astype(np.float32), "photometric": 2},
    {"samples": np.dstack([PICTURE, GREY]), "photometric": 2, "tags": {338: (SHORT, [2])}},
    {"samples": np.dstack([PICTURE, GREY]), "photometric": 2, "tags": {338: (SHORT, [0])}},
    {"samples": GREY // 16, "photometric": 3, "bits": 4, "tags": {320: (SHORT, list(range(0, 65536, 1366))[:48])}},
    {"samples": PICTURE, "photometric": 2, "encode": imagecodecs.lzw_encode, "tags": {259: (SHORT, [5])}},
    {"samples": PICTURE, "photometric": 2, "encode": zlib.compress, "tags": {259: (SHORT, [8])}},
    {"samples": PICTURE, "photometric": 2, "encode": imagecodecs.packbits_encode, "tags": {259: (SHORT, [32773])}},
    {"samples": DEEP, "photometric": 2, "encode": zlib.compress, "tags": {259: (SHORT, [8]), 317: (SHORT, [2])}},
    {"samples": PICTURE, "photometric": 2, "big": True},
]
TIFF_FILES = [
    variants_of_tiff.fax("group4"),
    variants_of_tiff.fax("tiff_ccitt"),
    variants_of_tiff.of_pillow(Image.fromarray(PICTURE).convert("YCbCr"), compression="jpeg", quality=90),
]
TIFF_TAGS = (
    254,
    256,
    257,
    258,
    259,
    262,
    266,
    273,
    274,
    277,
    278,
    279,
    284,
    317,
    320,
    322,
    323,
    324,
    325,
    338,
    339,
    530,
)


def altered_tiff(random):
    """Return a TIFF file of which tags were changed, left out or added, or bytes were changed."""
    if random.integers(12) == 0:
        return with_flipped_bytes(random, pick(random, TIFF_FILES))
    seed = dict(pick(random, TIFF_SEEDS))
    tags = dict(seed.pop("tags", {}))
    change = random.integers(6)
    for _ in range(random.integers(1, 3) if change < 5 else 0):
        tag = pick(random, TIFF_TAGS)
        count = pick(random, (1, 1, 1, 2, 3, 4))
        values = [pick(random, INTERESTING) for _ in range(count)]
        tags[tag] = None if change == 0 else (pick(random, (SHORT, LONG)), values)
    data = tiff(**seed, tags=tags)
    return with_flipped_bytes(random, data) if change >= 4 else data


# PNG


def png_seeds():
    """Return PNG files of every colour type, as lists of chunks."""
    images = [
        (Image.fromarray(PICTURE), {}),
        (Image.fromarray(GREY[..., 0]), {}),
        (Image.fromarray(GREY[..., 0]), {"transparency": int(GREY[3, 3, 0])}),
        (Image.fromarray(PICTURE), {"transparency": tuple(map(int, PICTURE[3, 3]))}),
        (Image.fromarray(PICTURE).quantize(16), {}),
        (Image.fromarray(PICTURE).quantize(16), {"transparency": bytes(range(0, 256, 16))}),
        (Image.fromarray(np.dstack([PICTURE, GREY])), {}),
        (Image.fromarray(np.dstack([GREY, GREY]), "LA"), {}),
        (Image.fromarray(DEEP[..., 0]), {}),
        (Image.fromarray(GREY[..., 0]).convert("1"), {}),
    ]
    for image, options in images:
        file = io.BytesIO()
        image.save(file, "PNG", **options)
        yield chunks_of(file.getvalue())
    yield chunks_of(imagecodecs.png_encode(DEEP))
    yield chunks_of(imagecodecs.png_encode(np.dstack([DEEP, DEEP[..., :1]])))


def chunks_of(data):
    position, chunks = len(SIGNATURE), []
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        chunks.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return chunks


PNG_SEEDS = list(png_seeds())
OTHER_CHUNKS = [
    (b"tEXt", b"a\0b"),
    (b"pHYs", bytes(9)),
    (b"sBIT", b"\5\5\5"),
    (b"bKGD", bytes(6)),
    (b"tRNS", b"\0\1\0\2\0\3"),
    (b"PLTE", bytes(range(48))),
    (b"IDAT", b""),
    (b"sRGB", b"\0"),
    (b"gAMA", struct.pack(">I", 45455)),
    (b"acTL", bytes(8)),
    (b"fcTL", bytes(26)),
    (b"xxXx", b"private"),
    (b"ABCD", b"critical"),
]


def altered_png(random):
    """Return a PNG file of which chunks were changed, left out, repeated, moved or added."""
    chunks = list(pick(random, PNG_SEEDS))
    for _ in range(random.integers(1, 3)):
        place = random.integers(len(chunks))
        kind, content = chunks[place]
        change = random.integers(8)
        if change == 0:
            del chunks[place]
        elif change == 1:
            chunks.insert(random.integers(len(chunks)), (kind, content))
        elif change == 2:
            chunks.insert(random.integers(len(chunks)), pick(random, OTHER_CHUNKS))
        elif change == 3 and len(chunks) > 2:
            chunks.insert(random.integers(len(chunks)), chunks.pop(place))
        elif change == 4:
            chunks[place] = (kind, content[: random.integers(len(content) + 1)])
        elif content:
            chunks[place] = (kind, with_flipped_bytes(random, content))
        if not chunks:
            break
    data = SIGNATURE + b"".join(chunk(kind, content) for kind, content in chunks)
    return with_flipped_bytes(random, data) if random.integers(8) == 0 else data


# JPEG


def jpeg_seeds():
    """Return JPEG files: baseline, progressive, subsampled, greyscale, with restart markers."""
    large = Image.fromarray(cv2.resize(PICTURE, (64, 48)))
    for image, options in (
        (large, {}),
        (large, {"subsampling": 0}),
        (large, {"progressive": True}),
        (large, {"restart_marker_blocks": 2}),
        (large, {"keep_rgb": True}),
        (large.convert("L"), {}),
        (large.convert("L"), {"progressive": True}),
    ):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=90, **options)
        yield file.getvalue()


JPEG_SEEDS = list(jpeg_seeds())
MARKERS = (0xC0, 0xC1, 0xC2, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE0, 0xEE, 0xFE)


def altered_jpeg(random):
    """Return a JPEG file of which segments or data were changed, left out or repeated, or that was cut."""
    data = pick(random, JPEG_SEEDS)
    starts = [place for place in range(len(data) - 1) if data[place] == 0xFF and data[place + 1] in MARKERS]
    for _ in range(random.integers(1, 3)):
        change = random.integers(7)
        place = pick(random, starts)
        if change == 0:
            data = data[:place] + data[pick(random, starts) :]
        elif change == 1:
            end = pick(random, starts)
            data = data[:place] + data[place:end] + data[place:]
        elif change == 2:
            data = data[: place + 1] + bytes([pick(random, MARKERS)]) + data[place + 2 :]
        elif change == 3:
            data = data[: random.integers(20, max(21, len(data)))] + b"\xff\xd9" * random.integers(2)
        elif change == 4 and len(data) > place + 6:
            head = with_flipped_bytes(random, data[place + 2 : place + 30])
            data = data[: place + 2] + head + data[place + 30 :]
        else:
            data = with_flipped_bytes(random, data, 2)
    return data


@pytest.mark.parametrize(
    ("make", "decoders", "count"),
    [
        pytest.param(altered_tiff, independent_decoders.of_tiff, 4000, id="TIFF", marks=pytest.mark.slow),
        pytest.param(altered_png, independent_decoders.of_png, 3000, id="PNG"),
        pytest.param(altered_jpeg, independent_decoders.of_jpeg, 3000, id="JPEG"),
    ],
)
def test_altered_files_are_rejected_or_decoded_as_by_others(make, decoders, count, tmp_path):
    campaign(make, decoders, count, tmp_path)
