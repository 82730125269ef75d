"""Attention maps in a few bytes: the mean over heads, scaled to its range, and warped as a view was."""

import base64
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.metrics.representation_metrics import scaled
from embedding_shift.views.correspondence import Correspondence

HIGHEST = 254
INVALID = 255  # where a view shows nothing of the original
REGISTERED_SIZE = 32  # pixels of a warped map
COLORS = {"sequential": cv2.COLORMAP_VIRIDIS, "difference": cv2.COLORMAP_TWILIGHT_SHIFTED}

Map = NDArray[np.uint8]


def attention_map(attention: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean over heads of attention (heads, rows, cols), scaled to 0 to 1: (rows, cols)."""
    return scaled(attention.astype(np.float64).mean(axis=0))


def packed(maps: Sequence[NDArray[Any]]) -> dict[str, Any] | None:
    """Return maps of one shape, 0 to 1 or NaN, as JSON values: rows, columns and the bytes; None for no map."""
    if not maps or 0 in maps[0].shape:
        return None
    values = np.stack(maps)
    levels = np.where(np.isfinite(values), np.rint(np.nan_to_num(values) * HIGHEST), INVALID).astype(np.uint8)
    rows, columns = values.shape[1:]
    return {"rows": rows, "columns": columns, "bytes": base64.b64encode(levels.tobytes()).decode()}


def registered(attention: NDArray[Any], correspondence: Correspondence) -> NDArray[np.float64]:
    """Return the map of an original warped as its view was, (REGISTERED_SIZE, REGISTERED_SIZE).

    The map is scaled over the pixels of the view that show the original, and NaN elsewhere.
    """
    size = (REGISTERED_SIZE, REGISTERED_SIZE)
    moved = correspondence.scaled(REGISTERED_SIZE)
    enlarged = cv2.resize(attention.astype(np.float64).mean(axis=0), size, interpolation=cv2.INTER_LINEAR)
    warped = moved.warp(enlarged)
    found = np.full(size, np.nan)
    if moved.valid.any():
        found[moved.valid] = scaled(warped[moved.valid])
    return found


def color_table(name: str) -> str:
    """Return the 256 colours of a map as hexadecimal RGB digits."""
    levels = np.arange(256, dtype=np.uint8)[None]
    return cv2.cvtColor(cv2.applyColorMap(levels, COLORS[name]), cv2.COLOR_BGR2RGB).tobytes().hex()
