"""The dendrogram of augmentations: Ward linkage of their mean cosine distances."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

FloatArray = npt.NDArray[np.float64]

CUT = 0.7  # of the highest merge, as in the original paper


def merges(distance: FloatArray, optimal_ordering: bool = False) -> FloatArray:
    """Return the Ward linkage of a distance matrix.

    Args:
        distance: (A, A), symmetric, zero diagonal, A ≥ 2.
        optimal_ordering: whether to order the leaves so that neighbours are close. It changes how the dendrogram looks,
            not which leaves merge.

    Returns:
        float64 (A − 1, 4), as `scipy.cluster.hierarchy.linkage` returns it.
    """
    return hierarchy.linkage(squareform(distance, checks=False), "ward", optimal_ordering=optimal_ordering)


def merge_heights(distance: FloatArray) -> FloatArray:
    """Return the height at which every two leaves merge (the cophenetic distances).

    Args:
        distance: (A, A), symmetric, zero diagonal, A ≥ 2.

    Returns:
        float64 (A, A), zero diagonal, in the unit of the dendrogram's heights.
    """
    return squareform(hierarchy.cophenet(merges(distance)))


def isolation(heights: FloatArray, leaf: int) -> float:
    """Return the height at which a leaf first merges, minus the cut.

    The value is positive where the leaf is a cluster of its own.

    Args:
        heights: (A, A), from `merge_heights`.
        leaf: index of the leaf.
    """
    return np.delete(heights[leaf], leaf).min() - CUT * heights.max()


def cohesion(heights: FloatArray, members: Sequence[int]) -> float:
    """Return the height at which a group first merges with another leaf, minus the height that completes the group.

    The value is positive where the group is a sub-tree of its own, and larger the tighter the group is.

    Args:
        heights: (A, A), from `merge_heights`.
        members: indices of the leaves in the group, not of all leaves.
    """
    inside = np.asarray(members)
    outside = np.setdiff1d(np.arange(len(heights)), inside)
    return heights[np.ix_(inside, outside)].min() - heights[np.ix_(inside, inside)].max()
