"""What the shift tells about its cause, block by block: which augmentation it was, and what this drew."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedding_shift.plots import labels, style
from embedding_shift.plots.mechanism import cells

TOKENS = {"class": ("class token", "-"), "patch_mean": ("mean of the patches", "--")}
END = "embedding"
LEVEL = 0.05  # of the p values that count


def draw(fingerprint: pd.DataFrame, equivariance: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw two panels over the blocks.

    On the left, the share of shifts whose augmentation is told right, against chance; on the right, how well the
    parameter of each augmentation that is recovered best anywhere is recovered from the mean of the patches. Dots at
    the end stand for the embedding.

    Args:
        fingerprint: data frame of `fingerprint.csv`.
        equivariance: data frame of `equivariance.csv`.
        augmentations: the curves on the right.
    """
    if reason := cells.not_defined(fingerprint["accuracy"]):
        return reason
    figure, grid = cells.subplots(1, 2, 2.3)
    end = _accuracy(grid[0, 0], fingerprint)
    _recovery(grid[0, 1], equivariance, augmentations, end)
    for axes in grid.flat:
        axes.set_xlabel("Block (end: embedding)")
        axes.set_ylim(0, 1)
        axes.grid(axis="y")
    return figure


def _accuracy(axes: Axes, fingerprint: pd.DataFrame) -> float:
    """Draw the left panel; return the place of the embedding."""
    axes.set_title("Which augmentation was it?", loc="left")
    axes.set_ylabel("Told right")
    rows = fingerprint[fingerprint["augmentation"] == "all"].astype({"layer": str})
    rows = rows.assign(accuracy=cells.numbers(rows["accuracy"]), place=cells.numbers(rows["layer"]))
    end = (rows["place"].max() if rows["place"].notna().any() else 0) + 1
    for token, (label, line) in TOKENS.items():
        own = rows[rows["token"] == token]
        if not own.empty:
            axes.plot(own["place"], own["accuracy"], line, color=style.GREY, label=label)
    axes.plot(end, rows[rows["layer"] == END]["accuracy"].iloc[0], "o", color=style.GREY, markersize=4)
    axes.axhline(rows["chance"].iloc[0], color=style.GREY, linestyle=":", linewidth=0.8, label="chance")
    axes.legend(loc="best")
    return float(end)


def _recovery(axes: Axes, equivariance: pd.DataFrame, augmentations: Sequence[style.Augmentation], end: float) -> None:
    axes.set_title("Which parameter was drawn?", loc="left")
    axes.set_ylabel("R² (each image left out)")
    if cells.write_reason(axes, equivariance["recovered_r2"]):
        return
    rows = equivariance.astype({"layer": str})
    rows = rows.assign(r2=cells.numbers(rows["recovered_r2"]), p=cells.numbers(rows["p"]))
    rows = rows.assign(place=cells.numbers(rows["layer"]))
    found = rows[(rows["p"] <= LEVEL) & (rows["r2"] > 0)]
    for augmentation, line in style.with_line_styles(augmentations):
        own = found[found["augmentation"] == augmentation.name]
        if own.empty:
            continue
        parameter = own.sort_values("r2", kind="stable")["parameter"].iloc[-1]
        curve = rows[(rows["augmentation"] == augmentation.name) & (rows["parameter"] == parameter)]
        patches = curve[curve["token"] == "patch_mean"]
        label = f"{augmentation.label}: {style.literal(labels.drawn_parameter(str(parameter)))}"
        axes.plot(patches["place"], patches["r2"].clip(lower=0), linestyle=line, color=augmentation.color, label=label)
        at_end = curve[curve["layer"] == END]["r2"].clip(lower=0)
        axes.plot([end] * len(at_end), at_end, "o", color=augmentation.color, markersize=4, clip_on=False)
    if axes.get_lines():
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    else:
        axes.text(0.5, 0.5, "none is recovered", transform=axes.transAxes, ha="center", va="center", color=style.GREY)
