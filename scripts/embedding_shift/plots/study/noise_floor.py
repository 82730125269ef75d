"""The shift of every augmentation between the noise floor and the ceiling: another photograph."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.plots import labels, style
from embedding_shift.plots.study import shift


def draw(
    noise_floor: pd.DataFrame,
    dose_start: pd.DataFrame,
    summary: pd.DataFrame,
    augmentations: Sequence[style.Augmentation],
    confidence: float,
) -> Figure:
    """Draw 1 − mean cosine similarity of every augmentation on a logarithmic scale, with the references as lines.

    A ring marks what an augmentation does at a vanishing dose, if its dose scale jumps at 0.

    Args:
        noise_floor: data frame of `noise_floor.csv`.
        dose_start: data frame of `dose_start.csv`.
        summary: data frame of `summary.csv`.
        augmentations: in the order of the rows.
        confidence: coverage of the intervals, between 0 and 1.
    """
    means = noise_floor[noise_floor["metric"] == shift.METRIC].set_index("reference")["mean"]
    references = {str(name): 1 - mean for name, mean in means.items()}
    rows = summary[summary["metric"] == shift.METRIC].set_index("augmentation")
    shown = [augmentation for augmentation in augmentations if augmentation.name in rows.index]
    distances = 1 - rows.loc[[augmentation.name for augmentation in shown], ["mean", "ci_high", "ci_low"]].to_numpy()
    starts = 1 - dose_start[dose_start["metric"] == shift.METRIC].set_index("augmentation")["mean"]
    visible = [value for value in [*references.values(), *distances[:, 0], *starts] if value > shift.ROUNDING]
    if not visible:
        return style.note("Nothing changes the embedding.")
    figure, axes = plt.subplots(figsize=(style.text_width(), 1.5 + 0.22 * len(shown)))
    low, high = min(visible) / 3, max(visible) * 3
    axes.set_xscale("log")
    for place, (augmentation, (distance, *bounds)) in enumerate(zip(shown, distances, strict=True)):
        axes.hlines(place, *np.clip(bounds, low, high), color=augmentation.color, linewidth=2)
        axes.plot(max(distance, low), place, "o", color=augmentation.color, markersize=5)
        if augmentation.name in starts.index:
            start = max(starts[augmentation.name], low)
            axes.plot(start, place, "o", color=augmentation.color, markersize=5, markerfacecolor="none")
    _mark_references(axes, references, low)
    style.label_rows(axes, [augmentation.label for augmentation in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(low, high)
    if len(starts):
        ring = style.legend_mark("at a vanishing dose", size=5, markerfacecolor="none")
        figure.legend(handles=[style.legend_mark("as configured", size=5), ring], loc="outside lower center", ncols=2)
    interval = f" ({100 * confidence:g} % bootstrap interval)" if np.isfinite(distances).all() else ""
    axes.set_xlabel(f"{shift.AXIS_LABEL} to the original{interval}")
    return figure


def _mark_references(axes: Axes, references: Mapping[str, float], low: float) -> None:
    """Draw a line at the shift of every reference and name it above the axes; those without a shift stand at `low`."""
    for level, (name, distance) in enumerate(references.items()):
        label = labels.REFERENCES[name]
        if distance > shift.ROUNDING:
            axes.axvline(distance, color=style.GREY, linestyle="--", linewidth=0.8, zorder=0)
            text, position = label, distance
        else:
            text, position = f"{label}: identical", low
        axes.annotate(
            text,
            (position, 1),
            (2, 3 + 9 * level),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=style.points(6.5),
            color=style.GREY,
        )
