"""Which heads and MLPs write the shift of each augmentation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure

from embedding_shift.plots import labels, style
from embedding_shift.plots.mechanism import cells

LINEAR = 1.0  # percent, up to which the colours are linear
TICKS = (-100, -10, -1, 0, 1, 10, 100)


def draw(ledger: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw layers × heads with a column for the MLP, one panel per augmentation.

    Colours are the share in percent of the augmentation's mean 1 − cosine, which its title gives; they are linear up to
    LINEAR percent and logarithmic beyond.

    Args:
        ledger: data frame of `ledger.csv`.
        augmentations: the panels.
    """
    if reason := cells.not_defined(ledger["share"]):
        return reason
    table = ledger.assign(layer=cells.numbers(ledger["layer"]), share=cells.numbers(ledger["share"]))
    totals = table.groupby("augmentation")["share"].sum()
    table = table[table["part"].str.startswith("head") | (table["part"] == "mlp")]
    present = [augmentation for augmentation in augmentations if totals.get(augmentation.name, 0) > 0]
    if not present:
        return style.note("No augmentation moves the embedding.")
    parts = list(dict.fromkeys(table["part"]))
    layers = int(table["layer"].max())
    rows, columns = style.panels(len(present))
    figure, grid = cells.subplots(rows, columns, 0.5 + (0.4 + 0.045 * layers) * rows, sharex=True, sharey=True)
    for axes, augmentation in zip(grid.flat, present, strict=False):
        own = table[table["augmentation"] == augmentation.name]
        values = own.pivot(index="layer", columns="part", values="share").reindex(columns=parts)
        image = axes.imshow(
            100 * values.to_numpy() / totals[augmentation.name],
            aspect="auto",
            origin="lower",
            cmap="PuOr_r",
            norm=SymLogNorm(LINEAR, vmin=-100, vmax=100, base=10),
        )
        axes.set_title(f"{augmentation.label}: {labels.mean_text(totals[augmentation.name])}", loc="left")
        step = -(-layers // 4)
        axes.set_yticks(np.arange(step - 1, layers, step), np.arange(step, layers + 1, step))
        heads = [part.removeprefix("head ") if part != "mlp" else "MLP" for part in parts]
        step = -(-len(heads) // 9)
        places = list(dict.fromkeys([*range(0, len(heads) - 1, step), len(heads) - 1]))
        axes.set_xticks(places, [heads[place] for place in places])
        axes.tick_params(length=0)
    style.hide_unused(grid, len(present))
    figure.supxlabel("Head", fontsize=style.points(style.BASE_SIZE))
    figure.supylabel("Block", fontsize=style.points(style.BASE_SIZE))
    cells.color_bar(figure, image, grid, "Share of 1 − cosine in %", ticks=TICKS, format="{x:g}")
    return figure
