"""Bars of what a benchmark found: encoding against the peak, the costs of a view, the published way."""

import matplotlib.pyplot as plt

from embedding_shift.plots import style
from embedding_shift.plots.overview import value_text

COLORS = {"fp32": "#332288", "bf16": "#44AA99", "other": style.GREY}
SPEEDS, PIPELINE = "encoding", "pipeline"
COSTS = {"augmentation": "", "metrics": "pixels ", "shards": ""}


def bars(bench):
    """Draw three panels from the data frame of `bench.csv`."""
    figure, grid = plt.subplots(1, 3, figsize=(style.TEXT_WIDTH, 3.4), width_ratios=[3, 4, 3])
    speeds = bench[(bench["section"] == SPEEDS) & bench["ratio_to"].astype(str).str.startswith("matrix product")]
    shares = [f"{100 * share:.0f} % of peak" for share in speeds["ratio"]]
    _panel(grid[0], speeds, speeds["name"], "Views per second", shares)
    costs = bench[bench["section"].isin(["augmentation"]) | bench["name"].astype(str).str.startswith("pixels ")]
    kinds = ["measuring" if name.startswith("pixels ") else "making" for name in costs["name"]]
    labels = [
        f"{kind} {name.removeprefix('pixels ').replace('_', ' ')}"
        for kind, name in zip(kinds, costs["name"], strict=True)
    ]
    _panel(grid[1], costs, labels, "Milliseconds per view, one core")
    runs = bench[(bench["section"] == PIPELINE) & (bench["unit"] == "s") & bench["name"].str.contains("images, ")]
    runs = runs[~runs["name"].str.contains(":|planning")]
    _panel(
        grid[2],
        runs,
        [name.partition(", ")[2] for name in runs["name"]],
        f"Seconds for {runs['name'].iloc[0].partition(',')[0]}",
    )
    return figure


def _panel(axes, rows, labels, title, notes=None):
    positions = range(len(rows))
    colors = [next((color for key, color in COLORS.items() if key in name), COLORS["other"]) for name in rows["name"]]
    axes.barh(positions, rows["value"], color=colors, height=0.7)
    axes.set_yticks(positions, [style.wrapped(label, 16) for label in labels])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1.35 * rows["value"].max())
    axes.set_title(title)
    texts = [value_text(value) for value in rows["value"]]
    if notes:
        texts = [f"{text}\n{note}" for text, note in zip(texts, notes, strict=True)]
    for position, value, text in zip(positions, rows["value"], texts, strict=True):
        axes.annotate(text, (value, position), (2, 0), textcoords="offset points", va="center", fontsize=6)
