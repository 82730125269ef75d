"""Histograms of cosine similarity over images."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from embedding_shift.io.values_by_metric import Values
from embedding_shift.plots import style
from embedding_shift.plots.distributions.density import density, metric_values

NARROW = 2e-3  # a range of values whose tick labels have so many digits that only one fits


def draw(metrics: Values, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw one histogram of cosine similarity per augmentation with its density, mean and standard deviation.

    Args:
        metrics: the values of every metric.
        augmentations: in the order of the panels.
    """
    rows, columns = style.panels(len(augmentations))
    figure, grid = plt.subplots(rows, columns, squeeze=False, figsize=(style.panels_width(columns), 0.3 + 1.45 * rows))
    similarities = metric_values(metrics, "cosine_similarity", augmentations)
    for axes, augmentation, values in zip(grid.flat, augmentations, similarities, strict=False):
        axes.set_title(augmentation.label)
        _histogram(axes, values, augmentation.color)
    style.hide_unused(grid, len(augmentations))
    figure.supxlabel("Cosine similarity to the original", fontsize="medium")
    figure.supylabel("Number of images", fontsize="medium")
    return figure


def _histogram(axes: Axes, values: np.ndarray, color: str) -> None:
    """Draw values (n,) as a histogram of counts, with the density scaled to the same area."""
    if not len(values):
        axes.text(0.5, 0.5, "not defined", transform=axes.transAxes, ha="center", color=style.GREY)
        axes.set(xticks=[], yticks=[])
        return
    label = f"{values[0]:.3f} (one image)"
    if len(values) > 1:
        label = f"mean {values.mean():.3f}, std {values.std(ddof=1):.3f}"
    curve = density(values, -1, 1)
    if curve:
        bins = np.linspace(values.min(), values.max(), min(20, max(6, round(np.sqrt(len(values)) * 2))) + 1)
        axes.hist(values, bins=list(bins), color=color, alpha=0.35)
        axes.plot(curve[0], curve[1] * len(values) * (bins[1] - bins[0]), color=color, label=label)
    else:
        axes.vlines(values.mean(), 0, len(values), color=color, linewidth=2, label=label)
        axes.set_xlim(values.mean() - 0.05, values.mean() + 0.05)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.25)  # room for the legend
    axes.legend(loc="upper left", handlelength=0.8, borderaxespad=0.1, handletextpad=0.4)
    most_ticks = 4 if np.ptp(axes.get_xlim()) > NARROW else 1
    axes.xaxis.set_major_locator(MaxNLocator(most_ticks, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.ticklabel_format(axis="x", useOffset=False)
