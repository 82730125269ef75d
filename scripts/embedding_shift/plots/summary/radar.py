"""One radar per augmentation: its closeness in every metric."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes

from embedding_shift.plots import style
from embedding_shift.plots.summary import closeness

INNER_RADIUS = 0.25  # of the worst ring, so that the worst is a ring and not a point


def draw(summary: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw one radar per augmentation: the outer ring is the best augmentation in each metric, the inner the worst.

    Args:
        summary: data frame of `summary.csv`.
        augmentations: in the order of the panels.
    """
    overview = closeness.from_summary(summary, augmentations)
    rows, columns = style.panels(len(augmentations))
    figure, grid = plt.subplots(
        rows,
        columns,
        squeeze=False,
        figsize=(style.panels_width(columns), 0.25 + 1.6 * rows),
        subplot_kw={"projection": "polar"},
    )
    angles = np.linspace(0, 2 * np.pi, len(overview.metrics), endpoint=False)
    around = np.linspace(0, 2 * np.pi, 200)
    for axes, augmentation in zip(grid.flat, augmentations, strict=False):
        radii = INNER_RADIUS + (1 - INNER_RADIUS) * overview.closeness[augmentation.name].to_numpy()
        axes.fill(angles, radii, color=augmentation.color, alpha=0.25, linewidth=0)
        axes.plot(*_closed(angles, radii), color=augmentation.color, marker="o", markersize=2.5, clip_on=False)
        best = axes.plot(around, np.ones(200), color=style.GREY, linewidth=0.8)[0]
        worst = axes.plot(around, np.full(200, INNER_RADIUS), color=style.GREY, linewidth=0.8, linestyle=":")[0]
        axes.set_title(augmentation.label)
        _tidy(axes, angles, [style.wrapped(metric.label, 10) for metric in overview.metrics])
    style.hide_unused(grid, len(augmentations))
    figure.set_layout_engine("constrained", w_pad=0.08)  # inches: labels beside the circles come close to the edge
    names = ["best augmentation in the metric", "worst"]
    figure.legend([best, worst], names, loc="outside lower center", ncols=min(2, columns))
    figure.draw_without_rendering()  # the layout knows the places of polar labels only from the second drawing on
    return figure


def _closed(angles: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a polygon (K,), (K,) with its first corner repeated at the end."""
    return np.append(angles, angles[0]), np.append(radii, radii[0])


def _tidy(axes: PolarAxes, angles: np.ndarray, names: Sequence[str]) -> None:
    """Start at the top, keep one spoke per metric, and keep the labels clear of the circle."""
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([])
    axes.spines["polar"].set_visible(False)
    axes.set_xticks(angles, names)
    axes.tick_params(axis="x", pad=0)
    for angle, label in zip(angles, axes.get_xticklabels(), strict=True):
        side = np.sin(angle)
        label.set_horizontalalignment("center" if abs(side) < 0.1 else "left" if side > 0 else "right")
