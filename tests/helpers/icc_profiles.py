"""Small ICC profiles, written byte by byte, and the sRGB colours that they stand for, computed by formula."""

import struct

import numpy as np

D50_XYZ = np.array([0.9642, 1.0, 0.8249])
D50 = (0.3457, 0.3585)
D65 = (0.3127, 0.3290)
# (x, y) of red, green, blue and white; the gamma, or None for the curve of sRGB.
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65), None
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65), None
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65), 563 / 256
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), D50), 1.8
SWAPPED = ((0.30, 0.60), (0.64, 0.33), (0.15, 0.06), D65), None  # Red is green and green is red.
BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65), None
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def in_srgb(colour, space):
    """Return the sRGB values, 0–255, of an RGB colour, 0–255, of another space."""
    primaries, gamma = space
    linear = _decoded(np.array(colour) / 255, gamma)
    linear = np.linalg.inv(_to_d50(SRGB[0])) @ _to_d50(primaries) @ linear
    return tuple(255 * _encoded(np.clip(linear, 0, 1)))


def grey_in_srgb(value, gamma):
    """Return the sRGB value, 0–255, of a grey value, 0–255, with a gamma."""
    return 255 * _encoded(np.array((value / 255) ** gamma))


def rgb_profile(space, name="a test"):
    """Return a matrix profile of version 2."""
    primaries, gamma = space
    columns = _to_d50(primaries).T
    curve = _curve(gamma)
    tags = {f"{channel}XYZ": _xyz(column) for channel, column in zip("rgb", columns, strict=True)}
    tags |= {f"{channel}TRC": curve for channel in "rgb"}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags, name)


def grey_profile(gamma, name="grey"):
    """Return a grey profile with a gamma."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {"kTRC": _curve(gamma)}, name)


def cmyk_profile(colour_of, name="four inks"):
    """Return a profile with a table of two grid points per ink.

    Args:
        colour_of: the sRGB colour, 0–255, of (c, m, y, k), each 0 or 1.
    """
    inks = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    table = bytes(value for ink in inks for value in _lab8(colour_of(*ink)))
    ramp = bytes(range(256))
    identity = b"".join(struct.pack(">i", 65536 * (row == column)) for row in range(3) for column in range(3))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + table + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {"A2B0": lut}, name)


def _to_d50(primaries):
    """Return the matrix from linear RGB to XYZ relative to D50, adapted by Bradford."""
    *colours, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries)
    matrix = np.stack(colours, axis=1)
    matrix = matrix * np.linalg.solve(matrix, white)
    cones = (BRADFORD @ D50_XYZ) / (BRADFORD @ white)
    return np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ matrix


def _decoded(values, gamma):
    if gamma is not None:
        return values**gamma
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _encoded(linear):
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _lab8(colour):
    """Return the 8-bit CIELAB values of an sRGB colour, 0–255."""
    xyz = _to_d50(SRGB[0]) @ _decoded(np.array(colour) / 255, None) / D50_XYZ
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    lightness, a, b = 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])
    return (round(lightness * 2.55), round(a + 128), round(b + 128))


def _curve(gamma):
    if gamma is not None:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    points = np.rint(65535 * _decoded(np.linspace(0, 1, 1024), None)).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", points.size) + points.tobytes()


def _xyz(values):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _profile(device_class, space, connection, tags, name):
    text = name.encode() + b"\0"
    description = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)
    everything = {"desc": description, "wtpt": _xyz(D50_XYZ), "cprt": b"text" + bytes(4) + b"none\0"} | tags
    table, body, start = b"", b"", 128 + 4 + 12 * len(everything)
    for tag, content in everything.items():
        content += bytes(-len(content) % 4)
        table += tag.encode() + struct.pack(">II", start + len(body), len(content))
        body += content
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"test", 0x02100000, device_class, space, connection)
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header + bytes(128 - len(header)) + struct.pack(">I", len(everything)) + table + body
