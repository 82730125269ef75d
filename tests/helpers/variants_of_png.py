"""Kinds of PNG files."""

import io
import struct
import zlib
from functools import partial

import icc_profiles as icc
from image_variants import GREY_LEFT, HEIGHT, LEFT, RIGHT, WIDTH, Variant
from PIL import Image
from png_writer import SIGNATURE, chunk, interlaced_png, png_of_rows
from variants_of_jpeg import halves, ink_colour

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
WHITE = (255, 255, 255)
SRGB_CHUNK = chunk(b"sRGB", b"\0")
SHOWN, HIDDEN = 65535, 0
ADOBE = icc.in_srgb(LEFT, icc.ADOBE_RGB), icc.in_srgb(RIGHT, icc.ADOBE_RGB)


def rows(left, right):
    """Return rows of pixels of two halves; a pixel is a tuple of samples."""
    return [[left] * (WIDTH // 2) + [right] * (WIDTH // 2)] * HEIGHT


def scaled(colour, factor=257):
    return tuple(value * factor for value in colour)


def rgb(*chunks, **options):
    return png_of_rows(rows(LEFT, RIGHT), 8, RGB, *chunks, **options)


def iccp(profile):
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


def gama(value):
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(space):
    red, green, blue, white = space[0]
    values = (round(value * 100_000) for point in (white, red, green, blue) for value in point)
    return chunk(b"cHRM", struct.pack(">8I", *values))


def cicp(*codes):
    return chunk(b"cICP", bytes(codes))


def gamma_colours(gamma):
    space = icc.SRGB[0], gamma
    return icc.in_srgb(LEFT, space), icc.in_srgb(RIGHT, space)


def animated():
    file = io.BytesIO()
    frames = [halves(LEFT, RIGHT), Image.new("RGB", (WIDTH, HEIGHT), WHITE)]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return file.getvalue()


def with_rows_missing():
    """Return a file whose header announces one row more than there are."""
    data = png_of_rows(rows(LEFT, RIGHT)[:-1], 8, RGB)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, RGB, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + data[len(SIGNATURE) + 25 :]


def with_bad_checksum():
    data = bytearray(rgb(chunk(b"pHYs", bytes(9))))
    data[data.index(b"pHYs") + 5] ^= 1
    return bytes(data)


def of(name, data, left=LEFT, right=RIGHT, says=""):
    return Variant("PNG", name, data, left, right, says)


def grey(bits, left, right):
    """Return the variant of a greyscale file with `bits` per sample."""
    data = partial(png_of_rows, rows((left,), (right,)), bits, GREY)
    shown = [(round(value * 255 / (2**bits - 1)),) * 3 for value in (left, right)]
    return of(f"greyscale, {bits} bits", data, *shown, "16 bits to 8 bits" if bits == 16 else "")


def palette(bits):
    entries = chunk(b"PLTE", bytes([*LEFT, *RIGHT]))
    return of(f"palette, {bits} bits", partial(png_of_rows, rows((0,), (1,)), bits, PALETTE, entries))


def transparent(name, bits, colour_type, left, right, *chunks, shown=LEFT, says="transparency blended with white"):
    """Return the variant of a file of which the right half is transparent."""
    return of(name, partial(png_of_rows, rows(left, right), bits, colour_type, *chunks), shown, WHITE, says)


def described(name, chunks, left, right, says="to sRGB"):
    return of(name, partial(rgb, *chunks), left, right, says)


def profiled(name, space, says="to sRGB"):
    colours = icc.in_srgb(LEFT, space), icc.in_srgb(RIGHT, space)
    return described(f"iCCP: {name}", [iccp(icc.rgb_profile(space))], *colours, says)


def rejected(name, data, says):
    return Variant("PNG", name, data, None, None, says)


PROPHOTO = icc.in_srgb(LEFT, icc.PROPHOTO), icc.in_srgb(RIGHT, icc.PROPHOTO)
P3 = icc.in_srgb(LEFT, icc.DISPLAY_P3), icc.in_srgb(RIGHT, icc.DISPLAY_P3)
GREY_GAMMA = [(icc.grey_in_srgb(value, 1.8),) * 3 for value in (64, 191)]
VARIANTS = [
    *(grey(bits, left, right) for bits, left, right in ((1, 0, 1), (2, 1, 2), (4, 4, 11), (8, 64, 191))),
    grey(16, 64 * 257, 191 * 257),
    of("RGB, 8 bits", rgb),
    of("RGB, 8 bits, interlaced", partial(interlaced_png, rows(LEFT, RIGHT), 8, RGB)),
    of(
        "RGB, 16 bits",
        partial(png_of_rows, rows(scaled(LEFT), scaled(RIGHT)), 16, RGB),
        says="16 bits to 8 bits",
    ),
    *map(palette, (1, 2, 4, 8)),
    transparent("greyscale with alpha, 8 bits", 8, GREY_ALPHA, (64, 255), (191, 0), shown=GREY_LEFT),
    transparent("greyscale with alpha, 16 bits", 16, GREY_ALPHA, (64 * 257, SHOWN), (191, HIDDEN), shown=GREY_LEFT),
    transparent("RGB with alpha, 8 bits", 8, RGBA, (*LEFT, 255), (*RIGHT, 0)),
    transparent("RGB with alpha, 16 bits", 16, RGBA, (*scaled(LEFT), SHOWN), (*scaled(RIGHT), HIDDEN)),
    of("RGB with alpha, all opaque", partial(png_of_rows, rows((*LEFT, 255), (*RIGHT, 255)), 8, RGBA)),
    transparent(
        "greyscale, 8 bits, tRNS", 8, GREY, (64,), (191,), chunk(b"tRNS", struct.pack(">H", 191)), shown=GREY_LEFT
    ),
    transparent(
        "greyscale, 16 bits, tRNS",
        16,
        GREY,
        (64 * 257,),
        (64 * 257 + 1,),
        chunk(b"tRNS", struct.pack(">H", 64 * 257 + 1)),
        shown=GREY_LEFT,
    ),
    transparent("RGB, 8 bits, tRNS", 8, RGB, LEFT, RIGHT, chunk(b"tRNS", struct.pack(">3H", *RIGHT))),
    transparent(
        "RGB, 16 bits, tRNS", 16, RGB, scaled(LEFT), scaled(RIGHT), chunk(b"tRNS", struct.pack(">3H", *scaled(RIGHT)))
    ),
    transparent(
        "palette, tRNS", 2, PALETTE, (0,), (1,), chunk(b"PLTE", bytes([*LEFT, *RIGHT])), chunk(b"tRNS", b"\xff\0")
    ),
    profiled("sRGB", icc.SRGB, ""),
    profiled("Display P3", icc.DISPLAY_P3),
    profiled("Adobe RGB", icc.ADOBE_RGB),
    profiled("ProPhoto RGB", icc.PROPHOTO),
    profiled("swapped channels", icc.SWAPPED),
    of(
        "iCCP: ProPhoto RGB, 16 bits",
        partial(png_of_rows, rows(scaled(LEFT), scaled(RIGHT)), 16, RGB, iccp(icc.rgb_profile(icc.PROPHOTO))),
        *PROPHOTO,
        "to sRGB",
    ),
    of(
        "iCCP: Adobe RGB, palette",
        partial(
            png_of_rows,
            rows((0,), (1,)),
            1,
            PALETTE,
            iccp(icc.rgb_profile(icc.ADOBE_RGB)),
            chunk(b"PLTE", bytes([*LEFT, *RIGHT])),
        ),
        *ADOBE,
        "to sRGB",
    ),
    of(
        "iCCP: greyscale, gamma 1.8",
        partial(png_of_rows, rows((64,), (191,)), 8, GREY, iccp(icc.grey_profile(1.8))),
        *GREY_GAMMA,
        "to sRGB",
    ),
    described(
        "iCCP: for another colour space (CMYK in RGB)",
        [iccp(icc.cmyk_profile(ink_colour))],
        LEFT,
        RIGHT,
        "ignored, because it is for CMYK, not for RGB",
    ),
    rejected("iCCP: damaged profile", partial(rgb, iccp(b"x" * 300)), "its ICC profile cannot be read"),
    rejected(
        "iCCP: damaged compression", partial(rgb, chunk(b"iCCP", b"name\0\0damaged")), "its ICC profile cannot be read"
    ),
    described("gAMA 1/2.2", [gama(45455)], LEFT, RIGHT, ""),
    described("gAMA 1/2.2 and cHRM of sRGB", [gama(45455), chrm(icc.SRGB)], LEFT, RIGHT, ""),
    described("gAMA 1 (linear light)", [gama(100_000)], *gamma_colours(1.0)),
    described("gAMA 1/1.8", [gama(55556)], *gamma_colours(1.8)),
    described("gAMA and cHRM of Adobe RGB", [gama(45455), chrm(icc.ADOBE_RGB)], *ADOBE),
    described("cHRM of Display P3", [chrm(icc.DISPLAY_P3)], *P3),
    described("sRGB chunk, which takes precedence over gAMA", [gama(100_000), SRGB_CHUNK], LEFT, RIGHT, ""),
    rejected("gAMA 0", partial(rgb, gama(0)), "the gAMA chunk of the PNG is 0"),
    rejected("cHRM of no colours", partial(rgb, chunk(b"cHRM", bytes(32))), "cannot be used"),
    described("cICP: sRGB", [cicp(1, 13, 0, 1)], LEFT, RIGHT, ""),
    described("cICP: Display P3", [cicp(12, 13, 0, 1)], *P3),
    described(
        "cICP: BT.2020",
        [cicp(9, 13, 0, 1)],
        icc.in_srgb(LEFT, icc.BT2020),
        icc.in_srgb(RIGHT, icc.BT2020),
    ),
    described(
        "cICP, which takes precedence over iCCP",
        [cicp(1, 13, 0, 1), iccp(icc.rgb_profile(icc.ADOBE_RGB))],
        LEFT,
        RIGHT,
        "",
    ),
    rejected("cICP: HDR (PQ)", partial(rgb, cicp(9, 16, 0, 1)), "such as HDR"),
    rejected("cICP: HDR (HLG)", partial(rgb, cicp(9, 18, 0, 1)), "such as HDR"),
    rejected("cICP: narrow range", partial(rgb, cicp(1, 13, 0, 0)), "range 0"),
    of("compressed text of 2 MB", partial(rgb, chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(2_000_000))))),
    of("text of 2 MB after the image", partial(rgb, after=[chunk(b"tEXt", b"note\0" + b"x" * 2_000_000)])),
    of("animation", animated, says="first of 2 frames"),
    of("other data after the end", lambda: rgb() + b"trailing"),
    rejected("truncated", lambda: rgb()[:-20], "the PNG is truncated"),
    rejected("end missing", lambda: rgb()[:-12], "the PNG is truncated"),
    rejected("wrong checksum of any chunk", with_bad_checksum, "'pHYs' does not have its checksum"),
    rejected("rows missing", with_rows_missing, "damaged image"),
    rejected(
        "transparency after the image",
        partial(rgb, after=[chunk(b"tRNS", bytes(6))]),
        "'tRNS' occurs twice or after the image data",
    ),
    rejected("transparency of the wrong size", partial(rgb, chunk(b"tRNS", bytes(2))), "the right size or place"),
    rejected("header missing", lambda: SIGNATURE + chunk(b"IEND", b""), "does not begin with its header"),
]
