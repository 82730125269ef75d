"""Bars of what a benchmark found: encoding against the peak, the costs of a view, the published way."""

import matplotlib.pyplot as plt
import numpy as np

from embedding_shift.plots import style
from embedding_shift.plots.overview import value_text

COLORS = {"fp32": "#332288", "bf16": "#44AA99"}
MAKING, MEASURING = "#DDAA33", "#882255"
MEASURED = "pixels "


def bars(bench):
    """Draw three panels from the data frame of `bench.csv`."""
    figure, (speeds, costs, runs) = plt.subplots(1, 3, figsize=(style.TEXT_WIDTH, 2.8), width_ratios=[3, 3, 2.2])
    _speeds(speeds, bench)
    _costs(costs, bench)
    _runs(runs, bench)
    return figure


def _speeds(axes, bench):
    rows = bench[bench["ratio_to"].astype(str).str.startswith("matrix product") & (bench["section"] == "encoding")]
    texts = [
        f"{value:.0f}: {100 * share:.0f} % of peak" for value, share in zip(rows["value"], rows["ratio"], strict=True)
    ]
    _bars(axes, rows["value"], [_color(name) for name in rows["name"]], texts)
    _label(axes, rows["name"], "Views per second", 1.9 * rows["value"].max())


def _costs(axes, bench):
    making = bench[bench["section"] == "augmentation"].set_index("name")["value"]
    measuring = bench[bench["name"].str.startswith(MEASURED)].set_index("name")["value"]
    measuring = measuring.rename(lambda name: name.removeprefix(MEASURED)).reindex(making.index)
    _bars(axes, making, [MAKING] * len(making), map(value_text, making), -0.2, 0.38, "made")
    _bars(axes, measuring, [MEASURING] * len(making), map(value_text, measuring), 0.2, 0.38, "measured")
    labels = [name.replace("_", " ") for name in making.index]
    _label(axes, labels, "A view (ms)", 1.3 * max(making.max(), measuring.max()))
    axes.legend(loc="upper right", borderaxespad=0)


def _runs(axes, bench):
    rows = bench[(bench["section"] == "pipeline") & bench["name"].str.fullmatch(r"[\d,]+ images, [^:]+")]
    _bars(axes, rows["value"], [_color(name) for name in rows["name"]], [f"{value:.0f}" for value in rows["value"]])
    count = rows["name"].iloc[0].partition(" images")[0]
    labels = [name.partition(", ")[2] for name in rows["name"]]
    _label(axes, labels, f"{count} images (s)", 1.35 * rows["value"].max())


def _bars(axes, values, colors, texts, shift=0.0, height=0.7, label=None):
    positions = np.arange(len(values)) + shift
    axes.barh(positions, values, color=colors, height=height, label=label)
    for position, value, text in zip(positions, values, texts, strict=True):
        axes.annotate(text, (value, position), (2, 0), textcoords="offset points", va="center", fontsize=6)


def _label(axes, labels, title, limit):
    axes.set_yticks(range(len(labels)), [style.wrapped(label, 14) for label in labels])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, limit)
    axes.set_title(title)


def _color(name):
    return next((color for precision, color in COLORS.items() if precision in name), style.GREY)
