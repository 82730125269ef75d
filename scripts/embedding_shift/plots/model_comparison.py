"""Encoders side by side: a panel per metric, a line per augmentation, a mark per encoder."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from embedding_shift.metrics import registry
from embedding_shift.plots import style

KINDS = ("embedding", "attention")
# Okabe and Ito's colours. The marks tell encoders apart without colour as well.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = "osD^vP*"


def draw(
    comparison: pd.DataFrame,
    rank_agreement: pd.DataFrame,
    augmentations: Sequence[style.Augmentation],
    models: Sequence[str],
    labels: Sequence[str],
) -> Figure:
    """Draw the mean and interval of every metric that depends on the encoder.

    A distance between embeddings has the unit of its encoder's embedding space, so it is divided by that encoder's
    average over the augmentations.

    Args:
        comparison: data frame of `comparison.csv`.
        rank_agreement: data frame of `rank_agreement.csv`.
        augmentations: in the order of the lines.
        models: names in the tables, in the order of the legend.
        labels: user-supplied label of each model.
    """
    by_model = dict(zip(models, map(style.literal, labels), strict=True))
    shown = [metric for metric in registry.in_order() if metric.kind in KINDS]
    height = 0.9 + len(augmentations) * max(0.2, 0.1 * len(labels)) + 0.15 * len(labels)
    figure, grid = plt.subplots(1, len(shown), squeeze=False, sharey=True, figsize=(style.text_width(), height))
    for axes, metric in zip(grid[0], shown, strict=True):
        _panel(axes, metric, comparison[comparison["metric"] == metric.name], by_model, augmentations)
        rows = rank_agreement[rank_agreement["metric"] == metric.name]
        axes.set_title(f"{metric.label}\n{_agreement_text(rows)}".rstrip(), loc="left")
    grid[0, 0].set_yticks(range(len(augmentations)), [augmentation.label for augmentation in augmentations])
    grid[0, 0].set_ylim(len(augmentations) - 0.5, -0.5)
    style.legend_below(figure, grid[0, 0].get_legend_handles_labels()[0], style.MOST_COLUMNS)
    return figure


def _panel(
    axes: Axes,
    metric: registry.Metric,
    rows: pd.DataFrame,
    labels: Mapping[str, str],
    augmentations: Sequence[style.Augmentation],
) -> None:
    """Draw one metric from its rows of `comparison.csv`; labels by model."""
    relative = not metric.higher_is_closer and metric.kind == "embedding"
    offsets = np.linspace(-0.3, 0.3, len(labels) + 2)[1:-1]
    without = []
    for number, (model, label) in enumerate(labels.items()):
        of_model = rows[rows["model"] == model].set_index("augmentation").reindex([a.name for a in augmentations])
        means, low, high = (of_model[column].to_numpy(dtype=float) for column in ("mean", "ci_low", "ci_high"))
        if np.isnan(means).all():
            without.append(label)
        unit = np.nanmean(means) if relative and np.isfinite(means).any() else 1.0
        color, positions = COLORS[number % len(COLORS)], np.arange(len(augmentations)) + offsets[number]
        axes.hlines(positions, low / unit, high / unit, color=color, linewidth=1.2)
        axes.plot(means / unit, positions, MARKS[number % len(MARKS)], color=color, markersize=3.5, label=label)
    below = ["relative to encoder average"] if relative else []
    below += [f"{'higher' if metric.higher_is_closer else 'lower'} is closer,", "square-root scale"]
    below += [style.wrapped(f"not applicable to {label}", 32) for label in without]
    style.set_root_scale(axes, "x", similarity=metric.higher_is_closer)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))  # more would touch where the scale is dense
    axes.set_xlabel("\n".join(below))
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def _agreement_text(rows: pd.DataFrame) -> str:
    """Return the rank correlation of two encoders, or its range over the pairs of more encoders.

    Args:
        rows: rows of `rank_agreement.csv` for one metric. Pairs with the same weights do not count.
    """
    taus = rows.loc[~rows["same_weights"].astype(bool), "kendall_tau"]
    if taus.empty:
        return "same weights" if len(rows) else ""
    ends = dict.fromkeys(f"{tau:.2f}" for tau in (taus.min(), taus.max()))
    return f"Kendall τ {' to '.join(ends)}"
