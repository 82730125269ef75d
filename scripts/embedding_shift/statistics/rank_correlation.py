"""Rank correlation: Spearman's ρ and Kendall's τ of two lists of values."""

import numpy as np
import numpy.typing as npt
from scipy import stats


def spearman_rho(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Spearman's ρ along the last axis: Pearson's correlation of the ranks, where tied values share their mean rank.

    `scipy.stats.spearmanrho` gives the same values up to rounding. It also computes p values, takes twice the time,
    and warns about every list in which all values tie.

    Args:
        first, second: (..., items), of the same shape.

    Returns:
        float64 (...), −1 to 1; NaN where all items of one list tie.
    """
    one, other = (stats.rankdata(values, axis=-1) for values in (first, second))
    one, other = (ranks - ranks.mean(axis=-1, keepdims=True) for ranks in (one, other))
    scale = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    return np.divide((one * other).sum(axis=-1), scale, out=np.full(np.shape(scale), np.nan), where=scale > 0)


def kendall_tau_a(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Kendall's τa along the last axis: concordant minus discordant pairs, divided by all pairs.

    A tied pair counts as neither, so ties pull τa towards 0. SciPy has no τa, and its `kendalltau` takes one pair of
    lists at a time.

    Args:
        first, second: (..., items), of the same shape, with two or more items.

    Returns:
        float64 (...), −1 to 1.
    """
    one, other = np.asarray(first), np.asarray(second)
    left, right = np.triu_indices(one.shape[-1], 1)
    return np.mean(np.sign(one[..., left] - one[..., right]) * np.sign(other[..., left] - other[..., right]), axis=-1)


def kendall_tau_b(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Kendall's τb along the last axis: like τa, but divided by the pairs that do not tie, as their geometric mean.

    Args:
        first, second: (..., items) or (items,), with two or more items.

    Returns:
        float64 (...), −1 to 1; NaN where all items of one list tie.
    """
    one, other = np.broadcast_arrays(np.asarray(first), np.asarray(second))
    left, right = np.triu_indices(one.shape[-1], 1)
    signs, others = np.sign(one[..., left] - one[..., right]), np.sign(other[..., left] - other[..., right])
    scale = np.sqrt((signs != 0).sum(axis=-1) * (others != 0).sum(axis=-1, dtype=np.float64))
    return np.divide((signs * others).sum(axis=-1), scale, out=np.full(np.shape(scale), np.nan), where=scale > 0)
