"""Dose and damage: curves of every metric over the dose, and the order of augmentations at equal damage."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from embedding_shift import metrics, pixel_metrics, shift_metrics  # noqa: F401  (two of them fill the registry)
from embedding_shift.plots import style

DAMAGE_LABELS = {"rmse": "RMSE in grey levels", "ssim": "SSIM"}
RANKED = "cosine_similarity"


def dose_response(table, settings, augmentations, confidence):
    """Draw one panel per metric with a curve per augmentation; a dot marks the configured setting.

    Args:
        table: data frame of `dose_response.csv`.
        settings: {augmentation: dose of its configured setting}.
        augmentations: their labels and colours.
        confidence: coverage of the intervals, which are shaded.
    """
    if table.empty:
        return style.note("No augmentation has a scale of doses.")
    shown = [metric for metric in labels() if metric in set(table["metric"])]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure, grid = plt.subplots(rows, columns, squeeze=False, sharex=True, figsize=(style.TEXT_WIDTH, 0.5 + 1.6 * rows))
    dosed = [augmentation for augmentation in augmentations if augmentation.name in set(table["augmentation"])]
    for axes, metric in zip(grid.flat, shown, strict=False):
        axes.set_title(labels()[metric], loc="left")
        of_metric = table[table["metric"] == metric]
        for augmentation in dosed:
            _curve(axes, of_metric[of_metric["augmentation"] == augmentation.name], augmentation, settings)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    handles = [plt.Line2D([], [], color=augmentation.color, label=augmentation.label) for augmentation in dosed]
    handles.append(plt.Line2D([], [], color=style.GREY, marker="o", markersize=4, linestyle="", label="as configured"))
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    n = int(table["n"].max())
    images = "1 image" if n == 1 else f"{n} images"
    figure.supxlabel(f"Dose ({images}; {100 * confidence:g} % bootstrap intervals shaded)", fontsize="medium")
    return figure


def labels():
    """Return {metric: label} of what the curves show, in order."""
    found = {metric.name: metric.label for metric in metrics.in_order() if metric.in_overview}
    return found | DAMAGE_LABELS


def _curve(axes, rows, augmentation, settings):
    if rows.empty:
        return
    rows = rows.sort_values("dose")
    axes.plot(rows["dose"], rows["mean"], color=augmentation.color)
    axes.fill_between(rows["dose"], rows["ci_low"], rows["ci_high"], color=augmentation.color, alpha=0.1, linewidth=0)
    setting = settings[augmentation.name]
    value = np.interp(setting, rows["dose"], rows["mean"])
    axes.plot(setting, value, "o", color=augmentation.color, markersize=4, markeredgecolor="white", markeredgewidth=0.5)


def equal_damage(table, augmentations, confidence):
    """Draw the cosine similarity of the augmentations as configured, and where they do equal damage.

    One panel per measure of damage: on the left of each line the value at the configured setting, on the right the
    value at the common level, with its interval.

    Args:
        table: data frame of `equal_damage.csv`.
        augmentations: their labels and colours.
        confidence: coverage of the intervals.
    """
    ranked = table[table["metric"] == RANKED]
    if ranked.empty:
        return style.note("There is no damage that all augmentations with doses reach.")
    by_name = {augmentation.name: augmentation for augmentation in augmentations}
    measures = list(ranked["damage"].unique())
    figure, grid = plt.subplots(
        1,
        len(measures),
        squeeze=False,
        sharex=True,
        figsize=(style.TEXT_WIDTH, 1 + 0.25 * ranked["augmentation"].nunique()),
    )
    for axes, measure in zip(grid.flat, measures, strict=True):
        rows = ranked[ranked["damage"] == measure].sort_values(["rank", "augmentation"]).reset_index(drop=True)
        _ranking(axes, rows, by_name)
        level = rows["level"].iloc[0]
        shown = f"RMSE {level:.1f} grey levels" if measure == "rmse" else f"SSIM {level:.2f}"
        axes.set_title(f"At equal damage: {shown}", loc="left")
    handles = [
        plt.Line2D(
            [], [], color=style.GREY, marker="o", markersize=5, label=f"equal damage, {100 * confidence:g} % interval"
        ),
        plt.Line2D(
            [],
            [],
            color=style.GREY,
            marker="o",
            markersize=5,
            markerfacecolor="white",
            linestyle="",
            label="as configured",
        ),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _ranking(axes, rows: pd.DataFrame, by_name):
    for place, row in enumerate(rows.itertuples()):
        color = by_name[row.augmentation].color
        axes.hlines(place, row.ci_low, row.ci_high, color=color, linewidth=2)
        axes.plot(row.value, place, "o", color=color, markersize=5)
        axes.plot(row.value_at_setting, place, "o", color=color, markersize=5, markerfacecolor="white")
    axes.set_yticks(
        range(len(rows)),
        [f"{by_name[row.augmentation].label}  {row.rank_at_setting} → {row.rank}" for row in rows.itertuples()],
    )
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel("Cosine similarity to the original")
