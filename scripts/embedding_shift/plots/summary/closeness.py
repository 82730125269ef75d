"""The table behind the overview figures: each metric's mean per augmentation, and its closeness to the original."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embedding_shift.metrics import registry
from embedding_shift.plots import style


@dataclass(frozen=True)
class Overview:
    """Means of the overview's metrics over images.

    Attributes:
        metrics: those measured for every augmentation, in the order of the registry.
        augmentations: in the order of the configuration, unless ranked.
        means: data frame, metric names × augmentation names.
        closeness: the same shape, 0 (farthest) to 1 (closest); see `closeness`.
    """

    metrics: list[registry.Metric]
    augmentations: list[style.Augmentation]
    means: pd.DataFrame
    closeness: pd.DataFrame

    @property
    def average(self) -> "pd.Series[float]":
        """Mean closeness over metrics, by augmentation name."""
        return self.closeness.mean(axis=0)

    def ranked(self) -> "Overview":
        """Return the same overview with the augmentations sorted from the closest to the farthest on average."""
        names = list(self.average.sort_values(ascending=False, kind="stable").index)
        by_name = {augmentation.name: augmentation for augmentation in self.augmentations}
        ordered = [by_name[name] for name in names]
        return Overview(self.metrics, ordered, self.means[names], self.closeness[names])


def from_summary(summary: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> Overview:
    """Return the overview of `summary.csv`; a metric without a mean for some augmentation is left out."""
    means = summary.pivot(index="metric", columns="augmentation", values="mean")
    means = means.reindex(columns=[augmentation.name for augmentation in augmentations])
    complete = set(means.dropna().index)
    shown = [metric for metric in registry.in_order() if metric.in_overview and metric.name in complete]
    means = means.loc[[metric.name for metric in shown]]
    return Overview(shown, list(augmentations), means, closeness(means, shown))


def closeness(means: pd.DataFrame, shown: Sequence[registry.Metric]) -> pd.DataFrame:
    """Scale each metric to 0 (the farthest augmentation) … 1 (the closest), so that metrics can be averaged.

    The shift is one minus a similarity, or a distance itself. Its square root is scaled to the range over the
    augmentations: without the root, the farthest augmentation would make all others look alike. Where all
    augmentations have the same value, all are equally close and get 1.

    Args:
        means: metric names × augmentation names.
        shown: the metrics of the rows.
    """
    is_similarity = np.array([metric.higher_is_closer for metric in shown], dtype=bool)[:, np.newaxis]
    shift = np.where(is_similarity, 1 - means, means)
    oriented = pd.DataFrame(-np.sqrt(shift.clip(min=0)), index=means.index, columns=means.columns)
    lowest, highest = oriented.min(axis=1), oriented.max(axis=1)
    spread = (highest - lowest).where(highest > lowest)
    return oriented.sub(lowest, axis=0).div(spread, axis=0).fillna(1.0)


def rows_of(summary: pd.DataFrame, metric: str, augmentations: Sequence[style.Augmentation]) -> pd.DataFrame:
    """Return the rows of `summary.csv` for one metric, one row per augmentation in their order."""
    rows = summary[summary["metric"] == metric].set_index("augmentation")
    return rows.reindex([augmentation.name for augmentation in augmentations])
