"""What the heads that words name write of the shift of each augmentation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from embedding_shift.plots import style
from embedding_shift.plots.mechanism import cells

NOTHING = "No head is named: the encoder has no text tower, or no phrase explains a head better than by chance."
MOST_HEADS = 15
MOST_WORDS = 2
SEPARATOR = "; "
LONGEST = 42  # characters of a head's words


def draw(named_heads: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw heads × augmentations: the share of the augmentation's shift that each head writes, in percent.

    The heads are those that write most on average over the augmentations.

    Args:
        named_heads: data frame of `named_heads.csv`.
        augmentations: the columns, from left to right.
    """
    if named_heads.empty:
        return style.note(NOTHING, share=0.9)
    if reason := cells.not_defined(named_heads["share_of_shift"]):
        return reason
    table = named_heads.assign(share=100 * cells.numbers(named_heads["share_of_shift"]))
    heads = table.pivot(index=["layer", "head", "words"], columns="augmentation", values="share")
    most = heads.mean(axis=1).sort_values(ascending=False, kind="stable").index[:MOST_HEADS]
    present = [each for each in augmentations if each.name in heads.columns]
    values = heads.loc[most, [each.name for each in present]].to_numpy()
    figure, grid = cells.subplots(1, 1, 1.3 + 0.17 * len(most))
    axes, largest = grid[0, 0], np.nanmax(np.abs(values)) or 1
    image = axes.imshow(values, aspect="auto", cmap="PuOr_r", vmin=-largest, vmax=largest)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = style.text_color_on(image.to_rgba(value))
            text = f"{round(value, 1) + 0:.1f}".replace("-", "−")
            axes.text(column, row, text, ha="center", va="center", color=color, size=style.small())
    axes.set_xticks(range(len(present)), [style.wrapped(each.label) for each in present], rotation=90)
    style.label_rows(axes, [f"{layer}.{head}  {_short(words)}" for layer, head, words in most])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    cells.color_bar(figure, image, grid, "Share of 1 − cosine in %")
    return figure


def _short(words: str) -> str:
    """Return the first words of a head, as many as its label has room for."""
    text = SEPARATOR.join(str(words).split(SEPARATOR)[:MOST_WORDS])
    return style.literal(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")
