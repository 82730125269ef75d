"""Distributions over images: kernel density of the L2 distance, histograms of cosine similarity."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator
from scipy.stats import gaussian_kde

from embedding_shift.plots import style

GRID_POINTS = 400


def metric_values(long_table, metric, augmentation):
    """Return the values (n,) of one metric and augmentation, sorted by image."""
    rows = long_table[(long_table["metric"] == metric) & (long_table["augmentation"] == augmentation)]
    return rows.sort_values("image_id")["value"].to_numpy(dtype=np.float64)


def density(values, lowest, highest):
    """Estimate the density of values with Gaussian kernels of Scott's bandwidth, between two bounds.

    Returns:
        (grid, density), both (GRID_POINTS,), over the values and three bandwidths beyond them; None where the
        values do not vary enough to have a density.
    """
    if len(values) < 2 or np.ptp(values) <= 1e-9 * max(1.0, np.abs(values).max()):
        return None
    estimate = gaussian_kde(values)
    reach = 3 * np.sqrt(estimate.covariance[0, 0])
    grid = np.linspace(max(lowest, values.min() - reach), min(highest, values.max() + reach), GRID_POINTS)
    return grid, estimate(grid)


def l2_kde(long_table, augmentations):
    """Draw the kernel density of the L2 distance, one curve per augmentation; a line where it does not vary."""
    figure, axes = plt.subplots(figsize=(style.TEXT_WIDTH, 2.9))
    for augmentation, line in style.with_line_styles(augmentations):
        values = metric_values(long_table, "l2_distance", augmentation.name)
        curve = density(values, 0, np.inf)
        if curve:
            axes.plot(*curve, color=augmentation.color, label=augmentation.label, linestyle=line)
            axes.fill_between(*curve, color=augmentation.color, alpha=0.12, linewidth=0)
        elif len(values):
            axes.axvline(values.mean(), color=augmentation.color, label=augmentation.label, linestyle=line)
    axes.set(xlabel="L2 distance between the embeddings of the original and the augmented image", ylabel="Density")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    figure.legend(loc="outside right center")
    return figure


def cosine_distribution(long_table, augmentations):
    """Draw one histogram of cosine similarity per augmentation with its density, mean and standard deviation."""
    columns = min(3, len(augmentations))
    rows = -(-len(augmentations) // columns)
    figure, grid = plt.subplots(rows, columns, squeeze=False, figsize=(2.1 * columns, 0.3 + 1.45 * rows))
    for axes, augmentation in zip(grid.flat, augmentations, strict=False):
        axes.set_title(augmentation.label)
        _histogram(axes, metric_values(long_table, "cosine_similarity", augmentation.name), augmentation.color)
    for axes in grid.flat[len(augmentations) :]:
        axes.set_axis_off()
    figure.supxlabel("Cosine similarity to the original", fontsize="medium")
    figure.supylabel("Number of images", fontsize="medium")
    return figure


def _histogram(axes, values, color):
    """Draw values as a histogram of counts, with the density scaled to the same area."""
    if not len(values):
        axes.text(0.5, 0.5, "not defined", transform=axes.transAxes, ha="center", color=style.GREY)
        axes.set(xticks=[], yticks=[])
        return
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    label = f"mean {values.mean():.3f}, std {spread:.3f}"
    curve = density(values, -1, 1)
    if curve:
        bins = np.linspace(values.min(), values.max(), min(20, max(6, round(np.sqrt(len(values)) * 2))) + 1)
        axes.hist(values, bins=bins, color=color, alpha=0.35)
        axes.plot(curve[0], curve[1] * len(values) * (bins[1] - bins[0]), color=color, label=label)
    else:
        axes.vlines(values.mean(), 0, len(values), color=color, linewidth=2, label=label)
        axes.set_xlim(values.mean() - 0.05, values.mean() + 0.05)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.25)  # room for the legend
    axes.legend(loc="upper left", handlelength=0.8, borderaxespad=0.1, handletextpad=0.4)
    # The labels of a narrow range are long.
    axes.xaxis.set_major_locator(MaxNLocator(4 if np.ptp(axes.get_xlim()) > 2e-3 else 1, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.ticklabel_format(axis="x", useOffset=False)
