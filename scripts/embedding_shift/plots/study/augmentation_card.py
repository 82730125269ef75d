"""The card of every augmentation: one row each, one column per measure, with intervals."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.adversarial.exchange import ROUGH
from embedding_shift.augmentation_card import table
from embedding_shift.plots import style

# The title of each measure, and whether a larger value (1), a smaller one (-1) or neither (0) means more harm.
COLUMNS = {
    table.SHIFT: ("Shift\n(1 − cosine)", 1),
    table.OF_FLOOR: ("Shift ÷\nJPEG's", 1),
    table.OF_CEILING: ("Shift ÷ that\nof another\nphotograph", 1),
    table.NEIGHBOURS: ("Dose: half of\nneighbours\nlost", -1),
    table.CLASSES: ("Dose: half of\nclasses\nchange", -1),
    table.CAPTIONS: ("Dose: half of\ncaptions not\nfound", -1),
    table.EXCHANGE_RATE: ("Attack\nof this ε", 1),
    table.FINGERPRINT: ("Recognised\nfrom its shift", 0),
}
DARKEST = 0.65  # of the colour map, so that black text stays readable


def draw(augmentation_card: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw the values as a table. The darker a cell, the more harm the augmentation does, by rank within the column.

    Args:
        augmentation_card: data frame of `augmentation_card.csv`.
        augmentations: in the order of the rows.
    """
    measures = [name for name in COLUMNS if name in set(augmentation_card["measure"])]
    cards = {name: rows.set_index("augmentation") for name, rows in augmentation_card.groupby("measure")}
    height = 0.6 + 0.32 * len(augmentations)
    figure, axes = plt.subplots(figsize=(style.text_width(), height * style.text_scale()))
    names = [each.name for each in augmentations]
    columns = [cards[measure].reindex(names) for measure in measures]
    shades = np.column_stack(
        [_shades(column, COLUMNS[name][1]) for name, column in zip(measures, columns, strict=True)]
    )
    axes.imshow(shades, aspect="auto", cmap="Blues", vmin=0, vmax=1)
    for place, column in enumerate(columns):
        for row, cell in enumerate(column.to_dict("records")):
            _write(axes, place, row, cell)
    style.label_rows(axes, [each.label for each in augmentations])
    axes.set_xticks(range(len(measures)), [COLUMNS[name][0] for name in measures], fontsize=style.small())
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(1, len(measures)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(names)) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    return figure


def _shades(column: pd.DataFrame, sign: int) -> "np.ndarray[Any, Any]":
    """Return a shade from 0 to DARKEST per row, by the rank of the harm; what is never reached does the least."""
    harm = sign * pd.to_numeric(column["value"], errors="coerce")
    ranks = harm.rank().fillna(0)
    return (DARKEST * ranks / max(ranks.max(), 1)).to_numpy() if sign else np.zeros(len(column))


def _write(axes: Axes, place: int, row: int, cell: Mapping[Hashable, Any]) -> None:
    """Write a value with its interval below, or the reason for its absence."""
    if pd.isna(cell["value"]):
        reason = style.wrapped(style.literal(str(cell["reason"])), 16)
        axes.text(place, row, reason, ha="center", va="center", fontsize=style.points(5), color=style.GREY)
        return
    low, high = (_number(cell[name]) for name in ("ci_low", "ci_high"))
    has_interval = bool(low or high)
    value = "≈ " * (ROUGH in str(cell["reason"])) + _number(cell["value"])
    axes.text(place, row - 0.16 * has_interval, value, ha="center", va="center", fontsize=style.small())
    if has_interval:
        interval = f"[{low or '–'}, {high or '–'}]"
        axes.text(place, row + 0.25, interval, ha="center", va="center", fontsize=style.points(5))


def _number(value: Any) -> str:
    """Return a value with two digits or, from 10 on, as a whole number; nothing for NaN."""
    if pd.isna(value):
        return ""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:#.2g}"
