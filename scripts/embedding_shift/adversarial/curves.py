"""Every metric over ε: the table `adversarial.csv`."""

from typing import Any

import numpy as np
import pandas as pd

from embedding_shift.adversarial.attacked_views import ATTACK, SIGNS
from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables import metric_names

COLUMNS = ["epsilon", "metric", "n", "mean", "ci_low", "ci_high", "random_mean", "random_low", "random_high"]


def of_metric(measured: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the values of a metric, images (rows, sorted) × (kind, ε); images without a value anywhere are left out.

    Args:
        measured: the table of `measurement`.
        metric: name of the metric.
    """
    rows = measured[(measured["metric"] == metric) & np.isfinite(measured["value"])]
    return rows.pivot(index="image_id", columns=["kind", "epsilon"], values="value").dropna().sort_index(axis=1)


def table(measured: pd.DataFrame, resamples: int, confidence: float, root_seed: int) -> pd.DataFrame:
    """Return mean and bootstrap interval over images per ε and metric, of the attack and of random signs.

    Args:
        measured: the table of `measurement`.
        resamples, confidence, root_seed: settings of the bootstrap.

    Returns:
        data frame with COLUMNS.
    """
    rows: list[tuple[Any, ...]] = []
    for metric in metric_names.in_order():
        wide = of_metric(measured, metric)
        seed = bootstrap.seed_of(root_seed, "adversarial", metric)
        for epsilon in wide[ATTACK].columns if len(wide) else ():
            values = (wide[kind, epsilon] for kind in (ATTACK, SIGNS))
            means = ((one.mean(), *bootstrap.bootstrap_mean(one, resamples, confidence, seed)) for one in values)
            rows.append((epsilon, metric, len(wide), *(number for mean in means for number in mean)))
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("epsilon", kind="stable").reset_index(drop=True)
