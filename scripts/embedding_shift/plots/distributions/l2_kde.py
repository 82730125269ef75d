"""Kernel density of the L2 distance."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from embedding_shift.io.values_by_metric import Values
from embedding_shift.plots import style
from embedding_shift.plots.distributions.density import density, metric_values


def draw(metrics: Values, augmentations: Sequence[style.Augmentation]) -> Figure:
    """Draw the kernel density of the L2 distance, one curve per augmentation; a line where it does not vary.

    Args:
        metrics: the values of every metric.
        augmentations: in the order of the curves.
    """
    figure, axes = plt.subplots(figsize=(style.text_width(), 2.9))
    distances = metric_values(metrics, "l2_distance", augmentations)
    for (augmentation, line), values in zip(style.with_line_styles(augmentations), distances, strict=True):
        curve = density(values, 0, np.inf)
        if curve:
            axes.plot(*curve, color=augmentation.color, label=augmentation.label, linestyle=line)
            axes.fill_between(*curve, color=augmentation.color, alpha=0.12, linewidth=0)
        elif len(values):
            axes.axvline(values.mean(), color=augmentation.color, label=augmentation.label, linestyle=line)
    for axis in ("x", "y"):
        style.set_root_scale(axes, axis)
    axes.set_xlabel("L2 distance between the embeddings of the original and the view (square-root scale)")
    axes.set_ylabel("Density (square-root scale)")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    figure.legend(loc="outside right center")
    return figure
