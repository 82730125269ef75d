"""How far an attack moves the embedding, and the attack that every augmentation is worth."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from embedding_shift.plots import labels, style
from embedding_shift.plots.study import shift

ATTACK_COLOR = "#AA3322"


def draw(
    adversarial: pd.DataFrame,
    exchange_rate: pd.DataFrame,
    augmentations: Sequence[style.Augmentation],
    confidence: float,
) -> Figure:
    """Draw 1 − mean cosine over ε for the attack and for random signs, and the exchange rates in rows.

    Args:
        adversarial: data frame of `adversarial.csv`.
        exchange_rate: data frame of `exchange_rate.csv`.
        augmentations: in the order of the rows.
        confidence: coverage of the intervals, between 0 and 1.
    """
    curve = adversarial[adversarial["metric"] == shift.METRIC].sort_values("epsilon")
    if curve.empty:
        return style.note("No attacked image has a cosine similarity.")
    height = max(2.3, 1.0 + 0.19 * len(augmentations))
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.text_width(), height))
    _curves(left, curve)
    _rates(right, exchange_rate.set_index("augmentation"), augmentations, curve["epsilon"].tolist())
    handles = [
        Line2D([], [], color=ATTACK_COLOR, marker="o", markersize=4, label="attack"),
        Line2D([], [], color=style.GREY, marker="o", markersize=4, linestyle="--", label="random signs"),
    ]
    has_intervals = curve["ci_low"].notna().any()
    interval = f"; {100 * confidence:g} % bootstrap intervals" if has_intervals else ""
    title = labels.counted(int(curve["n"].max()), "image") + interval
    style.legend_below(figure, handles, 2, title=title, title_fontsize="small")
    return figure


def _curves(axes: Axes, curve: pd.DataFrame) -> None:
    axes.set_title(labels.shift("Cosine similarity", is_distance=False), loc="left")
    for prefix, ends, color, line in (
        ("mean", ("ci_low", "ci_high"), ATTACK_COLOR, "-"),
        ("random_mean", ("random_low", "random_high"), style.GREY, "--"),
    ):
        low, high = (1 - curve[end] for end in reversed(ends))
        axes.plot(curve["epsilon"], (1 - curve[prefix]).clip(lower=0), "o", color=color, linestyle=line, markersize=4)
        axes.fill_between(curve["epsilon"], low.clip(lower=0), high, color=color, alpha=0.15, linewidth=0)
    style.set_root_scale(axes, "y")
    axes.set_ylim(bottom=0)
    axes.set_xscale("log", base=2)
    axes.set_xticks(curve["epsilon"], [str(epsilon) for epsilon in curve["epsilon"]])
    axes.set_xlabel("ε in grey levels")


def _rates(
    axes: Axes, rates: pd.DataFrame, augmentations: Sequence[style.Augmentation], epsilons: Sequence[int]
) -> None:
    smallest, largest = epsilons[0], epsilons[-1]
    axes.set_title("ε that moves the embedding as far", loc="left")
    shown = [augmentation for augmentation in augmentations if augmentation.name in rates.index]
    for place, augmentation in enumerate(shown):
        row = rates.loc[augmentation.name]
        if np.isnan(row["epsilon"]):
            axes.plot(largest, place, ">", color=augmentation.color, markersize=5, clip_on=False)
            continue
        end = largest if np.isnan(row["ci_high"]) else row["ci_high"]
        if np.isfinite(row["ci_low"]):
            axes.hlines(place, row["ci_low"], end, color=augmentation.color, linewidth=2)
        axes.plot(row["epsilon"], place, "o", color=augmentation.color, markersize=5)
    style.set_root_scale(axes, "x")
    axes.set_xlim(0, largest)
    ticks = [0.0, smallest / 4, *epsilons]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.axvline(smallest, color=style.GREY, linestyle=":", linewidth=0.8, zorder=0)
    axes.set_xlabel("ε in grey levels")
    axes.grid(axis="x")
    style.label_rows(axes, [augmentation.label for augmentation in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
