"""Values of the tables of the mechanism, where what is not defined is a reason in words."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from embedding_shift.plots import style


def numbers(values: "pd.Series[Any]") -> "pd.Series[float]":
    """Return numbers, and NaN in place of reasons."""
    return pd.to_numeric(values, errors="coerce")


def not_defined(values: "pd.Series[Any]") -> Figure | None:
    """Return a figure with the reason if no value is a number; otherwise None."""
    if numbers(values).notna().any():
        return None
    reasons = values.dropna().unique()
    return style.note(f"Not defined: {reasons[0] if len(reasons) else 'there are no values'}.", share=0.9)


def write_reason(axes: Axes, values: "pd.Series[Any]") -> bool:
    """Write the reason into a panel if no value is a number; return whether it did."""
    if numbers(values).notna().any():
        return False
    reasons = values.dropna().unique()
    words = style.wrapped(str(reasons[0]) if len(reasons) else "not defined", 20)
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=style.GREY)
    return True


def heatmap(axes: Axes, values: np.ndarray, rows: list[str], columns: list[str], **options: Any) -> AxesImage:
    """Draw values (rows, columns); at most a dozen columns are labelled, and NaN stays white."""
    image = axes.imshow(values, aspect="auto", **options)
    style.label_rows(axes, rows)
    step = -(-len(columns) // 13)
    axes.set_xticks(range(0, len(columns), step), columns[::step])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def color_bar(figure: Figure, image: AxesImage, axes: Any, label: str, **options: Any) -> None:
    """Explain the colours of a heatmap beside its panels."""
    bar = figure.colorbar(image, ax=axes, aspect=25, pad=0.015, label=label, **options)
    bar.outline.set_visible(False)


def subplots(rows: int, columns: int, height: float, **options: Any) -> tuple[Figure, np.ndarray]:
    """Return a figure as wide as the text with a grid of panels."""
    return plt.subplots(rows, columns, squeeze=False, figsize=(style.text_width(), height), **options)
