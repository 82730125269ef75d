"""One panel per augmentation: radars and bars of its closeness in every metric."""

import matplotlib.pyplot as plt
import numpy as np

from embedding_shift.plots import style
from embedding_shift.plots.overview import value_text

INNER_RADIUS = 0.25  # of the worst ring, so that the worst is a ring and not a point


def radar(overview):
    """Draw one radar per augmentation: outer ring the best augmentation in each metric, inner ring the worst."""
    columns, rows = _layout(overview)
    figure, grid = plt.subplots(
        rows, columns, squeeze=False, figsize=(2.1 * columns, 0.25 + 1.6 * rows), subplot_kw={"projection": "polar"}
    )
    angles = np.linspace(0, 2 * np.pi, len(overview.metrics), endpoint=False)
    around = np.linspace(0, 2 * np.pi, 200)
    for axes, augmentation in zip(grid.flat, overview.augmentations, strict=False):
        radii = INNER_RADIUS + (1 - INNER_RADIUS) * overview.closeness[augmentation.name].to_numpy()
        axes.fill(angles, radii, color=augmentation.color, alpha=0.25, linewidth=0)
        axes.plot(*_closed(angles, radii), color=augmentation.color, marker="o", markersize=2.5, clip_on=False)
        best = axes.plot(around, np.ones(200), color=style.GREY, linewidth=0.8)[0]
        worst = axes.plot(around, np.full(200, INNER_RADIUS), color=style.GREY, linewidth=0.8, linestyle=":")[0]
        axes.set_title(augmentation.label)
        _tidy_radar(axes, angles, [style.wrapped(metric.label, 10) for metric in overview.metrics])
    _hide_rest(grid, overview)
    figure.get_layout_engine().set(w_pad=0.08)  # inches: labels beside the circles come close to the edge
    names = ["best augmentation in the metric", "worst"]
    figure.legend([best, worst], names, loc="outside lower center", ncols=min(2, columns))
    figure.draw_without_rendering()  # Where the labels of a polar plot stand the layout knows from the second time on.
    return figure


def _closed(angles, radii):
    return np.append(angles, angles[0]), np.append(radii, radii[0])


def _tidy_radar(axes, angles, labels):
    """Start at the top, keep one spoke per metric, and let the labels keep clear of the circle."""
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([])
    axes.spines["polar"].set_visible(False)
    axes.set_xticks(angles, labels)
    axes.tick_params(axis="x", pad=0)
    for angle, label in zip(angles, axes.get_xticklabels(), strict=True):
        side = np.sin(angle)
        label.set_ha("center" if abs(side) < 0.1 else "left" if side > 0 else "right")


def metric_profiles(overview):
    """Draw one bar panel per augmentation, the closest first: bars are closeness, numbers the metric's mean."""
    overview = overview.ranked()
    columns, rows = _layout(overview)
    height = 0.4 + rows * (0.35 + 0.16 * len(overview.metrics))
    figure, grid = plt.subplots(
        rows, columns, squeeze=False, sharex=True, sharey=True, figsize=(style.TEXT_WIDTH, height)
    )
    positions = np.arange(len(overview.metrics))
    for rank, (axes, augmentation) in enumerate(zip(grid.flat, overview.augmentations, strict=False), 1):
        closeness = overview.closeness[augmentation.name].to_numpy()
        axes.barh(positions, closeness, color=augmentation.color, height=0.75)
        for position, value, length in zip(positions, overview.means[augmentation.name], closeness, strict=True):
            axes.text(length + 0.03, position, value_text(value), va="center", fontsize=7)
        axes.set_title(f"{rank}. {augmentation.label} ({overview.average[augmentation.name]:.2f})", loc="left")
        axes.axvline(1, color=style.LIGHT_GREY, linewidth=0.6, zorder=0)
    grid[0, 0].set_yticks(positions, [metric.label for metric in overview.metrics])
    grid[0, 0].set(xlim=(0, 1.35), xticks=[0, 0.5, 1])
    grid[0, 0].invert_yaxis()
    for axes in grid.flat:
        axes.tick_params(axis="y", length=0)
    _hide_rest(grid, overview)
    figure.supxlabel("Closeness within the metric (0 farthest, 1 closest augmentation)", fontsize="medium")
    return figure


def _layout(overview):
    """Return columns and rows of the grid of panels."""
    columns = min(3, len(overview.augmentations))
    return columns, -(-len(overview.augmentations) // columns)


def _hide_rest(grid, overview):
    """Hide the panels that are left over; the lowest panel left in each column shows its ticks' labels."""
    number = len(overview.augmentations)
    for axes in grid.flat[number - grid.shape[1] : number]:
        axes.tick_params(axis="x", labelbottom=True)
    for axes in grid.flat[number:]:
        axes.set_axis_off()
