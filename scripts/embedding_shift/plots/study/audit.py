"""The audit of the released scripts: how far every flaw moves the means of every metric."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.metrics import registry
from embedding_shift.plots import labels, style

LINEAR = 1.0  # per cent: changes below are drawn on a linear scale, larger ones on a logarithmic scale
COLUMNS_OF_PANELS = 2
CHANGES = ["as_released", "released_low", "released_high"]


def draw(audit: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw one panel per metric with a row per flaw: the change of the mean of every augmentation.

    The unit is the difference between the largest and the smallest corrected mean. The augmentation that changes most
    is named on the right, and has a bar from end to end of its range where the flaw leaves the draw to chance.

    Args:
        audit: data frame of `audit.csv`.
        augmentations: their labels and colours.
    """
    flaws = [flaw for flaw in labels.FLAWS if flaw in set(audit["flaw"])]
    shown = [metric for metric in registry.in_order() if metric.name in set(audit["metric"])]
    rows = -(-len(shown) // COLUMNS_OF_PANELS)
    size = (style.text_width(), 0.3 + rows * (0.5 + 0.16 * len(flaws)))
    figure, grid = plt.subplots(rows, COLUMNS_OF_PANELS, squeeze=False, sharex=True, sharey=True, figsize=size)
    changes = _changes(audit)
    largest = max(100.0, np.abs(changes[CHANGES].to_numpy()).max())
    by_name = {augmentation.name: augmentation for augmentation in augmentations}
    for axes, metric in zip(grid.flat, shown, strict=False):
        axes.set_title(metric.label, loc="left")
        axes.set_xscale("symlog", linthresh=LINEAR, linscale=0.5)
        axes.set_xlim(-1.5 * largest, 1.5 * largest)
        axes.set_xticks([-100, -10, -LINEAR, 0, LINEAR, 10, 100], ["−100", "", "−1", "0", "1", "", "100 %"])
        axes.minorticks_off()
        axes.tick_params(axis="y", length=0)
        axes.axvline(0, color=style.LIGHT_GREY, linewidth=0.6, zorder=0)
        of_metric = changes[changes["metric"] == metric.name]
        for place, flaw in enumerate(flaws):
            _row(axes, place, of_metric[of_metric["flaw"] == flaw].set_index("augmentation")[CHANGES], by_name)
    style.label_rows(grid[0, 0], [labels.FLAWS[flaw] for flaw in flaws])
    grid[0, 0].set_ylim(len(flaws) - 0.5, -0.5)
    style.hide_unused(grid, len(shown))
    return figure


def _changes(audit: pd.DataFrame) -> pd.DataFrame:
    """Return the changes in per cent of the range of the corrected means of the metric."""
    found = audit.groupby(["flaw", "metric"])["corrected"]
    unit = (found.max() - found.min()).groupby("metric").max().reindex(audit["metric"]).to_numpy()
    changes = audit[CHANGES].sub(audit["corrected"], axis=0).to_numpy()
    scaled = np.divide(100 * changes, unit[:, np.newaxis], out=np.zeros_like(changes), where=unit[:, np.newaxis] > 0)
    return audit[["flaw", "augmentation", "metric"]].assign(**dict(zip(CHANGES, scaled.T, strict=True)))


def _row(axes: Axes, place: int, changes: pd.DataFrame, by_name: Mapping[str, style.Augmentation]) -> None:
    """Draw the changes of all augmentations by one flaw, and name the largest; a dash if the flaw cannot change any."""
    if changes.empty:
        axes.text(0, place, "–", ha="center", va="center", color=style.GREY)
        return
    for name, change in changes["as_released"].items():
        axes.plot(change, place, "o", color=by_name[str(name)].color, markersize=2.5)
    name = str(changes.abs().max(axis=1).idxmax())
    _, low, high = changes.loc[name].to_numpy()
    axes.hlines(place, low, high, color=by_name[name].color, linewidth=1.2)
    axes.text(
        1.02,
        place,
        by_name[name].label if changes.loc[name].any() else "no change",
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=style.points(6),
        color=style.GREY,
    )
