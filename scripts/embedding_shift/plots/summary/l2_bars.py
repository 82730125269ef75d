"""Bars of the mean L2 distance, with spread and interval."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from embedding_shift.plots import labels, style
from embedding_shift.plots.summary import closeness


def draw(summary: pd.DataFrame, augmentations: Sequence[style.Augmentation], confidence: float) -> Figure:
    """Draw the mean L2 distance per augmentation with its spread over images and its bootstrap interval.

    Args:
        summary: data frame of `summary.csv`.
        augmentations: in the order of the bars.
        confidence: coverage of the interval, between 0 and 1.
    """
    rows = closeness.rows_of(summary, "l2_distance", augmentations)
    positions = np.arange(len(rows))
    figure, axes = plt.subplots(figsize=(style.text_width(), 2.6))
    axes.bar(positions, rows["mean"], color=[augmentation.color for augmentation in augmentations], width=0.7)
    low, high = (rows["mean"] - rows["std"]).clip(lower=0), rows["mean"] + rows["std"]
    spread = axes.vlines(positions - 0.1, low, high, color=style.GREY, linewidth=1, path_effects=style.halo(1))
    interval = axes.vlines(
        positions + 0.1, rows["ci_low"], rows["ci_high"], color="black", linewidth=2.5, path_effects=style.halo(2.5)
    )
    for position, mean, top in zip(positions, rows["mean"], np.fmax(high, rows["ci_high"]), strict=True):
        if np.isfinite(mean):
            text = labels.mean_text(mean)
            axes.annotate(
                text, (position, top), (0, 2), textcoords="offset points", ha="center", fontsize=style.small()
            )
    axes.set_xticks(positions, [augmentation.wrapped() for augmentation in augmentations])
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    style.set_root_scale(axes, "y")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Mean L2 distance\n(square-root scale)")
    if rows["std"].notna().any():  # one image has neither
        names = ["one standard deviation over images", f"{100 * confidence:g} % bootstrap interval of the mean"]
        figure.legend([spread, interval], names, loc="outside upper right", ncols=2)
    return figure
