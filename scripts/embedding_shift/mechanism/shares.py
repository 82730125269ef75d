"""Split the cosine distance between an original and its view exactly among the parts of the tower.

x is a sum of parts: heads, biases, MLPs, and the stream at the start. With e = M C x / σ + b and a = 1 / (σ ‖e‖), the
change of u = e / ‖e‖ is the sum of ½ (a + a′) M C (c′ₖ − cₖ) over the parts cₖ, and of what the change of a and of
b / ‖e‖ adds, which is the share of the scale. Because 1 − u·u′ = ½ ‖u′ − u‖², half the product of each term with u′ − u
is its share, and the shares add up to 1 − u·u′ without remainder (Gandelsman, Efros and Steinhardt 2023, made exact for
differences). Exchanging original and view leaves all shares as they are.
"""

from typing import NamedTuple

import numpy as np

from embedding_shift.mechanism.captured_views import Arrays
from embedding_shift.mechanism.tower import FloatArray, Tower

PARTS = ("heads", "mlps", "start", "total")


class Shares(NamedTuple):
    """The shares of 1 − cosine of N pairs, or other values per part.

    Attributes:
        heads: (N, l, heads).
        mlps: (N, l), with l = 0 without MLPs.
        biases: (N, l), zero unless x is an average, because biases do not change.
        start: (N,), of the stream before the first block; zero if x is a class token.
        scale: (N,), of the LayerNorm's scale and of the offset.
    """

    heads: FloatArray
    mlps: FloatArray
    biases: FloatArray
    start: FloatArray
    scale: FloatArray

    def total(self) -> FloatArray:
        """Return the sum over all parts, (N,)."""
        return self.heads.sum((1, 2)) + self.mlps.sum(1) + self.biases.sum(1) + self.start + self.scale


def end_of_stream(parts: Arrays, tower: Tower) -> FloatArray:
    """Return x (N, width), the sum of the captured parts."""
    heads = np.einsum("nlhk,ldhk->nd", parts["heads"], tower.weights, optimize=True)
    return heads + parts["mlps"].sum(1) + parts["total"][:, None] * tower.biases.sum(0) + parts["start"]


def shares(before: Arrays, after: Arrays, tower: Tower) -> Shares:
    """Return the share of every part in 1 − cosine.

    Args:
        before, after: captured parts of N originals and of their views, float64: see PARTS and `towers.capture`.
        tower: the tower.
    """
    ends = [end_of_stream(parts, tower) for parts in (before, after)]
    embeddings = [tower.read_out(x) for x in ends]
    lengths = [np.linalg.norm(embedding, axis=1) for embedding in embeddings]
    factors = [1 / (tower.scale(x)[:, 0] * length) for x, length in zip(ends, lengths, strict=True)]
    turn = embeddings[1] / lengths[1][:, None] - embeddings[0] / lengths[0][:, None]
    back = tower.centred(turn @ tower.matrix.T)
    quarter = sum(factors) / 4
    difference = {name: after[name] - before[name] for name in PARTS}
    by_head = np.einsum("nd,ldhk->nlhk", back, tower.weights, optimize=True)
    middle = tower.centred((ends[0] + ends[1]) / 2) @ tower.matrix
    scale = (factors[1] - factors[0])[:, None] * middle + tower.offset * (1 / lengths[1] - 1 / lengths[0])[:, None]
    return Shares(
        heads=quarter[:, None, None] * (difference["heads"] * by_head).sum(-1),
        mlps=quarter[:, None] * np.einsum("nld,nd->nl", difference["mlps"], back),
        biases=(quarter * difference["total"])[:, None] * (back @ tower.biases.T),
        start=quarter * (difference["start"] * back).sum(1),
        scale=(scale * turn).sum(1) / 2,
    )


def undone(before: Arrays, after: Arrays, tower: Tower) -> Shares:
    """Return by how much 1 − cosine falls if one part alone is put back to the original's.

    The LayerNorm is computed again, so these values do not add up, and the scale is no part that could be put back: its
    value is NaN.
    """
    ends = [end_of_stream(parts, tower) for parts in (before, after)]
    target, shifted = (tower.read_out(x) for x in ends)
    distance = _cosine_distance(target, shifted)

    def fall(change: FloatArray) -> FloatArray:
        """Return the fall (N, …) for changes of x (N, …, width)."""
        at = (slice(None), *[None] * (change.ndim - 2))
        return distance[at] - _cosine_distance(target[at], tower.read_out(ends[1][at] - change))

    difference = {name: after[name] - before[name] for name in PARTS}
    heads = [
        fall(np.einsum("nhk,dhk->nhd", difference["heads"][:, layer], weights))
        for layer, weights in enumerate(tower.weights)
    ]
    biases = difference["total"][:, None, None] * tower.biases
    return Shares(
        heads=np.stack(heads, 1),
        mlps=fall(difference["mlps"]),
        biases=fall(biases),
        start=fall(difference["start"]),
        scale=np.full(len(distance), np.nan),
    )


def _cosine_distance(first: FloatArray, second: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return 1 - (first * second).sum(-1) / lengths
