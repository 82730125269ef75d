"""The linear end of an image tower in NumPy: what turns the parts of x into the embedding."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.io import array_files

FloatArray = NDArray[np.float64]
SCALED, CENTRED, PLAIN = "scaled", "centred", "plain"
CLASS_TOKEN, AVERAGE, POOLING_HEAD = "class token", "average", "pooling head"


@dataclass(frozen=True)
class Tower:
    """The end of an image tower: e = M C x / σ + b, in float64.

    Attributes:
        pooling: what x is: CLASS_TOKEN, AVERAGE or POOLING_HEAD; empty if it is not known.
        norm: SCALED if x is centred (C) and divided by its standard deviation σ, which a LayerNorm does; CENTRED if it
            is centred and σ is 1, because the tokens were divided before they were averaged; PLAIN if it is neither.
        eps: added to the variance.
        blocks: number of blocks.
        grid: rows and columns of patches, or None.
        weights: (l, width, heads, width of a head), projections of the heads, LayerScale included.
        biases: (l, width), biases of the projections.
        matrix: M transposed, (width, D).
        offset: b (D,).
        missing: why something is not defined, by name: "stream", "parts" or "read-out".
    """

    pooling: str
    norm: str
    eps: float
    blocks: int
    grid: tuple[int, int] | None
    weights: FloatArray
    biases: FloatArray
    matrix: FloatArray
    offset: FloatArray
    missing: dict[str, str]

    @classmethod
    def read(cls, path: str | Path) -> "Tower":
        """Return the tower that encoders/towers/tower_export.py wrote.

        Raises:
            InputError: the file is damaged.
        """
        arrays = array_files.read(path)
        description: dict[str, Any] = json.loads(str(arrays.pop("description")))
        grid = description.pop("grid")
        values: dict[str, Any] = {name: array.astype(np.float64) for name, array in arrays.items()}
        return cls(**description, grid=tuple(grid) if grid else None, **values)

    def centred(self, x: FloatArray) -> FloatArray:
        """Return C x for x (…, width)."""
        return x if self.norm == PLAIN else x - x.mean(-1, keepdims=True)

    def scale(self, x: FloatArray) -> FloatArray:
        """Return σ of x (…, width) as (…, 1)."""
        if self.norm != SCALED:
            return np.ones((*x.shape[:-1], 1))
        return np.sqrt(x.var(-1, keepdims=True) + self.eps)

    def read_out(self, x: FloatArray) -> FloatArray:
        """Return e (…, D) of x (…, width)."""
        return self.centred(x) / self.scale(x) @ self.matrix + self.offset
