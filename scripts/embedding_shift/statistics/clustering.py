"""The tree of augmentations: Ward linkage of the mean cosine distances, cut at a part of the highest merge."""

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

CUT = 0.7  # of the highest merge, as in the seed paper


def merges(distance):
    """Return the Ward linkage (A − 1, 4) of a symmetric distance matrix (A, A), A ≥ 2."""
    return hierarchy.linkage(squareform(distance, checks=False), "ward")


def merge_heights(distance):
    """Return the height at which every two leaves come together.

    Args:
        distance: (A, A), symmetric, zero diagonal, A ≥ 2.

    Returns:
        float64 (A, A), zero diagonal, in the unit of the tree's heights.
    """
    return squareform(hierarchy.cophenet(merges(distance)))


def isolation(heights, leaf):
    """Return how far above the cut a leaf (index) first merges: above 0 where it is a cluster of its own."""
    return np.delete(heights[leaf], leaf).min() - CUT * heights.max()


def cohesion(heights, members):
    """Return the height from the merge that completes a group of leaves (indices) to the first with another leaf.

    Positive where the group is a sub-tree of its own, and the larger the tighter.
    """
    members = np.asarray(members)
    others = np.setdiff1d(np.arange(len(heights)), members)
    return heights[np.ix_(members, others)].min() - heights[np.ix_(members, members)].max()
