"""Bars of every metric and augmentation, side by side."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from embedding_shift.metrics.registry import Metric
from embedding_shift.plots import labels, style
from embedding_shift.plots.summary import closeness


def draw(summary: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw one panel per metric with a bar and an interval per augmentation, and the average over augmentations.

    Args:
        summary: data frame of `summary.csv`.
        augmentations: in the order of the bars.
    """
    metrics = closeness.from_summary(summary, augmentations).metrics
    rows, columns = style.panels(len(metrics))
    height = rows * (0.7 + 0.16 * len(augmentations))
    figure, grid = plt.subplots(rows, columns, squeeze=False, sharey=True, figsize=(style.text_width(), height))
    for axes, metric in zip(grid.flat, metrics, strict=False):
        _panel(axes, metric, closeness.rows_of(summary, metric.name, augmentations), augmentations)
    style.hide_unused(grid, len(metrics))
    grid[0, 0].set_yticks(range(len(augmentations)), [augmentation.label for augmentation in augmentations])
    grid[0, 0].invert_yaxis()
    return figure


def _panel(axes: Axes, metric: Metric, rows: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> None:
    positions = np.arange(len(rows))
    axes.barh(positions, rows["mean"], color=[augmentation.color for augmentation in augmentations], height=0.75)
    axes.hlines(positions, rows["ci_low"], rows["ci_high"], color="black", linewidth=1.2, path_effects=style.halo(1.2))
    beside = axes.get_yaxis_transform()
    for position, mean in enumerate(rows["mean"]):
        axes.text(1.02, position, labels.mean_text(mean), transform=beside, va="center", fontsize=style.small())
    average = rows["mean"].mean()
    axes.axvline(average, color=style.GREY, linestyle="--", linewidth=0.8)
    axes.set_title(f"{metric.label}\naverage {labels.mean_text(average)}", loc="left")
    axes.set_xlabel("higher is closer" if metric.higher_is_closer else "lower is closer, square-root scale")
    if not metric.higher_is_closer:
        style.set_root_scale(axes, "x")
    axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    largest = max(rows["ci_high"].max(), rows["mean"].max(), 0)
    axes.set_xlim(min(0, rows["ci_low"].min()), 1.05 * largest if largest > 0 else 1)
    axes.tick_params(axis="y", length=0)
