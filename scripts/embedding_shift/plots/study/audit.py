"""The audit of the released scripts: every mean with a flaw beside the same mean without it."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from embedding_shift.metrics import registry
from embedding_shift.plots import labels, style


def draw(audit: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw flaws (columns) × metrics (rows): per augmentation, a tick for the corrected mean, a dot for the released.

    Args:
        audit: data frame of `audit.csv`.
        augmentations: in the order of the lines.
    """
    flaws = [flaw for flaw in labels.FLAWS if flaw in set(audit["flaw"])]
    shown = [metric for metric in registry.in_order() if metric.name in set(audit["metric"])]
    size = (style.text_width(), 0.6 + 1.05 * len(shown))
    figure, grid = plt.subplots(len(shown), len(flaws), squeeze=False, sharex="row", figsize=size)
    for row, metric in zip(grid, shown, strict=True):
        row[0].set_ylabel(style.wrapped(metric.label, 12))
        for axes, flaw in zip(row, flaws, strict=True):
            _panel(axes, audit[(audit["flaw"] == flaw) & (audit["metric"] == metric.name)], augmentations)
    for axes, flaw in zip(grid[0], flaws, strict=True):
        axes.set_title(style.wrapped(labels.FLAWS[flaw], 14))
    handles = [Line2D([], [], color=each.color, linewidth=2, label=each.label) for each in augmentations]
    handles.append(style.legend_mark("corrected", marker="|", size=6))
    handles.append(style.legend_mark("as released", size=3.5))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> None:
    """Draw one flaw and metric; without rows, the flaw does not affect the metric."""
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(augmentations) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="x", labelsize=style.points(6))
    if rows.empty:
        axes.annotate(
            "no effect",
            (0.5, 0.5),
            xycoords="axes fraction",
            ha="center",
            va="center",
            color=style.GREY,
            fontsize=style.points(6.5),
        )
        return
    means = rows.set_index("augmentation")[["corrected", "as_released"]]
    for place, augmentation in enumerate(augmentations):
        if augmentation.name in means.index:
            corrected, as_released = means.loc[augmentation.name].to_numpy()
            axes.plot([corrected, as_released], [place, place], color=augmentation.color, linewidth=1.2)
            axes.plot(corrected, place, "|", color=augmentation.color, markersize=6)
            axes.plot(as_released, place, "o", color=augmentation.color, markersize=3)
