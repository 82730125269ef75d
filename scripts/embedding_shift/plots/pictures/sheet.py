"""A page of small pictures in columns, laid out in inches from top to bottom, on a sheet as wide as a full figure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from embedding_shift.plots import style

SHEET_WIDTH = 6.3  # inches: a figure of another width is this sheet, made smaller or larger
SMALL_CELL = 0.53  # inches: eleven of them fill the width of the text
GAP = 0.03  # inches between columns
FONT_SIZE = 6
LINE = 0.105  # inches from one line of text to the next, at the usual size of text
PIXELS_PER_INCH = 150  # at least; more would only make the PDF larger
CHARACTERS_PER_INCH = 22  # at FONT_SIZE, about
SHORTEST_WIDTH = 3.4  # inches: the colour bar and its words need this width


class Column(NamedTuple):
    """A column of pictures: the name of the view, its label, and its colour as #RRGGBB."""

    name: str
    label: str
    color: str


def columns_of(augmentations: Sequence[style.Augmentation]) -> list[Column]:
    """Return a column for the original and one for every augmentation."""
    return [Column("original", "Original", style.GREY), *(Column(a.name, a.label, a.color) for a in augmentations)]


class Sheet:
    """A figure under construction. Rows are placed at the current height, which `advance` moves down.

    Columns are counted from 0; a fraction of a column is a gap.

    Args:
        columns: number of pictures side by side.
        cell: side of a picture in inches.
        margin: space in inches on the left, for the labels of rows.
    """

    def __init__(self, columns: float, cell: float, margin: float = 0.14) -> None:
        self.cell, self.margin = cell, margin
        self.width = max(margin + columns * (cell + GAP) - GAP, SHORTEST_WIDTH)
        self.top = 0.02
        self.zoom = style.text_width() / SHEET_WIDTH
        self.text_scale = style.text_scale() / self.zoom  # of the heights of lines, in inches of the sheet
        self.figure = plt.figure()
        self.figure.set_layout_engine("none")  # a figure created without an engine would get one back when it is saved
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_autoscale_on(False)

    def advance(self, inches: float, text: float = 0.0) -> None:
        """Move the current height down, by inches of pictures and by inches of text at the usual size."""
        self.top += inches + text * self.text_scale

    def picture(self, column: float, pixels: np.ndarray) -> None:
        """Place a picture, uint8 (size, size, 3), in a column."""
        left = self._left(column)
        extent = (left, left + self.cell, self.top + self.cell, self.top)
        # Only "none" puts the pixels unchanged into the PDF; other ways merge all pictures into a new one.
        self.axes.imshow(_reduced(pixels, self.cell * self.zoom), extent=extent, aspect="auto", interpolation="none")

    def mark(self, column: float, color: str) -> None:
        """Underline the picture that begins here in a column."""
        left, below = self._left(column), self.top + self.cell + 0.015
        self.axes.plot([left, left + self.cell], [below, below], color=color, linewidth=1.5, solid_capstyle="butt")

    def names(self, columns: Sequence[Column], above: bool = True) -> None:
        """Name the columns, each with a line in its colour next to the pictures.

        Args:
            columns: one for each column of pictures.
            above: whether the names stand above the pictures; otherwise they stand below.
        """
        labels = [style.wrapped(column.label) for column in columns]
        height = LINE * self.text_scale * max(label.count("\n") + 1 for label in labels) + 0.06
        line = self.top + height if above else self.top + 0.025
        text = line - 0.05 if above else line + 0.03
        for number, (label, column) in enumerate(zip(labels, columns, strict=True)):
            left = self._left(number)
            ends = [left, left + self.cell]
            self.axes.plot(ends, [line, line], color=column.color, linewidth=1.5, solid_capstyle="butt")
            written = self._text(left + self.cell / 2, text, label, va="baseline" if above else "top")
            self._fit(written, self.cell)
        self.advance(height + 0.03)

    def row_label(self, label: str, height: float | None = None) -> None:
        """Name the row that begins here, from bottom to top beside its pictures; `height` is in inches."""
        height = height or self.cell
        longest = int(height * CHARACTERS_PER_INCH / self.text_scale)
        if len(label) > longest:
            label = f"{label[: longest - longest // 2 - 1]}…{label[-(longest // 2) :]}"
        self._text(self.margin / 2, self.top + height / 2, label, va="center", rotation=90)

    def row_name(self, label: str, color: str, column: float = 0) -> None:
        """Name the row that begins here in up to three lines, with a line in its colour, to the left of a column."""
        lines = style.wrapped(label, int(self.cell * CHARACTERS_PER_INCH / self.text_scale)).splitlines()
        words = "\n".join([*lines[:2], "…"] if len(lines) > 3 else lines)
        edge = self._left(column) - 0.03
        self.axes.plot([edge, edge], [self.top, self.top + self.cell], color=color, linewidth=2, solid_capstyle="butt")
        text = self._text(edge - (self.margin - 0.01) / 2, self.top + self.cell / 2, words, va="center", rotation=90)
        self._fit(text, self.cell, upright=False)

    def word(self, column: float, words: str, right: bool = False) -> None:
        """Write words below a column, centred or ending at its right edge."""
        left = self._left(column)
        position, alignment = (left + self.cell, "right") if right else (left + self.cell / 2, "center")
        text = self._text(position, self.top + LINE * self.text_scale, words, ha=alignment, va="baseline")
        if not right:
            self._fit(text, self.cell)

    def span(self, column: float, columns: int, words: str, weight: str = "normal") -> None:
        """Write words below several columns, centred, in smaller type where they would be wider."""
        left, width = self._left(column), columns * (self.cell + GAP) - GAP
        text = self._text(left + width / 2, self.top + LINE * self.text_scale, words, va="baseline", weight=weight)
        self._fit(text, width)

    def sentence(self, words: str) -> None:
        """Write a sentence in a line of its own."""
        text = self._text(self.margin, self.top + 0.03, words, ha="left")
        self._fit(text, self.width - self.margin)
        self.advance(0, text=0.17)

    def color_bar(self, title: str, lowest: str, highest: str) -> None:
        """Explain the colours of attention: title, lowest, a bar of the colour map, highest."""
        middle = self.top + 0.09 * self.text_scale
        length, words = 0.8, self.text_scale
        right = self._left(0) + 2 * words + length
        self._text(right - length - 0.42 * words, middle, title, ha="right", va="center")
        self._text(right - length - 0.05, middle, lowest, ha="right", va="center")
        self._text(right + 0.05, middle, highest, ha="left", va="center")
        extent = (right - length, right, middle + 0.04, middle - 0.04)
        self.axes.imshow(np.linspace(0, 1, 256)[np.newaxis], extent=extent, aspect="auto", cmap=style.SEQUENTIAL)
        self.advance(0, text=0.18)

    def finish(self) -> Figure:
        """Return the figure, cut to the current height."""
        height = self.top + 0.02
        self.figure.set_size_inches(self.width * self.zoom, height * self.zoom)
        self.axes.set(xlim=(0, self.width), ylim=(height, 0))
        return self.figure

    def _left(self, column: float) -> float:
        return self.margin + column * (self.cell + GAP)

    def _text(self, x: float, y: float, words: str, ha: str = "center", va: str = "top", **options: Any) -> Text:
        return self.axes.text(x, y, words, ha=ha, va=va, size=style.points(FONT_SIZE), linespacing=1.1, **options)

    def _fit(self, text: Text, inches: float, upright: bool = True) -> None:
        """Make a text smaller if it is wider than `inches`, or higher in the case of a rotated one."""
        extent = text.get_window_extent()
        length = (extent.width if upright else extent.height) / self.figure.dpi / self.zoom
        text.set_fontsize(float(text.get_fontsize()) * min(1, inches / length))


def _reduced(pixels: np.ndarray, inches: float) -> np.ndarray:
    """Shrink a picture by the largest whole factor that leaves PIXELS_PER_INCH; each new pixel is a mean."""
    factor = max(1, int(pixels.shape[0] / (inches * PIXELS_PER_INCH)))
    size = pixels.shape[0] // factor
    return cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA)
