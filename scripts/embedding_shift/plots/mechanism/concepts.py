"""What becomes of single dimensions of the embedding, and of the patches that resemble it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.plots import style
from embedding_shift.plots.mechanism import cells


def draw(concepts: pd.DataFrame, similarity_maps: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw three panels with one row per augmentation.

    On the left, the share of its most typical images that a dimension keeps, with the quartiles over dimensions and
    with chance; in the middle, over how many dimensions the shift is spread; on the right, the correlation of the
    similarity maps with their intervals.

    Args:
        concepts: data frame of `concepts.csv`.
        similarity_maps: data frame of `similarity_maps.csv`.
        augmentations: the rows, from top to bottom.
    """
    if reason := cells.not_defined(concepts["share"]):
        return reason
    figure, grid = cells.subplots(1, 3, 0.8 + 0.17 * len(augmentations), sharey=True)
    _exemplars(grid[0, 0], concepts, augmentations)
    _dimensions(grid[0, 1], concepts, augmentations)
    _maps(grid[0, 2], similarity_maps, augmentations)
    for axes in grid.flat:
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
    style.label_rows(grid[0, 0], [augmentation.label for augmentation in augmentations])
    grid[0, 0].set_ylim(len(augmentations) - 0.5, -0.5)
    return figure


def _exemplars(axes: Axes, concepts: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> None:
    axes.set_title("Typical images kept", loc="left")
    axes.set_xlabel("Share per dimension")
    axes.set_xlim(0, 1.04)
    if cells.write_reason(axes, concepts["exemplars_kept"]):
        return
    kept = cells.numbers(concepts["exemplars_kept"]).groupby(concepts["augmentation"])
    means, low, high = kept.mean(), kept.quantile(0.25), kept.quantile(0.75)
    for place, augmentation in enumerate(augmentations):
        name, color = augmentation.name, augmentation.color
        if np.isfinite(means.get(name, np.nan)):
            axes.hlines(place, low[name], high[name], color=color, linewidth=2)
            axes.plot(means[name], place, "o", color=color, markersize=4)
    chance = cells.numbers(concepts["chance"]).dropna()
    if len(chance):
        axes.axvline(chance.iloc[0], color=style.GREY, linestyle="--", linewidth=0.8)
        middle = len(augmentations) / 2
        axes.text(chance.iloc[0] - 0.02, middle, "chance", rotation=90, ha="right", va="center", color=style.GREY)


def _dimensions(axes: Axes, concepts: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> None:
    axes.set_title("Spread of the shift", loc="left")
    axes.set_xlabel("Effective dimensions")
    squares = (cells.numbers(concepts["share"]) ** 2).groupby(concepts["augmentation"]).sum()
    for place, augmentation in enumerate(augmentations):
        if squares.get(augmentation.name, 0) > 0:
            axes.plot(1 / squares[augmentation.name], place, "o", color=augmentation.color, markersize=4)
    axes.set_xlim(0, concepts["dimension"].nunique())


def _maps(axes: Axes, similarity_maps: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> None:
    axes.set_title("Similarity maps", loc="left")
    axes.set_xlabel("Correlation, registered")
    axes.set_xlim(-0.3, 1.04)
    table = similarity_maps.set_index("augmentation")
    if cells.write_reason(axes, table["correlation"]):
        return
    values = pd.DataFrame({name: cells.numbers(table[name]) for name in ("correlation", "ci_low", "ci_high")})
    for place, augmentation in enumerate(augmentations):
        correlation, low, high = values.loc[augmentation.name].to_numpy()
        axes.hlines(place, low, high, color=augmentation.color, linewidth=2)
        axes.plot(correlation, place, "o", color=augmentation.color, markersize=4)
