"""Encoders side by side: a panel per metric, a line per augmentation, a mark per encoder."""

import matplotlib.pyplot as plt
import numpy as np

from embedding_shift.metrics import registry
from embedding_shift.plots import style

KINDS = ("embedding", "attention")
# Okabe and Ito's colours; with the marks, encoders can be told apart without colour as well.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = "osD^vP*"


def model_comparison(comparison, agreement, labels, augmentations):
    """Draw the mean of every metric that depends on the encoder, with its interval.

    An L2 distance has the unit of its encoder's embedding space, so it is shown as a part of that encoder's average
    over the augmentations.

    Args:
        comparison: data frame of `comparison.csv`.
        agreement: data frame of `rank_agreement.csv`.
        labels: {model: label}, in the order of the legend.
        augmentations: in the order of the lines.
    """
    shown = [metric for metric in registry.in_order() if metric.kind in KINDS]
    height = 0.9 + len(augmentations) * max(0.2, 0.1 * len(labels)) + 0.15 * len(labels)
    figure, grid = plt.subplots(1, len(shown), squeeze=False, sharey=True, figsize=(style.TEXT_WIDTH, height))
    for axes, metric in zip(grid[0], shown, strict=True):
        _panel(axes, metric, comparison[comparison["metric"] == metric.name], labels, augmentations)
        taus = agreement.loc[agreement["metric"] == metric.name, "kendall_tau"]
        axes.set_title(f"{metric.label}\n{_agreement_text(taus)}".rstrip(), loc="left")
    grid[0, 0].set_yticks(range(len(augmentations)), [augmentation.label for augmentation in augmentations])
    grid[0, 0].set_ylim(len(augmentations) - 0.5, -0.5)
    _legend(figure, *grid[0, 0].get_legend_handles_labels())
    return figure


def _legend(figure, handles, texts):
    """Name the encoders below the panels, in as many columns, up to three, as the width of the figure holds."""
    for columns in range(min(len(texts), 3), 0, -1):
        legend = figure.legend(handles, texts, loc="outside lower center", ncols=columns)
        if columns == 1 or legend.get_window_extent(figure.canvas.get_renderer()).width <= figure.bbox.width:
            return
        legend.remove()


def _panel(axes, metric, rows, labels, augmentations):
    relative = metric.name == "l2_distance"
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
    below = ["part of the encoder's average"] if relative else []
    below.append("higher is closer" if metric.higher_is_closer else "lower is closer")
    below += [style.wrapped(f"not applicable to {label}", 32) for label in without]
    axes.set_xlabel("\n".join(below))
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def _agreement_text(taus):
    """Say how alike the encoders rank the augmentations, over all pairs of them."""
    if taus.empty:
        return ""
    return f"Kendall τ {taus.iloc[0]:.2f}" if len(taus) == 1 else f"Kendall τ {taus.min():.2f} to {taus.max():.2f}"
