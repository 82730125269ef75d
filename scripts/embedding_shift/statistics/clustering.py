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


def merges_of_pairs(distances: FloatArray) -> FloatArray:
    """Return the Ward linkage of the distances between every two leaves: (pairs,), in the order of `combinations`."""
    return hierarchy.linkage(distances, "ward")


def isolation(merged: FloatArray, leaf: int) -> float:
    """Return the height at which a leaf first merges, minus the cut.

    The value is positive where the leaf is a cluster of its own.

    Args:
        merged: (A − 1, 4), from `merges` or `merges_of_pairs`; the heights increase.
        leaf: index of the leaf.
    """
    first = next(height for one, other, height, _ in merged.tolist() if leaf in (one, other))
    return first - CUT * float(merged[-1, 2])


def cohesion(merged: FloatArray, members: Sequence[int]) -> float:
    """Return the height at which a group first merges with another leaf, minus the height that completes the group.

    The value is positive where the group is a sub-tree of its own, and larger the tighter the group is.

    Args:
        merged: (A − 1, 4), from `merges` or `merges_of_pairs`; the heights increase.
        members: indices of the leaves in the group, not of all leaves.
    """
    # Sets of leaves as bits of whole numbers: resampling asks thousands of trees.
    group = sum(1 << member for member in members)
    clusters = [1 << leaf for leaf in range(len(merged) + 1)]
    joined_by_another, completed = None, None
    for one, other, height, _ in merged.tolist():
        cluster = clusters[int(one)] | clusters[int(other)]
        clusters.append(cluster)
        if joined_by_another is None and cluster & group and cluster & ~group:
            joined_by_another = height
        if completed is None and cluster & group == group:
            completed = height
    assert joined_by_another is not None and completed is not None  # The last merge joins all leaves.
    return joined_by_another - completed
