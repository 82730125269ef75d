"""Does the shift forecast the damage? A panel per kind of damage, a colour per augmentation, a mark per encoder.

Lines with small points lead through the doses of the study.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from embedding_shift.plots import style
from embedding_shift.plots.mechanism import cells
from embedding_shift.plots.model_comparison import MARKS
from embedding_shift.words.downstream.damage_forecast import EVERY, EVERY_DOSE

COSINE = "cosine_similarity"
NOTHING = "No encoder of this run has a text tower or a classifier."
# The column, the title and the axis of every kind of damage, by its metric.
PANELS = {
    "top1_flips": ("mean", "Most probable class", "Share of images that change"),
    "caption_similarity": ("change", "Similarity to the caption", "Change of the cosine"),
    "image_to_text_recall_at_1": ("change", "Caption found at once", "Change of recall@1"),
}


def draw(
    text_damage: pd.DataFrame,
    dose_damage: pd.DataFrame,
    damage_forecast: pd.DataFrame,
    comparison: pd.DataFrame,
    augmentations: Sequence[style.Augmentation],
    models: Sequence[str],
    labels: Sequence[str],
) -> Figure:
    """Draw the mean damage of every augmentation over its mean shift, with intervals and the rank correlation.

    Args:
        text_damage: data frame of `results/text_damage.csv`.
        dose_damage: data frame of `results/dose_damage.csv`, without rows if the run has no doses.
        damage_forecast: data frame of `results/damage_forecast.csv`.
        comparison: data frame of `comparison.csv`.
        augmentations: in the order of the legend.
        models: names in the tables.
        labels: user-supplied label of each model.
    """
    shown = [metric for metric in PANELS if metric in set(text_damage["metric"])]
    if not shown:
        return style.note(NOTHING, share=0.9)
    present = [name for name in models if name in set(text_damage["model"])]
    cosines = comparison[comparison["metric"] == COSINE].set_index(["model", "augmentation"])["mean"]
    figure, grid = plt.subplots(1, len(shown), squeeze=False, figsize=(style.text_width(), 2.6))
    for axes, metric in zip(grid[0], shown, strict=True):
        column, title, label = PANELS[metric]
        axes.set_ylabel(label)
        axes.set_xlabel("1 − cosine similarity,\nsquare-root scale")
        style.set_root_scale(axes, "x")
        rows = text_damage[text_damage["metric"] == metric].set_index(["model", "augmentation"])
        doses = dose_damage[dose_damage["metric"] == metric]
        for place, model in enumerate(present):
            for augmentation in augmentations:
                if (model, augmentation.name) in rows.index:
                    key = (model, augmentation.name)
                    curve = doses[(doses["model"] == model) & (doses["augmentation"] == augmentation.name)]
                    _curve(axes, curve, augmentation.color)
                    _point(axes, 1 - cosines[key], rows.loc[key], column, augmentation.color, MARKS[place % len(MARKS)])
        if len(doses):
            axes.set_xlim(left=0)  # The curves begin near no shift.
        axes.set_xticks(root_ticks(*axes.get_xlim()))
        axes.set_title(f"{title}\n{_correlations(damage_forecast, metric, present)}", loc="left")
    style.legend_below(
        figure, _legend(augmentations, present, dict(zip(models, labels, strict=True))), style.MOST_COLUMNS
    )
    return figure


def root_ticks(low: float, high: float) -> list[float]:
    """Return the round values between two bounds that are a fifth of a square-root scale apart or more."""
    root_low, root_high = np.sqrt(np.clip([low, high], 0, None))
    gap = (root_high - root_low) / 5
    ticks = [0.0] if root_low == 0 else []
    lowest, highest = root_low + gap * len(ticks), root_high
    for value in sorted(np.outer([1, 2, 5], 10.0 ** np.arange(-6, 7)).ravel(), reverse=True):
        if lowest <= np.sqrt(value) <= highest:
            ticks.append(float(value))
            highest = np.sqrt(value) - gap
    return sorted(ticks)


def _point(axes: Axes, shift: float, row: Any, column: str, color: str, mark: str) -> None:
    prefix = "" if column == "mean" else f"{column}_"
    mean, low, high = pd.to_numeric(row[[column, f"{prefix}ci_low", f"{prefix}ci_high"]], errors="coerce")
    if pd.notna(low):
        axes.plot([shift, shift], [low, high], color=color, linewidth=0.8)
    axes.plot(shift, mean, mark, color=color, markersize=5)


def _curve(axes: Axes, doses: pd.DataFrame, color: str) -> None:
    """Draw the doses of an augmentation, in their order."""
    places = doses[["shift", "change"]].apply(pd.to_numeric, errors="coerce").dropna()
    axes.plot(places["shift"], places["change"], ".-", color=color, linewidth=0.5, markersize=2.5, alpha=0.6, zorder=1)


def _correlations(damage_forecast: pd.DataFrame, metric: str, models: Sequence[str]) -> str:
    """Return the rank correlations over the augmentations, and over all doses, one line for each encoder."""
    rows = damage_forecast[damage_forecast["damage"] == metric]
    every, doses = (
        cells.numbers(rows[rows["augmentation"] == group].set_index("model")["rho"]).dropna()
        for group in (EVERY, EVERY_DOSE)
    )
    over_doses = {model: f"; over doses {rho:.2f}" for model, rho in doses.items()}
    return "\n".join(f"ρ = {every[model]:.2f}{over_doses.get(model, '')}" for model in models if model in every.index)


def _legend(augmentations: Sequence[style.Augmentation], models: Sequence[str], labels: dict[str, str]) -> list[Line2D]:
    handles = [Line2D([], [], linestyle="", marker="o", color=each.color, label=each.label) for each in augmentations]
    if len(models) > 1:
        handles += [
            style.legend_mark(style.literal(labels[model]), mark)
            for model, mark in zip(models, MARKS * len(models), strict=False)
        ]
    return handles
