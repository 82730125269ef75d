"""How many of its nearest neighbours an image keeps under each augmentation, in all and head by head."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.plots import style
from embedding_shift.plots.mechanism import cells

WHOLE = "whole"


def draw(neighbours: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw the overlap of the whole embedding against chance, and beside it the overlap of every head.

    Args:
        neighbours: data frame of `neighbours.csv`.
        augmentations: the rows, from top to bottom.
    """
    table = neighbours.assign(overlap=cells.numbers(neighbours["overlap"]), space=neighbours["space"].astype(str))
    whole = table[table["space"] == WHOLE].set_index("augmentation")
    if reason := cells.not_defined(neighbours[table["space"] == WHOLE]["overlap"]):
        return reason
    heads = table[table["space"].str.contains(".", regex=False)]
    has_heads = heads["overlap"].notna().any()
    figure, grid = cells.subplots(
        1,
        2 if has_heads else 1,
        0.9 + 0.17 * len(augmentations),
        sharey=True,
        width_ratios=(1, 2) if has_heads else None,
    )
    chance = cells.numbers(whole["chance"]).dropna().iloc[0]
    axes = grid[0, 0]
    for place, augmentation in enumerate(augmentations):
        axes.plot(whole["overlap"].get(augmentation.name), place, "o", color=augmentation.color, markersize=5)
    axes.axvline(chance, color=style.GREY, linestyle="--", linewidth=0.8)
    axes.text(chance - 0.02, len(augmentations) / 2, "chance", rotation=90, ha="right", va="center", color=style.GREY)
    axes.set_xlim(0, 1.04)
    axes.set_xlabel(f"Neighbours kept (k = {whole['k'].iloc[0]})")
    axes.set_title("Whole embedding", loc="left")
    axes.grid(axis="x")
    style.label_rows(axes, [augmentation.label for augmentation in augmentations])
    axes.set_ylim(len(augmentations) - 0.5, -0.5)
    if has_heads:
        _heads(figure, grid[0, 1], heads, augmentations)
    return figure


def _heads(figure: Figure, axes: Axes, heads: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> None:
    """Draw augmentations × heads; a line separates the blocks."""
    spaces = list(dict.fromkeys(heads["space"]))
    names = [augmentation.name for augmentation in augmentations]
    values = heads.pivot(index="augmentation", columns="space", values="overlap").reindex(names)[spaces]
    image = axes.imshow(values.to_numpy(), aspect="auto", vmin=0, vmax=1)
    blocks = np.array([int(space.split(".")[0]) for space in spaces])
    starts = np.flatnonzero(np.diff(blocks, prepend=0))
    middles = [(blocks == block).nonzero()[0].mean() for block in blocks[starts]]
    step = -(-len(starts) // 12)
    axes.set_xticks(middles[::step], [str(block) for block in blocks[starts]][::step])
    for start in starts[1:]:
        axes.axvline(start - 0.5, color="white", linewidth=0.6)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("Block, and its heads")
    axes.set_title("Every head", loc="left")
    cells.color_bar(figure, image, axes, "Neighbours kept")
