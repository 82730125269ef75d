"""How far each augmentation moves the stream after every block, and where its direction first shows."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from embedding_shift.plots import style
from embedding_shift.plots.mechanism import cells

TOKENS = {"class": "Class token", "patch_mean": "Mean of the patches"}


def draw(layers: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw augmentations × layers, one panel per token, coloured by the relative distance.

    A dot marks the first layer in which the shift has a direction; a cross marks layers in which the debiased CKA
    between originals and views is no larger than between permuted images.

    Args:
        layers: data frame of `layers.csv`.
        augmentations: the rows, from top to bottom.
    """
    if reason := cells.not_defined(layers["relative_l2"]):
        return reason
    shown = [token for token in TOKENS if cells.numbers(layers[layers["token"] == token]["relative_l2"]).notna().any()]
    largest = cells.numbers(layers["relative_l2"]).max()
    figure, grid = cells.subplots(1, len(shown), 0.9 + 0.17 * len(augmentations), sharey=True)
    for axes, token in zip(grid.flat, shown, strict=True):
        image = _panel(axes, layers[layers["token"] == token], augmentations, largest)
        axes.set_title(TOKENS[token], loc="left")
        axes.set_xlabel("Block (0: input of the first)")
    cells.color_bar(figure, image, grid, "Distance relative to σ")
    handles = [
        style.legend_mark("first block with a direction", markerfacecolor="white", markeredgecolor="black"),
        style.legend_mark("CKA not above permuted images", marker="x"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, augmentations: Sequence[style.Augmentation], largest: float) -> AxesImage:
    rows = rows.assign(
        layer=cells.numbers(rows["layer"]),
        relative_l2=cells.numbers(rows["relative_l2"]),
        lost=cells.numbers(rows["cka"]) <= cells.numbers(rows["cka_null_q95"]),
    )
    names = [augmentation.name for augmentation in augmentations]
    table = rows.pivot(index="augmentation", columns="layer", values="relative_l2").reindex(names)
    image = cells.heatmap(
        axes,
        table.to_numpy(),
        [augmentation.label for augmentation in augmentations],
        [f"{layer:g}" for layer in table.columns],
        norm=PowerNorm(0.5, vmin=0, vmax=largest),
    )
    is_first = rows["is_first"].astype(str) == "True"
    crosses: dict[str, Any] = {"marker": "x", "color": style.GREY}
    dots: dict[str, Any] = {"marker": "o", "color": "white", "edgecolor": "black"}
    for marked, size, options in ((rows["lost"] & ~is_first, 9, crosses), (is_first, 16, dots)):
        places = [names.index(name) for name in rows["augmentation"][marked]]
        axes.scatter(rows["layer"][marked], places, s=size, linewidths=0.8, **options)
    return image
