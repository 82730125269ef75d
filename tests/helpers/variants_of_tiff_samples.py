"""Kinds of TIFF files by photometric interpretation, planar configuration, sample format, bits and extra samples."""

from functools import partial
from itertools import product

import numpy as np
from image_variants import GREY_LEFT, GREY_RIGHT, HEIGHT, LEFT, RIGHT, WIDTH, Variant
from tiff_writer import SHORT, tiff

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED = 0, 1, 2, 3, 5
PHOTOMETRIC = {WHITE_IS_ZERO: "WhiteIsZero", BLACK_IS_ZERO: "BlackIsZero", RGB: "RGB", SEPARATED: "CMYK"}
PLANAR = {1: "chunky", 2: "planar"}
UNSPECIFIED, ASSOCIATED, UNASSOCIATED = 0, 1, 2
EXTRA_SAMPLES = 338
WHITE = (255, 255, 255)


def array(left, right, dtype):
    """Return the samples of two halves, (height, width, samples)."""
    samples = np.empty((HEIGHT, WIDTH, len(left)), dtype)
    samples[:, : WIDTH // 2], samples[:, WIDTH // 2 :] = left, right
    return samples


def integers(left, right, bits, kind="u"):
    """Return the samples, and the colours that they stand for, of halves given in 0–255."""
    white = 2 ** (bits - (kind == "i")) - 1
    dtype = f"{kind}{next(size for size in (1, 2, 4, 8) if size * 8 >= bits)}"
    values = [[value * white // 255 for value in half] for half in (left, right)]
    shown = [tuple(value * 255 / white for value in half) for half in values]
    return array(*values, dtype), *shown


def floats(left, right, dtype, white):
    return array(*(np.array(half) / 255 * white for half in (left, right)), dtype)


def short(tag, *values):
    return {"tags": {tag: (SHORT, values)}}


def of(name, data, left=LEFT, right=RIGHT, says=""):
    return Variant("TIFF", name, data, left, right, says)


def rejected(name, data, says):
    return Variant("TIFF", name, data, None, None, says)


def float_samples(values, odd):
    """Return a grey floating-point file with an odd value in one pixel."""
    samples = values.copy()
    samples[5, 0] = odd  # at the edge, which the tests do not compare
    return tiff(samples, BLACK_IS_ZERO)


def of_integers(photometric, bits, kind="u", planar=1):
    grey = photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO)
    inks = photometric == SEPARATED
    colours = (GREY_LEFT[:1], GREY_RIGHT[:1]) if grey else ((255, 0, 0, 0), (0, 255, 255, 0)) if inks else (LEFT, RIGHT)
    samples, *shown = integers(*colours, bits, kind)
    if grey:
        shown = [tuple(255 - v if photometric == WHITE_IS_ZERO else v for v in half * 3) for half in shown]
    if inks:
        shown = (0, 255, 255), (255, 0, 0)
    says = "CMYK without a profile to sRGB" if inks else f"{bits} bits to 8 bits" if bits > 8 else ""
    layout = "" if grey else f", {PLANAR[planar]}"
    name = f"{PHOTOMETRIC[photometric]}{layout}, {'unsigned' if kind == 'u' else 'signed'}, {bits} bits"
    return of(name, partial(tiff, samples, photometric, bits=bits, planar=planar), *shown, says)


def of_floats(photometric, bits, white, planar=1):
    grey = photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO)
    left, right = (GREY_LEFT[:1], GREY_RIGHT[:1]) if grey else (LEFT, RIGHT)
    samples = floats(left, right, f"f{bits // 8}", white)
    shown = [half * 3 if grey else half for half in (left, right)]
    shown = [tuple(255 - v if photometric == WHITE_IS_ZERO else v for v in half) for half in shown]
    layout = "" if grey else f", {PLANAR[planar]}"
    says = f"{bits}-bit floating-point samples in 0–{white} to 8 bits"
    name = f"{PHOTOMETRIC[photometric]}{layout}, floating point, {bits} bits, range 0–{white}"
    return of(name, partial(tiff, samples, photometric, planar=planar), *shown, says)


def alpha_of(kind, planar=1, dtype=np.uint8):
    """Return a variant whose right half is transparent and whose left half is half transparent."""
    white = np.iinfo(dtype).max
    opacity = white // 2 + 1
    factor = opacity / white if kind == ASSOCIATED else 1
    left = [round(value * white / 255 * factor) for value in LEFT] + [opacity]
    right = [0 if kind == ASSOCIATED else value * (white // 255) for value in RIGHT] + [0]
    shown = tuple(value / 2 + 127.5 for value in LEFT)
    data = partial(tiff, array(left, right, dtype), RGB, planar=planar, **short(EXTRA_SAMPLES, kind))
    name = f"RGB, {PLANAR[planar]}, {np.dtype(dtype).itemsize * 8} bits, {'un' * (kind == 2)}associated alpha"
    return of(name, data, shown, WHITE, "transparency blended with white")


def of_palette(bits, entry_bits=16, **options):
    entries = np.zeros((3, 2**bits), np.uint32)
    entries[:, 0], entries[:, 1] = LEFT, RIGHT
    entries = entries * 257 if entry_bits == 16 else entries
    dtype = np.uint8 if bits <= 8 else np.uint16
    return tiff(array((0,), (1,), dtype), PALETTE, bits=bits, tags={320: (SHORT, entries.ravel())}, **options)


GREY_FLOATS = floats(GREY_LEFT[:1], GREY_RIGHT[:1], "f4", 1)
SPECKLED = GREY_FLOATS + np.where(np.random.default_rng(0).random(GREY_FLOATS.shape) < 0.05, 90, 0).astype("f4")
HALF_NAN = np.where(np.arange(WIDTH)[None, :, None] < 9, np.nan, GREY_FLOATS).astype("f4")
NIR = array((*LEFT, 0), (*RIGHT, 255), np.uint8)
INTEGER_BITS = (1, 2, 4, 6, 8, 10, 12, 14, 16, 32, 64)

VARIANTS = [
    *(of_integers(photometric, bits) for photometric, bits in product((WHITE_IS_ZERO, BLACK_IS_ZERO), INTEGER_BITS)),
    *(
        of_integers(photometric, bits, "i")
        for photometric, bits in product((WHITE_IS_ZERO, BLACK_IS_ZERO), (8, 16, 32))
    ),
    *(
        of_floats(photometric, bits, white)
        for photometric, bits, white in product((WHITE_IS_ZERO, BLACK_IS_ZERO), (16, 32, 64), (1, 255, 65535))
        if (bits, white) != (16, 65535)
    ),
    *(of_integers(RGB, bits, planar=planar) for planar, bits in product((1, 2), (4, 8, 12, 16, 32))),
    *(of_integers(RGB, 16, "i", planar) for planar in (1, 2)),
    *(of_floats(RGB, 32, white, planar) for planar, white in product((1, 2), (1, 255))),
    *(of_integers(SEPARATED, bits, planar=planar) for planar, bits in product((1, 2), (8, 16))),
    *(of(f"palette, {bits} bits", partial(of_palette, bits)) for bits in (1, 2, 4, 8, 16)),
    of("palette of 8-bit entries", partial(of_palette, 8, 8)),
    of(
        "floating point, one pixel infinite",
        partial(float_samples, GREY_FLOATS, np.inf),
        GREY_LEFT,
        GREY_RIGHT,
        "in 0–1",
    ),
    of("floating point, one pixel NaN", partial(float_samples, GREY_FLOATS, np.nan), GREY_LEFT, GREY_RIGHT, "in 0–1"),
    of("floating point, one outlier", partial(float_samples, GREY_FLOATS, 1e6), GREY_LEFT, GREY_RIGHT, "in 0–1"),
    rejected("floating point, more than 0.1 % NaN", partial(tiff, HALF_NAN, BLACK_IS_ZERO), "are NaN or infinite"),
    rejected("floating point, ambiguous range", partial(tiff, SPECKLED, BLACK_IS_ZERO), "so that white is undefined"),
    rejected("floating point, negative", partial(tiff, GREY_FLOATS - 0.6, BLACK_IS_ZERO), "so that black is undefined"),
    rejected(
        "signed, negative",
        partial(tiff, array((-50,), (90,), np.int16), BLACK_IS_ZERO),
        "so that black is undefined",
    ),
    *(alpha_of(kind, planar) for kind, planar in product((ASSOCIATED, UNASSOCIATED), (1, 2))),
    *(alpha_of(kind, dtype=np.uint16) for kind in (ASSOCIATED, UNASSOCIATED)),
    of(
        "greyscale with unassociated alpha",
        partial(tiff, array((64, 255), (191, 0), np.uint8), BLACK_IS_ZERO, **short(EXTRA_SAMPLES, UNASSOCIATED)),
        GREY_LEFT,
        WHITE,
        "transparency blended with white",
    ),
    of("RGB with a fourth band, not declared", partial(tiff, NIR, RGB), says="1 extra band ignored"),
    of("RGB, planar, with a fourth band, not declared", partial(tiff, NIR, RGB, planar=2), says="1 extra band ignored"),
    of(
        "RGB with a fourth band, unspecified",
        partial(tiff, NIR, RGB, **short(EXTRA_SAMPLES, UNSPECIFIED)),
        says="1 extra band ignored",
    ),
    of(
        "RGB with two bands, unspecified",
        partial(tiff, np.dstack([NIR, NIR[..., 3]]), RGB, **short(EXTRA_SAMPLES, UNSPECIFIED, UNSPECIFIED)),
        says="2 extra bands ignored",
    ),
    rejected(
        "greyscale with bands, unspecified", partial(tiff, NIR, BLACK_IS_ZERO), "none is declared as colour or alpha"
    ),
    rejected("RGB with two samples", partial(tiff, NIR[..., :2], RGB), "2 samples"),
]
