"""The dendrogram of augmentations, its cut and its clusters."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster import hierarchy

from embedding_shift.plots import style
from embedding_shift.statistics import clustering

LEAF_STEP = 10  # scipy's dendrogram puts leaf i at 10 i + 5


def draw(pairwise_distance: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw the Ward dendrogram of the mean cosine distances between augmentations.

    Args:
        pairwise_distance: data frame of `pairwise_distance.csv`.
        augmentations: their labels and colours.
    """
    if len(augmentations) < 2:
        return style.note("This figure needs two augmentations.")
    names = [augmentation.name for augmentation in augmentations]
    distance = pairwise_distance.set_index("augmentation").loc[names, names].to_numpy(dtype=np.float64)
    if not np.isfinite(distance).all():
        return style.note("A distance between two augmentations is not defined.")
    merges = clustering.merges(distance, optimal_ordering=True)
    cut = clustering.CUT * merges[-1, 2]
    clusters = hierarchy.fcluster(merges, cut, "distance")
    figure, axes = plt.subplots(figsize=(style.text_width(), 0.8 + 0.24 * len(augmentations)))
    tree = hierarchy.dendrogram(merges, no_plot=True)
    _draw_tree(axes, tree, cut)
    leaves = [augmentations[index] for index in tree["leaves"]]
    positions = LEAF_STEP / 2 + LEAF_STEP * np.arange(len(leaves))
    axes.scatter(np.zeros(len(leaves)), positions, color=[leaf.color for leaf in leaves], s=28, zorder=3, clip_on=False)
    axes.set_yticks(positions, [leaf.label for leaf in leaves])
    _mark_clusters(axes, clusters[tree["leaves"]])
    return figure


def _draw_tree(axes: Axes, tree: Mapping[str, Any], cut: float) -> None:
    """Draw the links from left (distance 0) to right, those above the cut in grey, and the cut itself.

    Args:
        axes: to draw on.
        tree: what `scipy.cluster.hierarchy.dendrogram` returns.
        cut: in the unit of the tree's heights.
    """
    for positions, heights in zip(tree["icoord"], tree["dcoord"], strict=True):
        axes.plot(heights, positions, color="black" if heights[1] <= cut else style.GREY, linewidth=1)
    axes.axvline(cut, color=style.GREY, linestyle="--", linewidth=0.8)
    words = f"cut at {clustering.CUT} of the highest merge"
    axes.text(cut, 1.01, words, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=style.small())
    highest = max(max(heights) for heights in tree["dcoord"])
    style.set_root_scale(axes, "x")
    axes.set_xlim(0, 1.05 * highest if highest > 0 else 1)
    axes.set_ylim(LEAF_STEP * (len(tree["leaves"])), 0)
    axes.set_xlabel("Ward distance (square-root scale)")
    axes.tick_params(axis="y", length=0, pad=8)
    axes.spines["left"].set_visible(False)


def _mark_clusters(axes: Axes, clusters: np.ndarray) -> None:
    """Shade the rows of the clusters in turn and name the clusters on the right.

    Args:
        axes: to draw on.
        clusters: (A,), the cluster of every leaf, in the order of the leaves.
    """
    starts = [0, *(np.flatnonzero(np.diff(clusters)) + 1), len(clusters)]
    for number, (start, end) in enumerate(pairwise(starts), 1):
        shade = "#E6EAF2" if number % 2 else "#F6EFE2"
        axes.axhspan(LEAF_STEP * start, LEAF_STEP * end, color=shade, linewidth=0, zorder=0)
        middle = LEAF_STEP * (start + end) / 2
        axes.text(
            1.01,
            middle,
            f"cluster {number}",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=style.small(),
        )
