"""Dose and damage: curves of every metric over the dose, and the order of augmentations at equal damage."""

import matplotlib.pyplot as plt
import numpy as np

from embedding_shift.metrics import registry
from embedding_shift.plots import style

DAMAGE_LABELS = {"rmse": "RMSE in grey levels", "ssim": "SSIM"}
RANKED = "cosine_similarity"
ROUNDING = 1e-12  # what double precision leaves of 1 − cosine where two embeddings are the same


def dose_response(table, settings, augmentations, confidence):
    """Draw one panel per metric with a curve per augmentation; a dot marks the configured setting.

    Args:
        table: data frame of `dose_response.csv`.
        settings: {augmentation: dose of its configured setting}.
        augmentations: their labels and colours.
        confidence: coverage of the intervals, which are shaded.
    """
    if table.empty:
        return style.note("This run has no dose-response curves.")
    shown = [metric for metric in labels() if metric in set(table["metric"])]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure, grid = plt.subplots(rows, columns, squeeze=False, sharex=True, figsize=(style.TEXT_WIDTH, 0.5 + 1.6 * rows))
    present = set(table["augmentation"])
    dosed = [(each, line) for each, line in style.with_line_styles(augmentations) if each.name in present]
    for axes, metric in zip(grid.flat, shown, strict=False):
        axes.set_title(labels()[metric], loc="left")
        of_metric = table[table["metric"] == metric]
        for augmentation, line in dosed:
            _curve(axes, of_metric[of_metric["augmentation"] == augmentation.name], augmentation, line, settings)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    for axes in grid.flat[max(0, len(shown) - columns) : len(shown)]:  # the lowest of each column
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("Dose")
    handles = [
        plt.Line2D([], [], color=augmentation.color, label=augmentation.label, linestyle=line)
        for augmentation, line in dosed
    ]
    handles.append(plt.Line2D([], [], color=style.GREY, marker="o", markersize=4, linestyle="", label="as configured"))
    images = int(table["n"].max())
    title = f"{images} {'image' if images == 1 else 'images'}; {100 * confidence:g} % bootstrap intervals shaded"
    figure.legend(handles=handles, loc="outside lower center", ncols=5, title=title, title_fontsize="small")
    return figure


def labels():
    """Return {metric: label} of what the curves show, in order."""
    found = {metric.name: metric.label for metric in registry.in_order() if metric.in_overview}
    return found | DAMAGE_LABELS


def _curve(axes, rows, augmentation, line, settings):
    if rows.empty:
        return
    rows = rows.sort_values("dose")
    axes.plot(rows["dose"], rows["mean"], color=augmentation.color, linestyle=line)
    axes.fill_between(rows["dose"], rows["ci_low"], rows["ci_high"], color=augmentation.color, alpha=0.1, linewidth=0)
    setting = settings[augmentation.name]
    value = np.interp(setting, rows["dose"], rows["mean"])
    axes.plot(setting, value, "o", color=augmentation.color, markersize=4, markeredgecolor="white", markeredgewidth=0.5)


def equal_damage(table, augmentations, confidence):
    """Draw how far the augmentations shift the embedding where they do equal damage, and as they are configured.

    One panel per measure of damage, of 1 − mean cosine similarity on a logarithmic scale, the largest shift at
    equal damage on top; the numbers are the ranks as configured and at equal damage.

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
    shifts = 1 - ranked[["value", "value_at_setting"]].to_numpy()
    lowest = shifts[shifts > ROUNDING].min(initial=1) / 3
    figure, grid = plt.subplots(
        1,
        len(measures),
        squeeze=False,
        sharex=True,
        figsize=(style.TEXT_WIDTH, 1 + 0.25 * ranked["augmentation"].nunique()),
    )
    for axes, measure in zip(grid.flat, measures, strict=True):
        rows = ranked[ranked["damage"] == measure].sort_values(["rank", "augmentation"]).reset_index(drop=True)
        _ranking(axes, rows, by_name, lowest)
        level = rows["level"].iloc[0]
        shown = f"RMSE {level:.1f} grey levels" if measure == "rmse" else f"SSIM {level:.2f}"
        axes.set_title(f"At equal damage: {shown}", loc="left")
    style.label_log_axis(grid[0, 0])
    handles = [
        plt.Line2D(
            [], [], color=style.GREY, marker="o", markersize=4, label=f"equal damage, {100 * confidence:g} % interval"
        ),
        plt.Line2D(
            [],
            [],
            color=style.GREY,
            marker="o",
            markersize=7,
            markerfacecolor="none",
            linestyle="",
            label="as configured",
        ),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _ranking(axes, rows, by_name, lowest):
    for place, row in enumerate(rows.itertuples()):
        color = by_name[row.augmentation].color
        low, high, value, configured = np.maximum(
            1 - np.array([row.ci_high, row.ci_low, row.value, row.value_at_setting]), lowest
        )
        axes.hlines(place, low, high, color=color, linewidth=2)
        axes.plot(configured, place, "o", color=color, markersize=7, markerfacecolor="none")
        axes.plot(value, place, "o", color=color, markersize=4)
    labels = [f"{by_name[row.augmentation].label}  {row.rank_at_setting} → {row.rank}" for row in rows.itertuples()]
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xscale("log")
    axes.set_xlabel("1 − mean cosine similarity")
