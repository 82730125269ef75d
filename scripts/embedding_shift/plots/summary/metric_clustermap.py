"""The heatmap of metrics by augmentations, clustered on both sides."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from embedding_shift.plots import labels, style
from embedding_shift.plots.summary import closeness
from embedding_shift.plots.summary.metric_heatmap import cell_rotation

COLOR_BAR = (0.82, 0.09, 0.15, 0.025)  # left, bottom, width, height in the figure: below the labels of the rows


def draw(summary: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw metrics × augmentations with a dendrogram on each side: average linkage of Euclidean distances.

    Rows and columns are clustered by closeness; cells print the mean.

    Args:
        summary: data frame of `summary.csv`.
        augmentations: their labels and colours.
    """
    overview = closeness.from_summary(summary, augmentations)
    if len(overview.augmentations) < 2:
        return style.note("This figure needs two augmentations.")
    columns = {augmentation.name: augmentation.wrapped(15) for augmentation in overview.augmentations}
    rows = {metric.name: metric.label for metric in overview.metrics}
    with mpl.rc_context({"figure.constrained_layout.use": False}):  # seaborn lays this figure out itself
        grid = sns.clustermap(
            overview.closeness.rename(index=rows, columns=columns),
            figsize=(style.text_width(), 2.2 + 0.3 * len(rows)),
            annot=overview.means.map(labels.mean_text).to_numpy(),
            fmt="",
            annot_kws={"fontsize": style.small(), "rotation": cell_rotation(len(columns))},
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


def _differ(table: pd.DataFrame) -> bool:
    """Return whether the rows of a table differ: equal rows have no dendrogram."""
    return bool((table.nunique() > 1).any())


def _tidy(grid: Any) -> None:
    """Make room for the labels of a seaborn cluster map and name its colour bar."""
    axes = grid.ax_heatmap
    axes.set(xlabel="", ylabel="")
    colors = axes.collections[0].get_facecolors()  # seaborn's own choice of text colour has less contrast
    for text, color in zip(axes.texts, colors, strict=True):
        text.set_color(style.text_color_on(color))
    axes.tick_params(length=0)
    axes.set_xticks(axes.get_xticks(), axes.get_xticklabels(), rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(axes.get_yticks(), axes.get_yticklabels(), rotation=0)
    grid.ax_col_colors.tick_params(right=False, labelright=False)
    grid.ax_cbar.set_title("Closeness", fontsize=style.small())
    grid.ax_cbar.tick_params(length=2)
    grid.figure.subplots_adjust(left=0.01, right=0.8, bottom=0.8 / grid.figure.get_figheight(), top=0.99)
    grid.ax_cbar.set_position(COLOR_BAR)
