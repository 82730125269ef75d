"""The audit of the released scripts: every number with a flaw against the same number without it."""

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

from embedding_shift.metrics import registry
from embedding_shift.plots import style

LABELS = {
    "wrapped_arithmetic": "8-bit arithmetic",
    "new_draws": "new draws",
    "unseeded": "nothing seeded",
    "failures_replaced": "failures replaced",
    "unregistered_geometry": "geometry not undone",
    "all": "all together",
}


def audit(table, augmentations):
    """Draw flaws (columns) × metrics (rows): per augmentation the corrected mean and, filled, the one as released.

    Args:
        table: data frame of `audit.csv`.
        augmentations: their labels and colours.
    """
    flaws = [flaw for flaw in LABELS if flaw in set(table["flaw"])]
    shown = [metric for metric in registry.in_order() if metric.name in set(table["metric"])]
    figure, grid = plt.subplots(
        len(shown),
        len(flaws),
        squeeze=False,
        sharex="row",
        figsize=(style.TEXT_WIDTH, 0.6 + 1.05 * len(shown)),
    )
    for row, metric in zip(grid, shown, strict=True):
        row[0].set_ylabel(style.wrapped(metric.label, 12))
        for axes, flaw in zip(row, flaws, strict=True):
            _panel(axes, table[(table["flaw"] == flaw) & (table["metric"] == metric.name)], augmentations)
    for axes, flaw in zip(grid[0], flaws, strict=True):
        axes.set_title(style.wrapped(LABELS[flaw], 14))
    handles = [
        plt.Line2D([], [], color=augmentation.color, linewidth=2, label=augmentation.label)
        for augmentation in augmentations
    ]
    handles += [
        plt.Line2D([], [], color=style.GREY, marker="|", markersize=6, linestyle="", label="corrected"),
        plt.Line2D([], [], color=style.GREY, marker="o", markersize=3.5, linestyle="", label="as released"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _panel(axes, rows, augmentations):
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(augmentations) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="x", labelsize=6)
    if rows.empty:
        axes.text(
            0.5, 0.5, "untouched", transform=axes.transAxes, ha="center", va="center", color=style.GREY, fontsize=6.5
        )
        return
    means = rows.set_index("augmentation")
    for place, augmentation in enumerate(augmentations):
        if augmentation.name in means.index:
            corrected, as_released = means.loc[augmentation.name, ["corrected", "as_released"]]
            axes.plot([corrected, as_released], [place, place], color=augmentation.color, linewidth=1.2)
            axes.plot(corrected, place, "|", color=augmentation.color, markersize=6)
            axes.plot(as_released, place, "o", color=augmentation.color, markersize=3)
