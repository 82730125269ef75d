"""Curves of every metric over the dose."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType

from embedding_shift.metrics import registry
from embedding_shift.plots import labels, style


def draw(
    dose_response: pd.DataFrame,
    augmentations: Sequence[style.Augmentation],
    settings: Mapping[str, float],
    confidence: float,
) -> Figure:
    """Draw one panel per metric with a curve per augmentation; a dot marks the configured setting.

    Args:
        dose_response: data frame of `dose_response.csv`.
        augmentations: in the order of the curves.
        settings: {augmentation: dose of its configured setting}.
        confidence: coverage of the intervals, which are shaded, between 0 and 1.
    """
    if dose_response.empty:
        return style.note("This run has no dose-response curves.")
    titles = {metric.name: metric.label for metric in registry.in_order() if metric.in_overview}
    titles |= {measure: labels.damage(measure) for measure in labels.DAMAGE}
    shown = [metric for metric in titles if metric in set(dose_response["metric"])]
    rows, columns = style.panels(len(shown))
    figure, grid = plt.subplots(rows, columns, squeeze=False, sharex=True, figsize=(style.TEXT_WIDTH, 0.5 + 1.6 * rows))
    present = set(dose_response["augmentation"])
    dosed = [(each, line) for each, line in style.with_line_styles(augmentations) if each.name in present]
    for axes, metric in zip(grid.flat, shown, strict=False):
        axes.set_title(titles[metric], loc="left")
        of_metric = dose_response[dose_response["metric"] == metric]
        for augmentation, line in dosed:
            of_both = of_metric[of_metric["augmentation"] == augmentation.name]
            if not of_both.empty:
                _curve(axes, of_both.sort_values("dose"), augmentation, line, settings[augmentation.name])
    style.hide_unused(grid, len(shown))
    for axes in grid.flat[max(0, len(shown) - columns) : len(shown)]:  # the lowest of each column
        axes.set_xlabel("Dose")
    handles = [Line2D([], [], color=each.color, label=each.label, linestyle=line) for each, line in dosed]
    handles.append(style.legend_mark("as configured"))
    images = labels.counted(int(dose_response["n"].max()), "image")
    title = f"{images}; {100 * confidence:g} % bootstrap intervals shaded"
    figure.legend(handles=handles, loc="outside lower center", ncols=5, title=title, title_fontsize="small")
    return figure


def _curve(
    axes: Axes, rows: pd.DataFrame, augmentation: style.Augmentation, line: LineStyleType, setting: float
) -> None:
    """Draw the rows of one metric and augmentation, sorted by dose, and mark the dose `setting`."""
    axes.plot(rows["dose"], rows["mean"], color=augmentation.color, linestyle=line)
    axes.fill_between(rows["dose"], rows["ci_low"], rows["ci_high"], color=augmentation.color, alpha=0.1, linewidth=0)
    value = np.interp(setting, rows["dose"], rows["mean"])
    axes.plot(setting, value, "o", color=augmentation.color, markersize=4, markeredgecolor="white", markeredgewidth=0.5)
