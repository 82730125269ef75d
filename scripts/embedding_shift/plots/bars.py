"""Bars with spread and interval: the L2 distance alone, and all metrics side by side."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from embedding_shift.plots import style
from embedding_shift.plots.overview import value_text


def l2_bars(summary, augmentations, confidence):
    """Draw the mean L2 distance per augmentation with its spread over images and its bootstrap interval.

    Args:
        summary: data frame of `summary.csv`.
        augmentations: in the order of the bars.
        confidence: coverage of the interval, between 0 and 1.
    """
    rows = _rows(summary, "l2_distance", augmentations)
    positions = np.arange(len(rows))
    figure, axes = plt.subplots(figsize=(style.TEXT_WIDTH, 2.6))
    axes.bar(positions, rows["mean"], color=[augmentation.color for augmentation in augmentations], width=0.7)
    low = (rows["mean"] - rows["std"]).clip(lower=0)
    spread = axes.vlines(
        positions - 0.1, low, rows["mean"] + rows["std"], color=style.GREY, linewidth=1, path_effects=_halo(1)
    )
    interval = axes.vlines(
        positions + 0.1, rows["ci_low"], rows["ci_high"], color="black", linewidth=2.5, path_effects=_halo(2.5)
    )
    top = np.fmax(rows["mean"] + rows["std"], rows["ci_high"])
    for position, mean, height in zip(positions, rows["mean"], top, strict=True):
        if np.isfinite(mean):
            axes.annotate(
                value_text(mean), (position, height), (0, 2), textcoords="offset points", ha="center", fontsize=7
            )
    axes.set_xticks(positions, [augmentation.wrapped() for augmentation in augmentations])
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Mean L2 distance")
    figure.legend(
        [spread, interval],
        ["one standard deviation over images", f"{100 * confidence:g} % bootstrap interval of the mean"],
        loc="outside upper right",
        ncols=2,
    )
    return figure


def metric_comparison(summary, overview):
    """Draw one panel per metric with a bar per augmentation, its interval, and the metric's average over them."""
    columns = min(3, len(overview.metrics))
    rows = -(-len(overview.metrics) // columns)
    height = rows * (0.7 + 0.16 * len(overview.augmentations))
    figure, grid = plt.subplots(rows, columns, squeeze=False, sharey=True, figsize=(style.TEXT_WIDTH, height))
    for axes, metric in zip(grid.flat, overview.metrics, strict=False):
        _panel(axes, metric, _rows(summary, metric.name, overview.augmentations), overview.augmentations)
    for axes in grid.flat[len(overview.metrics) :]:
        axes.set_axis_off()
    grid[0, 0].set_yticks(range(len(overview.augmentations)), [a.label for a in overview.augmentations])
    grid[0, 0].invert_yaxis()
    return figure


def _panel(axes, metric, rows, augmentations):
    positions = np.arange(len(rows))
    axes.barh(positions, rows["mean"], color=[augmentation.color for augmentation in augmentations], height=0.75)
    axes.hlines(positions, rows["ci_low"], rows["ci_high"], color="black", linewidth=1.2, path_effects=_halo(1.2))
    largest = max(rows["ci_high"].max(), rows["mean"].max(), 0)
    beside = axes.get_yaxis_transform()
    for position, mean in zip(positions, rows["mean"], strict=True):
        axes.text(1.02, position, value_text(mean), transform=beside, va="center", fontsize=7)
    average = rows["mean"].mean()
    axes.axvline(average, color=style.GREY, linestyle="--", linewidth=0.8)
    axes.set_title(f"{metric.label}\naverage {value_text(average)}", loc="left")
    axes.set_xlabel("higher is closer" if metric.higher_is_closer else "lower is closer")
    axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.set_xlim(min(0, rows["ci_low"].min()), 1.05 * largest if largest > 0 else 1)
    axes.tick_params(axis="y", length=0)


def _halo(linewidth):
    """Return a thin white outline that keeps a line of this width visible on a dark bar."""
    return [withStroke(linewidth=linewidth + 1, foreground="white")]


def _rows(summary, metric, augmentations):
    """Return the summary's rows of one metric, one per augmentation in their order."""
    rows = summary[summary["metric"] == metric].set_index("augmentation")
    return rows.reindex([augmentation.name for augmentation in augmentations])
