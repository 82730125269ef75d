"""Heatmaps of metrics by augmentations: sorted by average, and clustered on both sides."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from embedding_shift.plots import style
from embedding_shift.plots.overview import value_text

COLOR_BAR = (0.82, 0.09, 0.15, 0.025)  # left, bottom, width, height in the figure: below the labels of the rows
COLOR_LABEL = "Closeness in the metric\n(0 farthest, 1 closest)"
MOST_UPRIGHT_COLUMNS = 11  # beyond this, values stand on end to fit their cells


def metric_heatmap(overview):
    """Draw metrics × augmentations, the closest augmentation on the left, and the average closeness below.

    Cells print the mean; their colour is the closeness, by which metrics of different scales are averaged.
    """
    overview = overview.ranked()
    rows = len(overview.metrics)
    figure, (axes, below) = plt.subplots(
        2, 1, sharex=True, figsize=(style.TEXT_WIDTH, max(2.2, 1.1 + 0.3 * rows)), height_ratios=(rows, 1)
    )
    image = _cells(axes, overview.closeness.to_numpy(), overview.means.to_numpy())
    axes.set_yticks(range(rows), [metric.label for metric in overview.metrics])
    average = overview.average.to_numpy()[np.newaxis]
    _cells(below, average, average)
    below.set_yticks([0], ["Average closeness"])
    axes.tick_params(bottom=False)
    labels = [augmentation.label for augmentation in overview.augmentations]
    below.set_xticks(range(len(labels)), labels, rotation=35, ha="right", rotation_mode="anchor")
    bar = figure.colorbar(image, ax=[axes, below], aspect=25, pad=0.015, ticks=[0, 0.5, 1], label=COLOR_LABEL)
    bar.outline.set_visible(False)
    return figure


def _cells(axes, closeness, values):
    """Draw one heatmap coloured by closeness (R, C) with the values (R, C) printed in the cells."""
    image = axes.imshow(closeness, vmin=0, vmax=1, aspect="auto")
    rotation = 90 if values.shape[1] > MOST_UPRIGHT_COLUMNS else 0
    for (row, column), value in np.ndenumerate(values):
        color = style.text_color_on(image.cmap(closeness[row, column]))
        axes.text(column, row, value_text(value), ha="center", va="center", color=color, fontsize=7, rotation=rotation)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def metric_clustermap(overview):
    """Draw metrics × augmentations with a dendrogram on each side: average linkage of Euclidean distances.

    Rows and columns are clustered by closeness; cells print the mean.
    """
    if len(overview.augmentations) < 2:
        return style.note("This figure needs two augmentations.")
    columns = {augmentation.name: augmentation.label for augmentation in overview.augmentations}
    rows = {metric.name: metric.label for metric in overview.metrics}
    with mpl.rc_context({"figure.constrained_layout.use": False}):  # seaborn lays this figure out itself
        grid = sns.clustermap(
            overview.closeness.rename(index=rows, columns=columns),
            figsize=(style.TEXT_WIDTH, 2.2 + 0.3 * len(rows)),
            annot=overview.means.map(value_text).to_numpy(),
            fmt="",
            annot_kws={"fontsize": 7, "rotation": 90 if len(columns) > MOST_UPRIGHT_COLUMNS else 0},
            row_cluster=_differ(overview.closeness),
            col_cluster=_differ(overview.closeness.T),
            col_colors=[augmentation.color for augmentation in overview.augmentations],
            colors_ratio=0.04,
            dendrogram_ratio=(0.1, 0.2),
            cmap=style.SEQUENTIAL,
            vmin=0,
            vmax=1,
            linewidths=0.5,
            cbar_pos=COLOR_BAR,
            cbar_kws={"ticks": [0, 0.5, 1], "orientation": "horizontal"},
            tree_kws={"linewidths": 0.8},
        )
    _tidy(grid)
    return grid.figure


def _differ(table):
    """Whether the rows of a table differ: equal rows have no dendrogram."""
    return bool((table.nunique() > 1).any())


def _tidy(grid):
    """Give the labels of a cluster map room, and its colour bar a name."""
    axes = grid.ax_heatmap
    axes.set(xlabel="", ylabel="")
    colors = axes.collections[0].get_facecolors()  # seaborn writes in white where black is easier to read
    for text, color in zip(axes.texts, colors, strict=True):
        text.set_color(style.text_color_on(color))
    axes.tick_params(length=0)
    axes.set_xticks(axes.get_xticks(), axes.get_xticklabels(), rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(axes.get_yticks(), axes.get_yticklabels(), rotation=0)
    grid.ax_col_colors.tick_params(right=False, labelright=False)
    grid.ax_cbar.set_title("Closeness", fontsize=7)
    grid.ax_cbar.tick_params(length=2)
    grid.figure.subplots_adjust(left=0.01, right=0.8, bottom=0.8 / grid.figure.get_figheight(), top=0.99)
    grid.ax_cbar.set_position(COLOR_BAR)
