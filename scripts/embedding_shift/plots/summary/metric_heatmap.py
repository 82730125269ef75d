"""The heatmap of metrics by augmentations, sorted by average closeness."""

from collections.abc import Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from embedding_shift.plots import labels, style
from embedding_shift.plots.summary import closeness

COLOR_LABEL = "Closeness in the metric\n(0 farthest, 1 closest)"
MOST_UPRIGHT_COLUMNS = 11  # beyond this, values are turned by 90° to fit their cells


def draw(summary: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw metrics × augmentations, the closest augmentation on the left, and the average closeness below.

    Cells print the mean. Their colour is the closeness, which makes metrics of different scales comparable.

    Args:
        summary: data frame of `summary.csv`.
        augmentations: their labels.
    """
    overview = closeness.from_summary(summary, augmentations).ranked()
    rows = len(overview.metrics)
    figure, (axes, below) = plt.subplots(
        2, 1, sharex=True, figsize=(style.text_width(), max(2.2, 1.1 + 0.3 * rows)), height_ratios=(rows, 1)
    )
    image = _cells(axes, overview.closeness.to_numpy(), overview.means.to_numpy())
    axes.set_yticks(range(rows), [metric.label for metric in overview.metrics])
    average = overview.average.to_numpy()[np.newaxis]
    _cells(below, average, average)
    below.set_yticks([0], ["Average closeness"])
    axes.tick_params(bottom=False)
    names = [augmentation.label for augmentation in overview.augmentations]
    below.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    bar = figure.colorbar(image, ax=[axes, below], aspect=25, pad=0.015, ticks=[0, 0.5, 1], label=COLOR_LABEL)
    bar.outline.set_visible(False)
    return figure


def _cells(axes: Axes, closeness: np.ndarray, values: np.ndarray) -> AxesImage:
    """Draw one heatmap coloured by closeness (R, C) with the values (R, C) printed in the cells."""
    image = axes.imshow(closeness, vmin=0, vmax=1, aspect="auto")
    rotation = cell_rotation(values.shape[1])
    colors = mpl.colormaps[style.SEQUENTIAL](closeness)
    for (row, column), value in np.ndenumerate(values):
        text = axes.text(
            column, row, labels.mean_text(value), ha="center", va="center", fontsize=style.small(), rotation=rotation
        )
        text.set_color(style.text_color_on(colors[row, column]))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def cell_rotation(columns: int) -> int:
    """Return the angle in degrees of the values in a heatmap with this number of columns."""
    return 90 if columns > MOST_UPRIGHT_COLUMNS else 0
