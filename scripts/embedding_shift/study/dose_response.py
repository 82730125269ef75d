"""Dose-response curves of every metric, and the ranking of augmentations at equal damage to the pixels."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.metrics import image_difference
from embedding_shift.statistics import bootstrap, paired_tests
from embedding_shift.study import metric_names, variant_names

# {(augmentation, metric): data frame of values, images × doses}
Responses = dict[tuple[str, str], pd.DataFrame]

COLUMNS = ["augmentation", "dose", "metric", "n", "mean", "ci_low", "ci_high"]
EQUAL_DAMAGE_COLUMNS = [
    "damage",
    "level",
    "augmentation",
    "dose",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "rank",
    "value_at_setting",
    "rank_at_setting",
]


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


def equal_damage(
    found: Responses, settings: Mapping[str, float], resamples: int, confidence: float, root_seed: int
) -> pd.DataFrame:
    """Read every metric off the curves at the dose at which all augmentations do the same damage, and rank them.

    For each measure of damage, the common level is the largest that every augmentation with doses reaches on average
    over the images. Curves are linear between doses. Rank 1 is the largest shift; `rank_at_setting` is the rank among
    the same augmentations at their configured settings. The intervals are bootstrap intervals of the value at the fixed
    level. A resample that does not reach the level is read at its highest dose.

    Args:
        found: the result of `responses`.
        settings: {augmentation: dose of its configured setting}.
        resamples, confidence, root_seed: settings of the bootstrap.

    Returns:
        data frame with EQUAL_DAMAGE_COLUMNS; without rows if fewer than two augmentations have doses.
    """
    dosed = list(dict.fromkeys(augmentation for augmentation, _ in found))
    frames = [pd.DataFrame(columns=EQUAL_DAMAGE_COLUMNS)]
    for measure in image_difference.MEASURES if len(dosed) > 1 else ():
        curves = {augmentation: _as_damage(found[augmentation, measure], measure) for augmentation in dosed}
        level = min(float(curve.mean().max()) for curve in curves.values())
        if level <= 0:
            continue
        rows = []
        for (augmentation, metric), wide in found.items():
            if metric in image_difference.MEASURES:
                continue
            seed = bootstrap.seed_of(root_seed, "equal damage", measure, augmentation)
            reading = _read_off(curves[augmentation], wide, level, resamples, confidence, seed)
            at_setting = np.interp(settings[augmentation], wide.columns, wide.mean())
            row = {"damage": measure, "level": 1 - level if measure == "ssim" else level, "augmentation": augmentation}
            rows.append(row | {"metric": metric, **reading._asdict(), "value_at_setting": at_setting})
        frames.append(_ranked(pd.DataFrame(rows)))
    return pd.concat(frames[1:] or frames, ignore_index=True)


def _as_damage(wide: pd.DataFrame, measure: str) -> pd.DataFrame:
    return 1 - wide if measure == "ssim" else wide


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the ranks of the augmentations by each metric, 1 for the largest shift."""
    for value, rank in (("value", "rank"), ("value_at_setting", "rank_at_setting")):
        shift = frame[value] * frame["metric"].map(paired_tests.shift_sign)
        frame[rank] = shift.groupby(frame["metric"]).rank(method="min", ascending=False).astype(int)
    return frame[EQUAL_DAMAGE_COLUMNS]


class Reading(NamedTuple):
    """A metric where the damage reaches a level.

    Attributes:
        dose: the dose there.
        value: mean of the metric over the images.
        ci_low, ci_high: bootstrap interval of the mean.
    """

    dose: float
    value: float
    ci_low: float
    ci_high: float


def _read_off(
    curve: pd.DataFrame, wide: pd.DataFrame, level: float, resamples: int, confidence: float, seed: int
) -> Reading:
    """Read a metric (images × doses) where the damage, `curve` (images × doses), reaches the level."""
    images = curve.index.intersection(wide.index)
    both = np.hstack([curve.loc[images], wide.loc[images]])
    doses = wide.columns.to_numpy(dtype=np.float64)
    dose, value = (float(array[0]) for array in crossing(doses, both.mean(axis=0)[np.newaxis], level))
    if len(images) == 1:
        return Reading(dose, value, value, value)
    _, resampled = crossing(doses, bootstrap.resampled_means(both, resamples, seed), level)
    low, high = bootstrap.percentile_interval(resampled, len(images), confidence)
    return Reading(dose, value, float(low), float(high))


def crossing(
    doses: NDArray[np.float64], curves: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find where damage first reaches a level, and read a metric there; linear between doses.

    Args:
        doses: (K,), increasing, from 0.
        curves: (R, 2 K), the damage at every dose, then the metric.
        level: above 0.

    Returns:
        doses (R,) and values (R,); those of the highest dose if the level is not reached.
    """
    count = len(doses)
    harm, response = curves[:, :count], curves[:, count:]
    reached = harm >= level
    upper = np.where(reached.any(axis=1), np.argmax(reached, axis=1), count - 1).clip(min=min(1, count - 1))
    lower, rows = (upper - 1).clip(min=0), np.arange(len(curves))
    rise = harm[rows, upper] - harm[rows, lower]
    part = np.divide(level - harm[rows, lower], rise, out=np.ones(len(curves)), where=rise > 0).clip(0, 1)
    at_doses = np.broadcast_to(doses, harm.shape)
    dose, value = ((1 - part) * array[rows, lower] + part * array[rows, upper] for array in (at_doses, response))
    return dose, value
