"""Made-up tables for figures, and every figure that reads them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from embedding_shift.io.values_by_metric import by_metric
from embedding_shift.metrics import registry
from embedding_shift.plots import dendrogram, style
from embedding_shift.plots.distributions import cosine_distribution, cosine_samples, l2_kde
from embedding_shift.plots.summary import (
    l2_bars,
    metric_clustermap,
    metric_comparison,
    metric_heatmap,
    metric_profiles,
    radar,
)
from embedding_shift.statistics import summary

NAMES = ["noise", "blur", "color_jitter", "horizontal_flip", "elastic"]
COLORS = ["#882255", "#332288", "#CC6677", "#44AA99", "#117733"]


def augmentations(names):
    colors = dict(zip(NAMES, COLORS, strict=True))
    return [
        style.Augmentation(name, name.capitalize().replace("_", " "), colors.get(name, "#666666")) for name in names
    ]


def long_table(names=NAMES, n=6, left_out=(), spread=1.0):
    """A long table whose augmentations come ever closer to the original in the order of `names`."""
    generator = np.random.default_rng(7)
    rows = []
    for rank, name in enumerate(names):
        for metric in overview_metrics():
            if metric.name in left_out:
                continue
            shift = (len(names) - rank) / (len(names) + 1)
            middle = 20 * shift if metric.name == "l2_distance" else 1 - shift
            values = middle + spread * generator.uniform(-0.05, 0, n)
            rows += [(f"image{i:02d}", name, metric.name, value) for i, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["image_id", "augmentation", "metric", "value"])


def overview_metrics():
    return [metric for metric in registry.in_order() if metric.in_overview]


def summary_of(table):
    return summary.summarise(table, 100, 0.95, 0)


def distance_between(names):
    places = np.linspace(0, 1, len(names)) ** 2
    return np.abs(places[:, None] - places[None])


def distance_table(distance, names):
    """The data frame of pairwise_distance.csv."""
    return pd.DataFrame(distance, columns=names).assign(augmentation=names)


def all_figures(names, table):
    """Draw every figure of one table, by name."""
    shown = augmentations(names)
    summary = summary_of(table)
    return {
        "metric_heatmap": metric_heatmap.draw(summary, shown),
        "metric_clustermap": metric_clustermap.draw(summary, shown),
        "radar": radar.draw(summary, shown),
        "metric_profiles": metric_profiles.draw(summary, shown),
        "metric_comparison": metric_comparison.draw(summary, shown),
        "l2_bars": l2_bars.draw(summary, shown, 0.95),
        "l2_kde": l2_kde.draw(by_metric(table), shown),
        "cosine_distribution": cosine_distribution.draw(by_metric(table), shown),
        "cosine_samples": cosine_samples.draw(by_metric(table), shown, 4),
        "dendrogram": dendrogram.draw(distance_table(distance_between(names), names), shown),
    }


def texts(figure):
    return [text.get_text() for text in figure.findobj(plt.Text) if text.get_visible() and text.get_text()]
