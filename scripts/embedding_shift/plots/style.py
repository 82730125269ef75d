"""The common style of all figures: sizes, fonts, the augmentations' labels and colours, axes, and writing.

The colours and labels of augmentations are those of the configuration (`augmentations.NAME.color` and `.label`).
"""

import io
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from matplotlib.typing import LineStyleType

from embedding_shift.io import atomic, tables
from embedding_shift.plots import fonts, labels
from embedding_shift.plots.figure_metadata import SOURCE_KEYS

BASE_SIZE = 7.5  # points: the size of text that the heights of figures are made for
DOTS_PER_INCH = 200
GREY = "#555555"
LIGHT_GREY = "#CCCCCC"
SEQUENTIAL = "viridis"
MOST_COLUMNS = 3  # of a grid of panels
PANEL_WIDTH = 2.1  # inches, at the usual size of text

PARAMETERS: dict[Any, Any] = {
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "grid.color": LIGHT_GREY,
    "grid.linewidth": 0.4,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.2,
    "patch.linewidth": 0.5,
    "legend.frameon": False,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "nearest",
    "pdf.fonttype": 42,  # TrueType: text in the PDF stays text
    "savefig.dpi": DOTS_PER_INCH,
    "svg.hashsalt": "embedding-shift",  # names in an SVG are hashes: the same bytes on every run
}
SIZES: dict[Any, float] = {
    "axes.titlesize": 8,
    "axes.labelsize": BASE_SIZE,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "figure.titlesize": 8.5,
}  # points, where text has BASE_SIZE
# What makes a file of each format the same on every run.
METADATA: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "png": {"Software": None}, "svg": {"Date": None}}

# Curves in the same panel differ in colour and in line style: the styles repeat after the last one.
LINE_STYLES: tuple[LineStyleType, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.2, 1.2, 1.2)))


class Page(NamedTuple):
    """The size and the text of a figure, as configured.

    Attributes:
        width: in inches; figures have the size at which they are printed, so that points are points.
        font: family of the text; other fonts stand in for characters that it lacks.
        font_size: of most text, in points; other text is larger or smaller in proportion.
    """

    width: float = 6.3
    font: str = fonts.DEFAULT
    font_size: float = BASE_SIZE


@dataclass(frozen=True)
class Augmentation:
    """An augmentation in figures: its name in the tables, its label, and its colour as #RRGGBB."""

    name: str
    label: str
    color: str

    def wrapped(self, width: int = 11) -> str:
        """Return the label broken into lines of about `width` characters."""
        return wrapped(self.label, width)


USUAL = Page()


def apply(page: Page = USUAL) -> None:
    """Make this style the current one and ignore the user's own Matplotlib settings.

    Raises:
        InputError: the font is not installed.
    """
    mpl.rcdefaults()
    mpl.use("Agg")
    fonts.check(page.font)
    mpl.rcParams.update(PARAMETERS)
    mpl.rcParams["font.family"] = list(dict.fromkeys([page.font, fonts.DEFAULT]))
    mpl.rcParams["font.size"] = page.font_size
    mpl.rcParams["figure.figsize"] = page.width, page.width / 2
    mpl.rcParams.update({name: points(size) for name, size in SIZES.items()})


def text_width() -> float:
    """Return the width of a full figure in inches."""
    return float(mpl.rcParams["figure.figsize"][0])


def text_scale() -> float:
    """Return how much larger text is than the size that heights are made for."""
    return float(mpl.rcParams["font.size"]) / BASE_SIZE


def points(size: float) -> float:
    """Return the configured size of text that has `size` points where most text has BASE_SIZE."""
    return size * text_scale()


def with_line_styles(augmentations: Iterable[Augmentation]) -> Iterator[tuple[Augmentation, LineStyleType]]:
    """Yield every augmentation with the line style of its curve."""
    return zip(augmentations, cycle(LINE_STYLES), strict=False)


def read_augmentations(path: str | PathLike[str]) -> list[Augmentation]:
    """Return the augmentations of `results/augmentations.csv`, in the order of the configuration.

    Long labels are shortened: figures have no place for them.
    """
    rows = tables.read_rows(path)
    shown = labels.shortened([row["label"] for row in rows])
    return [
        Augmentation(row["augmentation"], literal(label), row["color"]) for row, label in zip(rows, shown, strict=True)
    ]


def literal(text: str) -> str:
    """Return user-supplied text so that Matplotlib shows all of its characters, and dollar signs as such.

    `fonts.writable` gives the current style the fonts that the text needs.
    """
    return fonts.writable(text).replace("$", r"\$")


