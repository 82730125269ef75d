"""Dose-response curves of every metric."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables import metric_names
from embedding_shift.study.variants import variant_names

# {(augmentation, metric): data frame of values, images × doses}
Responses = dict[tuple[str, str], pd.DataFrame]

COLUMNS = ["augmentation", "dose", "metric", "n", "mean", "ci_low", "ci_high"]
MEAN_COLUMNS = ["dose", "metric", "augmentations", "n", "mean", "ci_low", "ci_high"]


def responses(study: pd.DataFrame, augmentations: Sequence[str]) -> Responses:
    """Return {(augmentation, metric): data frame of values, images × doses}, in the order of the tables.

    Images without a value at any dose are left out.

    Args:
        study: the study table (see `long_tables`).
        augmentations: names, in the order of the tables.
    """
    doses = study["variant"].map(variant_names.dose_of)
    rows = study.assign(dose=doses)[doses.notna() & np.isfinite(study["value"])]
    found = {}
    for augmentation in augmentations:
        of_augmentation = rows[rows["augmentation"] == augmentation]
        for metric in metric_names.in_order():
            values = of_augmentation[of_augmentation["metric"] == metric]
            wide = values.pivot(index="image_id", columns="dose", values="value").dropna()
            if len(wide):
                found[augmentation, metric] = wide
    return found


def table(found: Responses, resamples: int, confidence: float, root_seed: int) -> pd.DataFrame:
    """Return mean and bootstrap interval per augmentation, dose and metric: a data frame with COLUMNS.

    Args:
        found: the result of `responses`.
        resamples, confidence, root_seed: settings of the bootstrap.
    """
    rows: list[tuple[Any, ...]] = []
    for (augmentation, metric), wide in found.items():
        seed = bootstrap.seed_of(root_seed, "dose", augmentation, metric)
        for dose, values in wide.items():
            low, high = bootstrap.bootstrap_mean(values, resamples, confidence, seed)
            rows.append((augmentation, dose, metric, len(wide), values.mean(), low, high))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    order = frame["augmentation"].map({name: place for place, name in enumerate(frame["augmentation"].unique())})
    return frame.assign(order=order).sort_values(["order", "dose"], kind="stable")[COLUMNS].reset_index(drop=True)


def means_table(found: Responses, resamples: int, confidence: float, root_seed: int) -> pd.DataFrame:
    """Return the mean over all augmentations at each dose that every one of them has: a data frame with MEAN_COLUMNS.

    For the corruptions of ImageNet-C this is the mean corruption shift at each severity. An image counts if it has a
    value under every augmentation. `augmentations` is their number, and the interval is that of the mean over images.

    Args:
        found: the result of `responses`.
        resamples, confidence, root_seed: settings of the bootstrap.
    """
    rows: list[tuple[Any, ...]] = []
    for metric in dict.fromkeys(metric for _, metric in found):
        curves = {augmentation: wide for (augmentation, name), wide in found.items() if name == metric}
        joined = pd.concat(curves, axis=1, join="inner").swaplevel(axis=1)
        seed = bootstrap.seed_of(root_seed, "mean dose", metric)
        for dose in sorted(set.intersection(*({*wide.columns} for wide in curves.values()))):
            values = joined[dose].mean(axis=1).to_numpy()
            if len(values):
                low, high = bootstrap.bootstrap_mean(values, resamples, confidence, seed)
                rows.append((dose, metric, len(curves), len(values), values.mean(), low, high))
    return pd.DataFrame(rows, columns=MEAN_COLUMNS).sort_values("dose", kind="stable", ignore_index=True)
