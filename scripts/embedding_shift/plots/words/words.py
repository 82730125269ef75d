"""The shift in words: how far each augmentation moves the embeddings towards each prompt."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from embedding_shift.plots import style
from embedding_shift.plots.mechanism import cells

LEVEL = 0.05
LONGEST = 60  # characters of a prompt
NOTHING = "No shift is told in words: the encoder has no text tower, or no view has an embedding."
NOUN = " {noun}"
PANELS = (
    ("z", "p", "Against the text without a word"),
    ("specific_z", "specific_p", "Against the other prompts"),
)


def draw(words: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw augmentations × prompts: against the neutral text, and against the other prompts if there are any.

    A dot marks a score that 5 % of random pairs of words reach or fewer. A frame marks the prompt of the augmentation.

    Args:
        words: data frame of `words.csv`.
        augmentations: the rows, from top to bottom.
    """
    if words.empty:
        return style.note(NOTHING, share=0.9)
    present = [each for each in augmentations if each.name in set(words["augmentation"])]
    texts = words.drop_duplicates("prompt").set_index("prompt")["text"]
    order = [each.name for each in present if each.name in texts.index]
    order += [name for name in texts.index if name not in order]
    panels = [panel for panel in PANELS if cells.numbers(words[panel[0]]).notna().any()]
    names = [_short(texts[name]) for name in order]
    # In inches: the rows, or below narrower ones the longest prompt.
    height = max(1.9 + 0.17 * len(present), max(1.4, 0.5 + 0.1 * len(present)) + 0.054 * max(map(len, names)))
    figure, grid = cells.subplots(1, len(panels), height, sharey=True)
    largest = max(np.nanmax(np.abs(cells.numbers(words[z]))) for z, _, _ in panels)
    for axes, (z, p, title) in zip(grid[0], panels, strict=True):
        values, levels = (
            words.assign(cell=cells.numbers(words[name]))
            .pivot(index="augmentation", columns="prompt", values="cell")
            .reindex(index=[each.name for each in present], columns=order)
            .to_numpy()
            for name in (z, p)
        )
        image = axes.imshow(values, aspect="auto", cmap="PuOr", vmin=-largest, vmax=largest)
        _mark(axes, levels <= LEVEL, [each.name for each in present], order)
        axes.set_title(title, loc="left")
        axes.set_xticks(range(len(order)), names, rotation=90)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    style.label_rows(grid[0, 0], [each.label for each in present])
    cells.color_bar(figure, image, grid, "Shift in standard deviations\nof random pairs of words")
    return figure


def _mark(axes: Axes, significant: "np.ndarray", rows: list[str], columns: list[str]) -> None:
    for row, column in zip(*np.nonzero(significant), strict=True):
        axes.plot(column, row, "o", color=style.GREY, markersize=2.5)
    for row, name in enumerate(rows):
        if name in columns:
            corner = (columns.index(name) - 0.5, row - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=style.GREY, linewidth=0.8))


def _short(text: str) -> str:
    """Return a prompt without its noun on one line, cut where it would be too long."""
    words = " ".join(str(text).split()).replace(NOUN, " …").replace(NOUN.strip(), "…")
    return style.literal(words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…")