def wrapped(label: str, width: int = 11) -> str:
    """Return a label broken between words, and after underscores, into lines of about `width` characters."""
    lines = textwrap.wrap(label.replace("_", "_ "), width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(line.replace("_ ", "_") for line in lines)


def panels(number: int) -> tuple[int, int]:
    """Return the rows and columns of a grid that holds `number` panels."""
    columns = min(_full_columns(), number)
    return -(-number // columns), columns


def hide_unused(grid: np.ndarray, number: int) -> None:
    """Hide the panels of a grid (rows, columns) after the first `number`, and label the lowest one of every column."""
    for axes in grid.flat[max(0, number - grid.shape[1]) : number]:
        axes.tick_params(axis="x", labelbottom=True)
    for axes in grid.flat[number:]:
        axes.set_axis_off()


def label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Label the rows 0, 1, … of a panel from top to bottom, without tick marks."""
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)


def legend_mark(label: str, marker: str = "o", size: float = 4, **options: Any) -> Line2D:
    """Return a legend entry that shows a grey mark without a line; `options` are further ones of `Line2D`."""
    options = {"linestyle": "", **options}
    return Line2D([], [], color=GREY, marker=marker, markersize=size, label=label, **options)


def set_root_scale(axes: Axes, axis: Literal["x", "y"], similarity: bool = False) -> None:
    """Draw an axis on a square-root scale, so that the largest shift does not press all others together.

    Unlike a logarithm, the scale has a zero.

    Args:
        axes: to change.
        axis: which of the two.
        similarity: whether the values are similarities, at most 1, whose shift is one minus the value; otherwise they
            are shifts, at least 0.
    """
    of_shift = (lambda x: np.sqrt(np.clip(x, 0, None)), np.square)
    of_similarity = (lambda x: -np.sqrt(np.clip(1 - x, 0, None)), lambda x: 1 - np.square(x))
    set_scale = axes.set_xscale if axis == "x" else axes.set_yscale
    set_scale("function", functions=of_similarity if similarity else of_shift)


def legend_below(figure: Figure, handles: Sequence[Artist], most_columns: int, **options: Any) -> None:
    """Draw a legend below the panels, in as many columns as the figure is wide enough for.

    Args:
        figure: with constrained layout.
        handles: entries, each with its label.
        most_columns: the largest number of columns.
        options: further ones of `Figure.legend`.
    """
    for columns in range(min(len(handles), most_columns), 0, -1):
        legend = figure.legend(handles=handles, loc="outside lower center", ncols=columns, **options)
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def halo(linewidth: float) -> list[AbstractPathEffect]:
    """Return a thin white outline that keeps a line of this width visible on a dark bar."""
    return [withStroke(linewidth=linewidth + 1, foreground="white")]


def label_log_axis(axes: Axes) -> None:
    """Label about three ticks of a logarithmic horizontal axis, over a short range as well as a long one."""
    low, high = axes.get_xlim()
    if high < 10 * low:
        axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    else:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3) if high < 100 * low else (1,), numticks=4))
    if high < 100 * low:
        axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def text_color_on(color: Any) -> str:
    """Return "black" or "white", whichever has more contrast on `color`, by the relative luminance of WCAG 2.1."""
    channels = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(color)]
    luminance = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    return "black" if luminance > 0.179 else "white"


def small() -> float:
    """Return the size of numbers and short words within a figure, in points."""
    return points(7)


def panels_width(columns: int) -> float:
    """Return the width in inches of a figure with this number of panels side by side."""
    return text_width() / _full_columns() * columns


def _full_columns() -> int:
    """Return how many panels stand side by side in a full figure: fewer in a narrow one, or with large text."""
    return min(MOST_COLUMNS, max(1, round(text_width() / (PANEL_WIDTH * text_scale()))))


def note(text: str, share: float = 0.5, height: float = 1.2) -> Figure:
    """Return a figure that holds only a sentence, for data that cannot be drawn.

    Args:
        text: the sentence.
        share: of the width of a full figure, 0 to 1.
        height: in inches.
    """
    figure, axes = plt.subplots(figsize=(share * text_width(), height))
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY)
    return figure


def save(figure: Figure, paths: Iterable[str | PathLike[str]], source: str | None = None) -> None:
    """Write a figure to paths that end in .pdf, .png or .svg, and close it.

    Every file is written whole or not at all, with the same bytes on every run.

    Args:
        figure: to write.
        paths: files to write.
        source: what the figure was drawn from, for the metadata of the files.
    """
    for path in paths:
        # The figure is written to memory first: on a full disk, Matplotlib's error would hide the system's.
        picture, suffix = io.BytesIO(), Path(path).suffix[1:]
        figure.savefig(picture, format=suffix, metadata=METADATA[suffix] | {SOURCE_KEYS[suffix]: source})
        with atomic.whole(path) as temporary:
            temporary.write_bytes(picture.getbuffer())
    plt.close(figure)
