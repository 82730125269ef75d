"""The table behind the overview figures: each metric's mean per augmentation, and how close it is to the original."""

import math
from dataclasses import dataclass

import pandas as pd

from embedding_shift.metrics import registry
from embedding_shift.plots import style


@dataclass(frozen=True)
class Overview:
    """Means of the overview's metrics over images.

    Attributes:
        metrics: those measured for every augmentation, in the order of the registry.
        augmentations: in the order of the configuration, unless sorted.
        means: data frame, metric names × augmentation names.
        closeness: the same shape, 0 (farthest) to 1 (closest); see `closeness`.
    """

    metrics: list[registry.Metric]
    augmentations: list[style.Augmentation]
    means: pd.DataFrame
    closeness: pd.DataFrame

    @property
    def average(self):
        """Mean closeness over metrics, by augmentation name."""
        return self.closeness.mean(axis=0)

    def ranked(self):
        """Return the same overview with the augmentations sorted from the closest to the farthest on average."""
        names = self.average.sort_values(ascending=False, kind="stable").index
        by_name = {augmentation.name: augmentation for augmentation in self.augmentations}
        ordered = [by_name[name] for name in names]
        return Overview(self.metrics, ordered, self.means[names], self.closeness[names])


def from_summary(summary, augmentations):
    """Return the overview of a summary table; a metric that some augmentation lacks is left out."""
    means = summary.pivot(index="metric", columns="augmentation", values="mean")
    means = means.reindex(columns=[augmentation.name for augmentation in augmentations])
    complete = set(means.dropna().index)
    shown = [metric for metric in registry.in_order() if metric.in_overview and metric.name in complete]
    means = means.loc[[metric.name for metric in shown]]
    return Overview(shown, list(augmentations), means, closeness(means, shown))


def closeness(means, shown):
    """Scale each metric to 0 (the farthest augmentation) … 1 (the closest), so that metrics can be averaged.

    This is min-max scaling over the augmentations, turned round where a higher value is farther, as for a
    distance. Where all augmentations have the same value none is farther than another, and all get 1.
    """
    signs = pd.Series({metric.name: 1.0 if metric.higher_is_closer else -1.0 for metric in shown}, dtype=float)
    oriented = means.mul(signs, axis=0)
    lowest, highest = oriented.min(axis=1), oriented.max(axis=1)
    spread = (highest - lowest).where(highest > lowest)
    return oriented.sub(lowest, axis=0).div(spread, axis=0).fillna(1.0)


def value_text(value):
    """Return a mean as figures print it: three decimals up to 1, then three digits; a dash where there is none.

    What three decimals would make almost nothing of has two digits that count.
    """
    if not math.isfinite(value):
        return "–"
    if 0 < abs(value) < 0.01:
        return f"{value:.2g}"
    decimals = 3 if abs(value) <= 1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{decimals}f}"
