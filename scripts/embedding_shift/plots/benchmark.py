"""Bars of a benchmark's results: encoding against the peak, the cost of a view, and the time of whole runs."""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.plots import labels, style

COLORS = {"fp32": "#332288", "bf16": "#44AA99"}
MAKING, MEASURING = "#DDAA33", "#882255"
MEASURED = "pixels "


def draw(bench: pd.DataFrame) -> Figure:
    """Draw three panels from the data frame of `bench.csv`."""
    figure, (speeds, costs, runs) = plt.subplots(1, 3, figsize=(style.text_width(), 2.8), width_ratios=[3, 3, 2.2])
    _speeds(speeds, bench)
    _costs(costs, bench)
    _runs(runs, bench)
    return figure


def _speeds(axes: Axes, bench: pd.DataFrame) -> None:
    """Draw the views that each way of encoding makes per second, and its share of the peak of matrix products."""
    rows = bench[bench["ratio_to"].astype(str).str.startswith("matrix product") & (bench["section"] == "encoding")]
    texts = [
        f"{value:.0f}: {100 * share:.0f} % of peak" for value, share in zip(rows["value"], rows["ratio"], strict=True)
    ]
    _bars(axes, rows["value"], [_color(name) for name in rows["name"]], texts)
    _finish(axes, list(rows["name"]), "Views per second", 1.9 * rows["value"].max())


def _costs(axes: Axes, bench: pd.DataFrame) -> None:
    """Draw the milliseconds that making and measuring one view take under every augmentation."""
    making = bench[bench["section"] == "augmentation"].set_index("name")["value"]
    measuring = bench[bench["name"].str.startswith(MEASURED)].set_index("name")["value"]
    measuring = measuring.rename(lambda name: name.removeprefix(MEASURED)).reindex(making.index)
    _bars(axes, making, [MAKING] * len(making), map(labels.mean_text, making), -0.2, 0.38, "made")
    _bars(axes, measuring, [MEASURING] * len(making), map(labels.mean_text, measuring), 0.2, 0.38, "measured")
    names = [str(name).replace("_", " ") for name in making.index]
    _finish(axes, names, "A view (ms)", 1.3 * max(making.max(), measuring.max()))
    axes.legend(loc="upper right", borderaxespad=0)


def _runs(axes: Axes, bench: pd.DataFrame) -> None:
    """Draw the seconds of whole runs of this pipeline and of the original paper's scripts."""
    rows = bench[(bench["section"] == "pipeline") & bench["name"].str.fullmatch(r"[\d,]+ images, [^:]+")]
    _bars(axes, rows["value"], [_color(name) for name in rows["name"]], [f"{value:.0f}" for value in rows["value"]])
    count = rows["name"].iloc[0].partition(" images")[0]
    names = [name.partition(", ")[2] for name in rows["name"]]
    _finish(axes, names, f"{count} images (s)", 1.35 * rows["value"].max())


def _bars(
    axes: Axes,
    values: "pd.Series[float]",
    colors: Sequence[str],
    texts: Iterable[str],
    shift: float = 0.0,
    height: float = 0.7,
    label: str | None = None,
) -> None:
    """Draw horizontal bars with a text at the end of each; `shift` and `height` are parts of the step between bars."""
    positions = np.arange(len(values)) + shift
    axes.barh(positions, values, color=colors, height=height, label=label)
    for position, value, text in zip(positions, values, texts, strict=True):
        axes.annotate(
            text, (value, position), (2, 0), textcoords="offset points", va="center", fontsize=style.points(6)
        )


def _finish(axes: Axes, names: Sequence[str], title: str, limit: float) -> None:
    """Name the bars of a panel from top to bottom, and give it a title and an axis from 0 to `limit`."""
    style.label_rows(axes, [style.wrapped(name, 14) for name in names])
    axes.invert_yaxis()
    axes.set_xlim(0, limit)
    axes.set_title(title)


def _color(name: str) -> str:
    return next((color for precision, color in COLORS.items() if precision in name), style.GREY)
