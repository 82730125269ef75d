"""The critical-difference diagram: mean ranks, and which augmentations the images do not tell apart."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scikit_posthocs

from embedding_shift.plots import style

FEWEST_IMAGES = 2


def critical_difference(ranks, pairs, augmentations, alpha):
    """Draw the mean ranks of one metric, with a bar for each group in which no pair differs.

    A dot on a bar marks a member of the group: pairwise tests need not group augmentations of adjacent ranks.

    Args:
        ranks: rows of `mean_ranks.csv` for the metric.
        pairs: rows of `paired_differences.csv` for the metric.
        augmentations: their labels and colours.
        alpha: level of the Holm-corrected test.
    """
    shown = [augmentation for augmentation in augmentations if augmentation.name in set(ranks["augmentation"])]
    if len(shown) < 2 or ranks["n"].min() < FEWEST_IMAGES:
        return style.note("This figure needs two augmentations and two images.")
    labels = {augmentation.name: augmentation.label for augmentation in shown}
    means = ranks.set_index("augmentation")["mean_rank"].rename(labels)
    figure, axes = plt.subplots(figsize=(style.TEXT_WIDTH, 1 + 0.21 * len(shown)))
    drawn = scikit_posthocs.critical_difference_diagram(
        means,
        _p_values(pairs, labels),
        alpha=alpha,
        ax=axes,
        color_palette={augmentation.label: augmentation.color for augmentation in shown},
        label_fmt_left="{label}  {rank:.2f} ",
        label_fmt_right=" {rank:.2f}  {label}",
        label_props={"fontsize": 7},
        elbow_props={"linewidth": 0.9},
        marker_props={"s": 22, "clip_on": False},
        crossbar_props={"linewidth": 1.5, "color": "black", "marker": "o", "markersize": 4},
        text_h_margin=0.3,
    )
    for (bar,) in drawn["crossbars"]:  # which come from sets, whose order differs from process to process
        bar.set_xdata(sorted(bar.get_xdata()))
    for label in drawn["labels"]:  # the dot and the line carry the colour; light colours make poor text
        label.set_color("black")
    axes.spines["top"].set_visible(True)
    axes.set_xlim(0.7, len(shown) + 0.3)
    axes.set_xticks(np.arange(1, len(shown) + 1))
    axes.tick_params(axis="x", pad=2)
    axes.set_title("Mean rank over images (1: the largest shift)", pad=12)
    return figure


def _p_values(pairs, labels):
    """Return the symmetric matrix of corrected p values, rows and columns named by label, 1 on the diagonal."""
    names = list(labels.values())
    matrix = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    for pair in pairs.itertuples():
        first, second = labels[pair.first], labels[pair.second]
        matrix.loc[first, second] = matrix.loc[second, first] = pair.p_holm
    return matrix
