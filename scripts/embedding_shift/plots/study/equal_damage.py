"""The order of the augmentations at equal damage to the pixels."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.plots import labels, style
from embedding_shift.plots.study import shift

DECIMALS = {"rmse": 1, "ssim": 2}  # of a level of damage


def draw(equal_damage: pd.DataFrame, augmentations: Sequence[style.Augmentation], confidence: float) -> Figure:
    """Draw how far the augmentations shift the embedding at equal damage and as they are configured.

    One panel per measure of damage, with 1 − mean cosine similarity on a logarithmic scale and the largest shift at
    equal damage on top; the numbers are the ranks as configured and at equal damage.

    Args:
        equal_damage: data frame of `equal_damage.csv`.
        augmentations: their labels and colours.
        confidence: coverage of the intervals, between 0 and 1.
    """
    table = equal_damage[equal_damage["metric"] == shift.METRIC]
    if table.empty:
        return style.note("There is no damage that all augmentations with doses reach.")
    by_name = {augmentation.name: augmentation for augmentation in augmentations}
    measures = list(table["damage"].unique())
    shifts = 1 - table[["value", "value_at_setting"]].to_numpy()
    lowest = shifts[shifts > shift.ROUNDING].min(initial=1) / 3
    height = 1 + 0.25 * table["augmentation"].nunique()
    figure, grid = plt.subplots(1, len(measures), squeeze=False, sharex=True, figsize=(style.text_width(), height))
    for axes, measure in zip(grid.flat, measures, strict=True):
        rows = table[table["damage"] == measure].sort_values(["rank", "augmentation"])
        _ranking(axes, rows, by_name, lowest)
        level = f"{rows['level'].iloc[0]:.{DECIMALS[measure]}f}"
        axes.set_title(f"At equal damage: {labels.damage(measure, level)}", loc="left")
    style.label_log_axis(grid[0, 0])
    interval = f", {100 * confidence:g} % interval" if table["ci_low"].notna().any() else ""
    handles = [
        style.legend_mark(f"equal damage{interval}", linestyle="-" if interval else ""),
        style.legend_mark("as configured", size=7, markerfacecolor="none"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _ranking(axes: Axes, rows: pd.DataFrame, by_name: Mapping[str, style.Augmentation], lowest: float) -> None:
    """Draw the rows of one measure of damage from top to bottom; shifts below `lowest` stand at `lowest`."""
    names = []
    for place, row in enumerate(rows.to_dict("records")):
        color = by_name[row["augmentation"]].color
        similarities = np.array([row["ci_high"], row["ci_low"], row["value"], row["value_at_setting"]])
        low, high, value, configured = np.maximum(1 - similarities, lowest)
        axes.hlines(place, low, high, color=color, linewidth=2)
        axes.plot(configured, place, "o", color=color, markersize=7, markerfacecolor="none")
        axes.plot(value, place, "o", color=color, markersize=4)
        names.append(f"{by_name[row['augmentation']].label}  {row['rank_at_setting']} → {row['rank']}")
    style.label_rows(axes, names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x")
    axes.set_xscale("log")
    axes.set_xlabel(shift.AXIS_LABEL)
