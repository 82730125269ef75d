"""Metrics on the output of the encoder: embeddings and attention maps, all images at once."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.metrics import registry

ATTENTION_MAP_SIZE = 224
IMAGES_AT_ONCE = 256  # whose attention is in memory in double precision


@registry.register(
    "cosine_similarity",
    "Cosine similarity",
    "embedding",
    formula=r"u\cdot v/(\lVert u\rVert\,\lVert v\rVert)",
    sentence="The cosine of the angle between the embeddings $u$ of the original and $v$ of the view.",
)
def cosine_similarity(original: NDArray[Any], augmented: NDArray[Any]) -> NDArray[np.float64]:
    """Return u·v / (‖u‖‖v‖) of embeddings (N, D) and (N, D): float64 (N,), −1 to 1; NaN if a norm is 0 or infinite."""
    original, augmented = original.astype(np.float64), augmented.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        norms = np.linalg.norm(original, axis=1) * np.linalg.norm(augmented, axis=1)
        products = np.sum(original * augmented, axis=1)
        return np.divide(products, norms, out=np.full(len(norms), np.nan), where=norms > 0)


@registry.register(
    "l2_distance",
    "L2 distance",
    "embedding",
    higher_is_closer=False,
    formula=r"\lVert u-v\rVert_2",
    sentence="The distance between the embeddings $u$ of the original and $v$ of the view.",
)
def l2_distance(original: NDArray[Any], augmented: NDArray[Any]) -> NDArray[np.float64]:
    """Return ‖u − v‖ of embeddings (N, D) and (N, D): float64 (N,), ≥ 0."""
    with np.errstate(invalid="ignore"):
        return np.linalg.norm(original.astype(np.float64) - augmented.astype(np.float64), axis=1)


@registry.register(
    "attention_similarity",
    "Attention similarity",
    "attention",
    formula=r"1/(1+\operatorname{mean}[(A_o-A_a)^2])",
    sentence="How alike the attention maps $A$ of the final layer are, each scaled to the unit interval.",
)
def attention_similarity(original: NDArray[Any], augmented: NDArray[Any]) -> NDArray[np.float64]:
    """Return 1 / (1 + mean squared difference) of attention maps: (N, heads, rows, cols) to float64 (N,), 0.5 to 1.

    The maps are those of `attention_map`. A map that is not finite gives NaN.
    """
    parts = [slice(start, start + IMAGES_AT_ONCE) for start in range(0, len(original), IMAGES_AT_ONCE)]
    return np.concatenate([np.empty(0), *(_map_similarities(original[part], augmented[part]) for part in parts)])


def moved_attention(original: NDArray[Any], augmented: NDArray[Any]) -> float:
    """Return the share of the attention that is on other patches than before: 0 to 1.

    It is the total variation distance between two maps, each the mean over heads divided by its sum.

    Args:
        original, augmented: attention (heads, rows, cols), not negative; without heads, the result is NaN.
    """
    if 0 in original.shape:
        return float("nan")
    before, after = (array.astype(np.float64).mean(axis=0) for array in (original, augmented))
    with np.errstate(invalid="ignore"):
        return float(np.abs(before / before.sum() - after / after.sum()).sum() / 2)


def attention_map(attention: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean over heads, upsampled bilinearly and scaled to [0, 1]: (heads, rows, cols) to float64 (224, 224).

    A constant map becomes all zeros.
    """
    mean = attention.astype(np.float64).mean(axis=0)
    upsampled = cv2.resize(mean, (ATTENTION_MAP_SIZE, ATTENTION_MAP_SIZE), interpolation=cv2.INTER_LINEAR)
    return scaled(upsampled)


def scaled(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift and scale an array to [0, 1]. A constant array becomes all zeros, one that is not finite all NaN."""
    lowest, highest = array.min(), array.max()
    if not np.isfinite([lowest, highest]).all():
        return np.full_like(array, np.nan)
    spread = highest - lowest
    return (array - lowest) / spread if spread > 0 else np.zeros_like(array)


def _map_similarities(original: NDArray[Any], augmented: NDArray[Any]) -> NDArray[np.float64]:
    """Return `attention_similarity` without upsampling every map.

    Upsampling is linear and keeps constants. So small maps can be scaled by the extremes of the upsampled ones, and the
    mean squared difference of the upsampled maps is a quadratic form of the difference of the small ones. This differs
    from the plain computation in the last digit, and takes a tenth of the time.
    """
    difference = _scaled_small_maps(original) - _scaled_small_maps(augmented)
    weights = (_upsampling(length) for length in difference.shape[1:])
    # Not `@`: the last digits of a BLAS product depend on the machine.
    rows, columns = (np.einsum("pi,pj->ij", each, each) for each in weights)
    products = np.einsum("nil,lj->nij", np.einsum("ik,nkl->nil", rows, difference), columns)
    return 1 / (1 + np.einsum("nij,nij->n", products, difference) / ATTENTION_MAP_SIZE**2)


def _scaled_small_maps(attention: NDArray[Any]) -> NDArray[np.float64]:
    """Return the means over heads, scaled as `attention_map` scales them: (N, heads, rows, cols) to (N, rows, cols)."""
    maps = attention.astype(np.float64).mean(axis=1)
    rows, columns = (_ends_of_slopes(_upsampling(length)) for length in maps.shape[1:])
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.einsum("nil,jl->nij", np.einsum("ik,nkl->nil", rows, maps), columns)
        lowest, highest = (extreme(values, axis=(1, 2), keepdims=True) for extreme in (np.min, np.max))
        scaled_maps: NDArray[np.float64] = (maps - lowest) / (highest - lowest)
        scaled_maps[np.ptp(maps, axis=(1, 2)) == 0] = 0
    return scaled_maps


def _upsampling(length: int) -> NDArray[np.float64]:
    """Return the weights of a row of `length` values in a row of an attention map: (ATTENTION_MAP_SIZE, length)."""
    size = (length, ATTENTION_MAP_SIZE)
    return np.asarray(cv2.resize(np.eye(length), size, interpolation=cv2.INTER_LINEAR), np.float64)


def _ends_of_slopes(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows of `_upsampling` that can yield an extreme: the first and the last between two neighbours."""
    first_neighbour = (weights > 0).argmax(axis=1)
    is_last = np.diff(first_neighbour, append=-1) != 0
    is_first = np.diff(first_neighbour, prepend=-1) != 0
    return weights[is_first | is_last]
