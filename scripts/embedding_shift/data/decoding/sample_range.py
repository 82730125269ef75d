"""Scale samples of any type to the full range of uint8 or uint16, by one rule for which values are black and white.

Black is 0. White is

- 2^n − 1 for unsigned samples of n bits, and 2^(n−1) − 1 for signed ones,
- 1, 255 or 65535 for floating-point samples: the smallest that the image exceeds by at most a quarter. The range is
  ambiguous, and the image rejected, if white would be 255 or 65535 but the image does not reach a sixteenth of it, or
  if less than a tenth of its pixels exceed the next smaller white.

A few odd pixels do not change the result: NaN, infinity and outliers may occur in one pixel, or in 0.1 % of the pixels
if that is more. NaN becomes black; all other values outside the range are clipped. If more pixels are odd, the image is
rejected, because its range is unknown.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError

ODD_SHARE = 0.001
FLOAT_WHITES = (1, 255, 65535)
OVERSHOOT = 0.25  # Interpolation overshoots at edges; a bicubic one by less than this.
SMALLEST_USE = 1 / 16
SMALLEST_SHARE = 0.1
BLOCK = 2**20  # pixels
MAX_16 = 65535


class Samples(NamedTuple):
    """Samples at full range.

    Attributes:
        values: uint8 or uint16 array (height, width, channels); white is 255 or 65535.
        remarks: what was converted, for people.
    """

    values: NDArray[Any]
    remarks: list[str]


def at_full_range(values: NDArray[Any], bits: int) -> Samples:
    """Scale the samples of one image.

    Args:
        values: array (height, width, channels) of unsigned or signed integers, or floating-point numbers.
        bits: the significant bits of an integer sample; the others must be zero.

    Raises:
        InputError: the range of the image is unknown.
    """
    kind = values.dtype.kind
    if kind == "f":
        white = float(_white_of_floats(values))
        remark = f"{values.dtype.itemsize * 8}-bit floating-point samples in 0–{white:.0f} to 8 bits"
        return Samples(_scaled(values, white, MAX_16), [remark])
    if kind == "i" and _odd_limits(values)[0] < 0:
        raise InputError("its signed samples are negative in many pixels, so that black is undefined")
    white = float(2 ** (bits - (kind == "i")) - 1)
    target = 255 if bits <= 8 else MAX_16
    if white != target or values.dtype != _type_for(target):
        values = _scaled(values, white, target)
    return Samples(values, [] if bits <= 8 else [f"{bits} bits to 8 bits"])


def row_blocks(values: NDArray[Any]) -> Iterator[slice]:
    """Yield slices of the rows of an array (height, width, …), of about BLOCK pixels each, to bound the memory."""
    step = max(1, BLOCK // max(1, values.shape[1]))
    for start in range(0, len(values), step):
        yield slice(start, start + step)


def to_8_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return uint8 or uint16 samples at full range as uint8."""
    if values.dtype == np.uint8:
        return values
    result = np.empty(values.shape, np.uint8)
    for rows in row_blocks(values):
        result[rows] = (values[rows].astype(np.uint32) + 128) // 257  # 257 is 65535 / 255.
    return result


def _scaled(values: NDArray[Any], white: float, target: int) -> NDArray[Any]:
    """Return round(values / white * target), clipped to 0–target; NaN becomes 0."""
    result = np.empty(values.shape, _type_for(target))
    for rows in row_blocks(values):
        part = values[rows].astype(np.float64)
        np.nan_to_num(part, copy=False, nan=0, posinf=white, neginf=0)
        np.clip(part, 0, white, out=part)
        result[rows] = np.rint(part * (target / white))
    return result


def _type_for(white: int) -> np.dtype[np.unsignedinteger]:
    return np.dtype(np.uint8 if white <= 255 else np.uint16)


def _white_of_floats(values: NDArray[Any]) -> int:
    low, high = _odd_limits(values)
    smaller = 0
    for white in FLOAT_WHITES:
        if high <= white * (1 + OVERSHOOT):
            if low < -white * OVERSHOOT:
                raise InputError(f"its floating-point samples are as low as {low:.4g}, so that black is undefined")
            if smaller and (high < white * SMALLEST_USE or _share_above(values, smaller) < SMALLEST_SHARE):
                break
            return white
        smaller = white
    raise InputError(
        f"its floating-point samples reach {high:.4g}, so that white is undefined; the known ranges are 0–1, 0–255 and "
        "0–65535"
    )


def _share_above(values: NDArray[Any], white: int) -> float:
    """Return the share of pixels with a sample that exceeds a white by more than interpolation does."""
    return float(np.mean(values.max(axis=2) > white * (1 + OVERSHOOT)))


def _odd_limits(values: NDArray[Any]) -> tuple[float, float]:
    """Return the lowest and the highest sample, without those of the odd pixels.

    Raises:
        InputError: too many pixels are NaN or infinite.
    """
    highest = values.max(axis=2).ravel()  # NaN if any sample of the pixel is NaN
    lowest = values.min(axis=2).ravel()
    finite = np.isfinite(highest) & np.isfinite(lowest)
    count, known = finite.size, int(np.count_nonzero(finite))
    allowed = min(max(1, int(count * ODD_SHARE)), count - 1)
    if count - known > allowed:
        raise InputError(f"{count - known} of its {count} pixels are NaN or infinite")
    place = min(allowed, known - 1)
    if known < count:
        highest, lowest = highest[finite], lowest[finite]
    highest.partition(known - 1 - place)
    lowest.partition(place)
    return float(lowest[place]), float(highest[known - 1 - place])
