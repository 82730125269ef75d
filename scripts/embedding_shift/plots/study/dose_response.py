"""Curves of the shift by every metric over the dose."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType

from embedding_shift.metrics import registry
from embedding_shift.plots import labels, style
from embedding_shift.plots.study import shift
from embedding_shift.study.variants.variant_names import LEAST_DOSE

BOUNDS = ["mean", "ci_low", "ci_high"]


def draw(
    dose_response: pd.DataFrame,
    augmentations: Sequence[style.Augmentation],
    settings: Mapping[str, float],
    confidence: float,
) -> Figure:
    """Draw one panel per metric with a curve per augmentation: the mean shift, on a square-root scale.

    A dot marks the configured setting. Curves start at no shift, the unchanged image; where a scale jumps at dose 0,
    the curve starts above it, with a ring at a vanishing dose.

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
    figure, grid = plt.subplots(
        rows, columns, squeeze=False, sharex=True, figsize=(style.text_width(), 0.5 + 1.6 * rows)
    )
    present = set(dose_response["augmentation"])
    dosed = [(each, line) for each, line in style.with_line_styles(augmentations) if each.name in present]
    for axes, metric in zip(grid.flat, shown, strict=False):
        axes.set_title(labels.shift(titles[metric], shift.is_distance(metric)), loc="left")
        style.set_root_scale(axes, "y")
        of_metric = _as_shift(dose_response[dose_response["metric"] == metric], metric)
        for augmentation, line in dosed:
            of_both = of_metric[of_metric["augmentation"] == augmentation.name]
            if not of_both.empty:
                _curve(axes, of_both.sort_values("dose"), augmentation, line, settings[augmentation.name])
        axes.set_ylim(bottom=0)
    style.hide_unused(grid, len(shown))
    for axes in grid.flat[max(0, len(shown) - columns) : len(shown)]:  # the lowest of each column
        axes.set_xlabel("Dose")
    handles = [Line2D([], [], color=each.color, label=each.label, linestyle=line) for each, line in dosed]
    handles += [style.legend_mark("as configured"), style.legend_mark("vanishing dose", markerfacecolor="none")]
    images = labels.counted(int(dose_response["n"].max()), "image")
    has_intervals = dose_response["ci_low"].notna().any()
    title = f"{images}; {100 * confidence:g} % bootstrap intervals shaded" if has_intervals else images
    style.legend_below(figure, handles, 5, title=title, title_fontsize="small")
    return figure


def _as_shift(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the rows of a metric with shifts in place of values."""
    if shift.is_distance(metric):
        return rows
    values = rows[BOUNDS].to_numpy()[:, [0, 2, 1]]
    return rows.assign(**dict(zip(BOUNDS, (1 - values).T, strict=True)))


def _curve(
    axes: Axes, rows: pd.DataFrame, augmentation: style.Augmentation, line: LineStyleType, setting: float
) -> None:
    """Draw the rows of one metric and augmentation, sorted by dose, and mark the dose `setting`."""
    color = augmentation.color
    if (rows["dose"] == LEAST_DOSE).any():
        rows = rows[rows["dose"] > 0]  # no line bridges the jump
    axes.plot(rows["dose"], rows["mean"].clip(lower=0), color=color, linestyle=line)
    axes.fill_between(rows["dose"], rows["ci_low"].clip(lower=0), rows["ci_high"], color=color, alpha=0.1, linewidth=0)
    means = rows.set_index("dose")["mean"]
    marks: dict[float, dict[str, Any]] = {round(setting, 3): {"markeredgecolor": "white", "markeredgewidth": 0.5}}
    marks |= {LEAST_DOSE: {"markerfacecolor": "white"}}
    for dose, options in marks.items():
        if dose in means.index:
            axes.plot(dose, means[dose], "o", color=color, markersize=4, clip_on=False, zorder=3, **options)
