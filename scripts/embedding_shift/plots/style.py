"""The one style of all figures: sizes, fonts, the augmentations' labels and colours, and how files are written."""

import io
import textwrap
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from embedding_shift.io import atomic, tables

TEXT_WIDTH = 6.3  # inches: figures are made at the size they are printed at, so that points are points
COLUMN_WIDTH = 3.1
GREY = "#555555"
LIGHT_GREY = "#CCCCCC"
SEQUENTIAL = "viridis"

PARAMETERS = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "figure.titlesize": 8.5,
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
    "savefig.dpi": 200,
}


# Curves that share a panel differ in more than colour: the n-th has the n-th of these, over and over.
LINE_STYLES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.2, 1.2, 1.2)))


@dataclass(frozen=True)
class Augmentation:
    """An augmentation as figures show it: its name in the tables, its label, and its colour as #RRGGBB."""

    name: str
    label: str
    color: str

    def wrapped(self, width=11):
        """Return the label broken into lines of about `width` characters."""
        return wrapped(self.label, width)


def apply():
    """Make this style the current one, whatever the user's own matplotlib settings are."""
    mpl.rcdefaults()
    mpl.use("Agg")
    mpl.rcParams.update(PARAMETERS)


def with_line_styles(augmentations):
    """Yield every augmentation with the style of its curve."""
    return zip(augmentations, cycle(LINE_STYLES), strict=False)


def add_arguments(parser):
    """Add the options that every figure's script has."""
    parser.add_argument(
        "--augmentations", required=True, help="CSV with the labels and colours, results/augmentations.csv"
    )
    parser.add_argument("--pdf", required=True, help="figure to write")
    parser.add_argument("--png", required=True, help="the same figure to write, at 200 dots per inch")


def read_augmentations(path):
    """Return the augmentations of `results/augmentations.csv`, in the order of the configuration."""
    return [Augmentation(row["augmentation"], literal(row["label"]), row["color"]) for row in tables.read_rows(path)]


def literal(text):
    """Return a text of the user's so that Matplotlib, which sets maths between dollars, shows it as it is."""
    return text.replace("$", r"\$")


def wrapped(label, width=11):
    """Return a label broken between words into lines of about `width` characters."""
    return textwrap.fill(label, width, break_long_words=False, break_on_hyphens=False)


def label_log_axis(axes):
    """Label some three ticks of a logarithmic horizontal axis, however short or long its range is."""
    low, high = axes.get_xlim()
    if high < 10 * low:
        axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    else:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3) if high < 100 * low else (1,), numticks=4))
    if high < 100 * low:
        axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def text_color_on(color):
    """Return black or white, whichever is easier to read on `color` (relative luminance of WCAG 2.1)."""
    channels = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(color)]
    luminance = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    return "black" if luminance > 0.179 else "white"


def note(text, width=COLUMN_WIDTH, height=1.2):
    """Return a figure that holds only a sentence, for data that cannot be drawn."""
    figure, axes = plt.subplots(figsize=(width, height))
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY)
    return figure


def save(figure, pdf, png):
    """Write a figure to both paths, whole, with the same bytes on every run, and close it."""
    for path, metadata in ((pdf, {"CreationDate": None}), (png, {"Software": None})):
        # By way of the memory: on a full disk, Matplotlib's error hides the system's.
        picture = io.BytesIO()
        figure.savefig(picture, format=Path(path).suffix[1:], metadata=metadata)
        with atomic.whole(path) as temporary:
            temporary.write_bytes(picture.getbuffer())
    plt.close(figure)
