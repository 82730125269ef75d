"""One panel of bars per augmentation, ranked by average closeness."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from embedding_shift.plots import labels, style
from embedding_shift.plots.summary import closeness


def draw(summary: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw one panel per augmentation, the closest first: bars are closeness, numbers the metric's mean.

    Args:
        summary: data frame of `summary.csv`.
        augmentations: their labels and colours.
    """
    overview = closeness.from_summary(summary, augmentations).ranked()
    rows, columns = style.panels(len(overview.augmentations))
    height = 0.4 + rows * (0.35 + 0.16 * len(overview.metrics))
    figure, grid = plt.subplots(
        rows, columns, squeeze=False, sharex=True, sharey=True, figsize=(style.text_width(), height)
    )
    positions = np.arange(len(overview.metrics))
    for rank, (axes, augmentation) in enumerate(zip(grid.flat, overview.augmentations, strict=False), 1):
        lengths = overview.closeness[augmentation.name].to_numpy()
        axes.barh(positions, lengths, color=augmentation.color, height=0.75)
        for position, mean, length in zip(positions, overview.means[augmentation.name], lengths, strict=True):
            axes.text(length + 0.03, position, labels.mean_text(mean), va="center", fontsize=style.small())
        axes.set_title(f"{rank}. {augmentation.label} ({overview.average[augmentation.name]:.2f})", loc="left")
        axes.axvline(1, color=style.LIGHT_GREY, linewidth=0.6, zorder=0)
    grid[0, 0].set_yticks(positions, [metric.label for metric in overview.metrics])
    grid[0, 0].set(xlim=(0, 1.35), xticks=[0, 0.5, 1])
    grid[0, 0].invert_yaxis()
    for axes in grid.flat:
        axes.tick_params(axis="y", length=0)
    style.hide_unused(grid, len(overview.augmentations))
    figure.supxlabel("Closeness within the metric (0 farthest, 1 closest augmentation)", fontsize="medium")
    return figure
