"""Does the shift tell an attacked view from an augmented one? A panel per score, a row per augmentation."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from embedding_shift.adversarial.detection import DIRECTION, LAYER, LEDGER, SIZE
from embedding_shift.plots import style

TITLES = {SIZE: "By size", DIRECTION: "By direction", LEDGER: "By ledger", LAYER: "By layers"}
SPREAD = 0.6  # of the points of one row


def draw(detection: pd.DataFrame, augmentations: Sequence[style.Augmentation], confidence: float) -> Figure:
    """Draw the area under the ROC curve at every ε, the darker the larger, with intervals and the line of chance.

    Args:
        detection: data frame of `detection.csv`.
        augmentations: in the order of the rows.
        confidence: coverage of the intervals, between 0 and 1.
    """
    if detection.empty:
        return style.note("Fewer than three images are attacked.")
    titles = {score: title for score, title in TITLES.items() if score in set(detection["score"])}
    epsilons = sorted(detection["epsilon"].unique())
    colors = plt.get_cmap("Greys")(np.linspace(0.4, 0.95, len(epsilons)))
    height = 0.9 + 0.3 * len(augmentations)
    figure, grid = plt.subplots(
        1, len(titles), sharex=True, sharey=True, squeeze=False, figsize=(style.text_width(), height)
    )
    for axes, (score, title) in zip(grid[0], titles.items(), strict=True):
        axes.axvline(0.5, color=style.GREY, linewidth=0.8, linestyle="--")
        for place, (epsilon, color) in enumerate(zip(epsilons, colors, strict=True)):
            rows = detection[(detection["epsilon"] == epsilon) & (detection["score"] == score)]
            rows = rows.set_index("augmentation").reindex([each.name for each in augmentations])
            offset = SPREAD * ((place + 0.5) / len(epsilons) - 0.5)
            _points(axes, rows, np.arange(len(rows)) + offset, color)
        axes.set_title(title, loc="left")
        axes.set_xlim(-0.03, 1.03)
        axes.grid(axis="x")
        axes.set_xlabel("AUC (0.5 is chance)")
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.tick_params(axis="y", left=axes is grid[0, 0])
    style.label_rows(grid[0, 0], [each.label for each in augmentations])
    grid[0, 0].set_ylim(len(augmentations) - 0.5, -0.5)
    interval = f"{100 * confidence:g} % intervals" if detection["ci_low"].notna().any() else ""
    marks = [
        Line2D([], [], linestyle="-" if interval else "", marker="o", markersize=4, color=color, label=f"ε = {epsilon}")
        for epsilon, color in zip(epsilons, colors, strict=True)
    ]
    style.legend_below(figure, marks, len(marks), title=interval or None)
    return figure


def _points(axes: Axes, rows: pd.DataFrame, places: "np.ndarray[Any, Any]", color: Any) -> None:
    axes.hlines(places, rows["ci_low"], rows["ci_high"], color=color, linewidth=1)
    axes.plot(rows["auc"], places, "o", color=color, markersize=3)
