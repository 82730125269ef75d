"""What each transform of a list adds to the shift, and what the list loses without it."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.plots import style
from embedding_shift.plots.study import shift
from embedding_shift.study.tables.step_contributions import ADDED, LOST

BAR = 0.7  # height, of a row


def draw(steps: pd.DataFrame, augmentations: Sequence[style.Augmentation], confidence: float) -> Figure:
    """Draw a row of two panels per list of transforms, with one bar per transform.

    On the left, each bar begins where the one above ends, so that the last ends at the shift of the whole.

    Args:
        steps: data frame of `steps.csv`.
        augmentations: in the order of the rows.
        confidence: coverage of the intervals, between 0 and 1.
    """
    of_metric = steps[steps["metric"] == shift.METRIC]
    listed = [each for each in augmentations if each.name in set(of_metric["augmentation"])]
    if not listed:
        return style.note("No list of transforms has a shift of the embedding.")
    numbers = [int(of_metric.loc[of_metric["augmentation"] == each.name, "step"].max()) for each in listed]
    figure, grid = plt.subplots(
        len(listed),
        2,
        squeeze=False,
        sharex="col",
        figsize=(style.text_width(), 0.5 + 0.35 * len(listed) + 0.17 * sum(numbers)),
        height_ratios=numbers,
        width_ratios=(3, 2),
    )
    for (left, right), augmentation in zip(grid, listed, strict=True):
        rows = of_metric[of_metric["augmentation"] == augmentation.name]
        added, lost = (rows[rows["contribution"] == kind].sort_values("step") for kind in (ADDED, LOST))
        before = np.append(0, np.cumsum(added["mean"])[:-1])
        _bars(left, added, before, augmentation.color)
        _bars(right, lost, np.zeros(len(lost)), augmentation.color)
        left.set_title(augmentation.label, loc="left")
        style.label_rows(left, [_label(row) for row in added.to_dict("records")])
        style.label_rows(right, [""] * len(lost))
    interval = f"; lines: {100 * confidence:g} % intervals" if of_metric["ci_low"].notna().any() else ""
    grid[-1, 0].set_xlabel(f"Added to {shift.AXIS_LABEL}{interval}")
    grid[-1, 1].set_xlabel("Lost without the transform")
    return figure


def _label(row: Mapping[Hashable, Any]) -> str:
    """Return the number and the name of a transform, and the number of images to which it was applied if not to all."""
    name = f"{row['step']}  {style.literal(row['transform'])}"
    return name if row["applied"] == row["n"] else f"{name} ({row['applied']} of {row['n']})"


def _bars(axes: Axes, rows: pd.DataFrame, start: np.ndarray, color: str) -> None:
    """Draw one bar with its interval per row, from top to bottom, and join each bar with the next if they continue."""
    means, places = rows["mean"].to_numpy(), np.arange(len(rows))
    axes.barh(places, means, BAR, left=start, color=color, alpha=0.75)
    axes.hlines(places, start + rows["ci_low"], start + rows["ci_high"], color="black", linewidth=0.8)
    if start.any():
        axes.vlines((start + means)[:-1], places[:-1] + BAR / 2, places[1:] - BAR / 2, color=style.GREY, linewidth=0.5)
    axes.axvline(0, color=style.GREY, linewidth=0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
