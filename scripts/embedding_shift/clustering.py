"""The tree of augmentations: Ward linkage of the mean cosine distances, cut at a part of the highest merge."""

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

CUT = 0.7  # of the highest merge, as in the seed paper


def merges(distance):
    """Return the Ward linkage (A − 1, 4) of a symmetric distance matrix (A, A), A ≥ 2."""
    return hierarchy.linkage(squareform(distance, checks=False), "ward")


def merge_heights(distance):
    """Return the height at which every two leaves come together, as a part of the highest merge.

    Args:
        distance: (A, A), symmetric, zero diagonal, A ≥ 2.

    Returns:
        float64 (A, A), 0 to 1, zero diagonal; all zeros where all distances are zero.
    """
    tree = merges(distance)
    heights = squareform(hierarchy.cophenet(tree))
    return heights / tree[-1, 2] if tree[-1, 2] > 0 else heights


def isolation(heights, leaf):
    """Return how far above the cut a leaf (index) first merges: above 0 where it is a cluster of its own."""
    return np.delete(heights[leaf], leaf).min() - CUT


def cohesion(heights, members):
    """Return the gap between the merge that completes a group of leaves (indices) and the first with another leaf.

    Positive where the group is a sub-tree of its own, and the larger the tighter; −1 to 1.
    """
    members = np.asarray(members)
    others = np.setdiff1d(np.arange(len(heights)), members)
    return heights[np.ix_(members, others)].min() - heights[np.ix_(members, members)].max()
