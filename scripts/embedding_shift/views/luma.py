"""The grey value of colours."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# Weights of red, green and blue in the grey value, in thousandths. For 8-bit images all values computed from them are
# whole numbers, which float32 holds exactly up to 2**24: single precision is as exact as double precision, and faster.
LUMA = np.array([[299, 587, 114]], dtype=np.float32)
LUMA_UNIT = 1000


def luma(image: NDArray[np.uint8]) -> NDArray[Any]:
    """Return 299 R + 587 G + 114 B: uint8 (h, w, 3) to float32 (h, w), whole thousandths of a grey level."""
    return cv2.transform(image.astype(np.float32), LUMA)
