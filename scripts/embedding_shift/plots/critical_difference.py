"""The critical-difference diagram: mean ranks, and groups of augmentations that the test does not separate."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scikit_posthocs
from matplotlib.figure import Figure

from embedding_shift.plots import style

METRIC = "cosine_similarity"
FEWEST_IMAGES = 2


def draw(
    mean_ranks: pd.DataFrame,
    paired_differences: pd.DataFrame,
    augmentations: Sequence[style.Augmentation],
    confidence: float,
) -> Figure:
    """Draw the mean ranks by cosine similarity, with a bar for each group in which no pair differs.

    A dot on a bar marks a member of the group: the pairwise tests need not group augmentations of adjacent ranks.

    Args:
        mean_ranks: data frame of `mean_ranks.csv`.
        paired_differences: data frame of `paired_differences.csv`.
        augmentations: their labels and colours.
        confidence: 1 − level of the Holm-corrected test.
    """
    ranks = mean_ranks[mean_ranks["metric"] == METRIC]
    shown = [augmentation for augmentation in augmentations if augmentation.name in set(ranks["augmentation"])]
    if len(shown) < 2 or ranks["n"].min() < FEWEST_IMAGES:
        return style.note("This figure needs two augmentations and two images.")
    labels = {augmentation.name: augmentation.label for augmentation in shown}
    means = ranks.set_index("augmentation")["mean_rank"].rename(labels)
    figure, axes = plt.subplots(figsize=(style.text_width(), 1 + 0.21 * len(shown)))
    drawn = scikit_posthocs.critical_difference_diagram(
        means,
        _p_values(paired_differences[paired_differences["metric"] == METRIC], labels),
        alpha=1 - confidence,
        ax=axes,
        color_palette={augmentation.label: augmentation.color for augmentation in shown},
        label_fmt_left="{label}  {rank:.2f} ",
        label_fmt_right=" {rank:.2f}  {label}",
        label_props={"fontsize": style.small()},
        elbow_props={"linewidth": 0.9},
        marker_props={"s": 22, "clip_on": False},
        crossbar_props={"linewidth": 1.5, "color": "black", "marker": "o", "markersize": 4},
        text_h_margin=0.3,
    )
    for (bar,) in drawn["crossbars"]:  # their points come from sets, whose order differs between processes
        bar.set_xdata(sorted(bar.get_xdata()))
    for label in drawn["labels"]:  # dot and line carry the colour; text in a light colour would be hard to read
        label.set_color("black")
    axes.spines["top"].set_visible(True)
    axes.set_xlim(0.7, len(shown) + 0.3)
    axes.set_xticks(np.arange(1, len(shown) + 1))
    axes.tick_params(axis="x", pad=2)
    axes.set_title("Mean rank over images (1: the largest shift)", pad=12)
    return figure


def _p_values(pairs: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return the symmetric matrix (A, A) of corrected p values with 1 on the diagonal, both sides named by label."""
    names = list(labels.values())
    matrix = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    for row in pairs.to_dict("records"):
        first, second = labels[row["first"]], labels[row["second"]]
        matrix.loc[first, second] = matrix.loc[second, first] = row["p_holm"]
    return matrix
