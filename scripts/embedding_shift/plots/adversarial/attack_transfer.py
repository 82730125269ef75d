"""How far attacks on one encoder move another one: a heatmap for every ε."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from embedding_shift.plots import style

MOST_PANELS = 4
WORDS = 14  # characters in a line of a label


def draw(transfer: pd.DataFrame, models: Sequence[str], labels: Sequence[str]) -> Figure:
    """Draw the mean of 1 − cosine: a row for the attacked encoder and a column for the one that measures.

    In small type stands the shift by random signs of the same size.

    Args:
        transfer: data frame of `transfer.csv`.
        models: names in the table.
        labels: user-supplied label of each model.
    """
    epsilons = sorted(transfer["epsilon"].unique())[:MOST_PANELS]
    if not epsilons:
        return style.note("No attacked image has a cosine similarity.")
    names = [style.wrapped(style.literal(label), WORDS) for label in labels]
    height = 1.3 + 0.42 * len(models)
    figure, grid = plt.subplots(1, len(epsilons), squeeze=False, sharey=True, figsize=(style.text_width(), height))
    largest = max(1.0, float(transfer["shift"].max()))
    for axes, epsilon in zip(grid[0], epsilons, strict=True):
        rows = transfer[transfer["epsilon"] == epsilon].set_index(["attacked", "measured"])
        shifts, random = (
            rows[column].unstack().reindex(models, columns=models).to_numpy() for column in ("shift", "random_shift")
        )
        axes.imshow(shifts, cmap=style.SEQUENTIAL, vmin=0, vmax=largest, aspect="auto")
        _write(axes, shifts / largest, shifts, random)
        axes.set_title(f"ε = {epsilon}", loc="left")
        axes.set_xticks(range(len(models)), names, rotation=90)
        axes.tick_params(length=0)
    grid[0, 0].set_yticks(range(len(models)), names)
    grid[0, 0].set_ylabel("Attacked")
    figure.supxlabel("Measured", fontsize=style.small())
    return figure


def _write(axes: Axes, shares: NDArray[np.float64], shifts: NDArray[np.float64], random: NDArray[np.float64]) -> None:
    palette, small = plt.get_cmap(style.SEQUENTIAL), style.points(5.5)
    for (row, column), value in np.ndenumerate(shifts):
        if np.isfinite(value):
            color = style.text_color_on(palette(shares[row, column]))
            axes.text(column, row - 0.12, _rounded(float(value)), ha="center", va="center", color=color)
            beside = _rounded(float(random[row, column]))
            axes.text(column, row + 0.22, beside, ha="center", va="center", color=color, fontsize=small)


def _rounded(value: float) -> str:
    if value < 0.001:
        return "< 0.001"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
