"""How the mean of every metric changed from one run to another, with paired intervals."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.metrics import registry
from embedding_shift.plots import style

SIGNIFICANT = "#882255"


def draw(changes: pd.DataFrame) -> Figure:
    """Draw one panel per metric of the overview: the change of every augmentation's mean, and its interval.

    Dataset and encoder are named where there are several.

    Args:
        changes: data frame with `run_comparison.changes.SHIFT_COLUMNS`.
    """
    metrics = [metric for metric in registry.in_order() if metric.in_overview and metric.name in set(changes["metric"])]
    if not metrics:
        return style.note("The runs have no metric of the overview in common.")
    rows, columns = style.panels(len(metrics))
    bars = max(len(changes[changes["metric"] == metric.name]) for metric in metrics)
    size = (style.panels_width(columns), rows * (0.7 + 0.16 * bars))
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, sharey="row")
    for axes, metric in zip(grid.flat, metrics, strict=False):
        _draw_metric(axes, changes[changes["metric"] == metric.name], metric.label)
    style.hide_unused(grid, len(metrics))
    mark = style.legend_mark("significant change")
    mark.set_color(SIGNIFICANT)
    style.legend_below(figure, [mark, style.legend_mark("no significant change")], 2)
    return figure


def _draw_metric(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    several = rows[["dataset", "model"]].drop_duplicates().shape[0] > 1
    names = [
        style.literal(f"{row['augmentation']}, {row['dataset']}, {row['model']}" if several else row["augmentation"])
        for row in rows.to_dict("records")
    ]
    places = np.arange(len(rows))
    colors = [SIGNIFICANT if significant else style.GREY for significant in rows["significant"]]
    axes.axvline(0, color=style.LIGHT_GREY, linewidth=0.8, zorder=0)
    axes.hlines(places, rows["ci_low"], rows["ci_high"], color=colors, linewidth=1.2)
    axes.scatter(rows["change"], places, c=colors, s=12)
    axes.set_title(title)
    axes.locator_params(axis="x", nbins=4)
    style.label_rows(axes, names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
