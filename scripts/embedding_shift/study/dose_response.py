"""Dose-response curves of every metric, and the ranking of augmentations where they do equal damage to the pixels."""

import numpy as np
import pandas as pd

from embedding_shift.metrics import image_difference
from embedding_shift.statistics import bootstrap as statistics
from embedding_shift.statistics import paired_tests
from embedding_shift.study import variant_names

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


def responses(study, augmentations):
    """Return {(augmentation, metric): data frame of values, images × doses}, complete images only, in table order.

    Args:
        study: the study table of `study_metrics`.
        augmentations: names, in the order of the tables.
    """
    doses = study["variant"].map(variant_names.dose_of)
    rows = study.assign(dose=doses)[doses.notna() & np.isfinite(study["value"])]
    found = {}
    for augmentation in augmentations:
        of_augmentation = rows[rows["augmentation"] == augmentation]
        for metric in variant_names.names():
            values = of_augmentation[of_augmentation["metric"] == metric]
            wide = values.pivot(index="image_id", columns="dose", values="value").dropna()
            if len(wide):
                found[augmentation, metric] = wide
    return found


def table(found, resamples, confidence, root_seed):
    """Return mean and bootstrap interval per augmentation, dose and metric: a data frame with COLUMNS.

    Args:
        found: what `responses` returns.
        resamples, confidence, root_seed: of the bootstrap.
    """
    rows = []
    for (augmentation, metric), wide in found.items():
        seed = statistics.seed_of(root_seed, "dose", augmentation, metric)
        for dose, values in wide.items():
            low, high = statistics.bootstrap_mean(values, resamples, confidence, seed)
            rows.append((augmentation, dose, metric, len(wide), values.mean(), low, high))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    order = frame["augmentation"].map({name: place for place, name in enumerate(frame["augmentation"].unique())})
    return frame.assign(order=order).sort_values(["order", "dose"], kind="stable")[COLUMNS].reset_index(drop=True)


def equal_damage(found, settings, resamples, confidence, root_seed):
    """Read every metric off the curves at the dose where all augmentations do the same damage, and rank them.

    For each measure of damage the common level is the largest that every augmentation with doses reaches in the mean
    over images. Curves are linear between doses. Rank 1 is the largest shift; `rank_at_setting` is the rank among the
    same augmentations as they are configured. Intervals are of the value at the fixed level, resampling images; a
    resample that stays below the level is read at its highest dose.

    Args:
        found: what `responses` returns.
        settings: {augmentation: dose of its configured setting}.
        resamples, confidence, root_seed: of the bootstrap.

    Returns:
        data frame with EQUAL_DAMAGE_COLUMNS; without rows where fewer than two augmentations have doses.
    """
    dosed = list(dict.fromkeys(augmentation for augmentation, _ in found))
    frames = [pd.DataFrame(columns=EQUAL_DAMAGE_COLUMNS)]
    for measure in image_difference.MEASURES if len(dosed) > 1 else ():
        curves = {augmentation: _as_damage(found[augmentation, measure], measure) for augmentation in dosed}
        level = min(curve.mean().max() for curve in curves.values())
        if level <= 0:
            continue
        rows = []
        for (augmentation, metric), wide in found.items():
            if metric in image_difference.MEASURES:
                continue
            seed = statistics.seed_of(root_seed, "equal damage", measure, augmentation)
            read = _read_off(curves[augmentation], wide, level, (resamples, confidence, seed))
            at_setting = np.interp(settings[augmentation], wide.columns, wide.mean())
            rows.append((measure, 1 - level if measure == "ssim" else level, augmentation, metric, *read, at_setting))
        columns = [
            "damage",
            "level",
            "augmentation",
            "metric",
            "dose",
            "value",
            "ci_low",
            "ci_high",
            "value_at_setting",
        ]
        frame = pd.DataFrame(rows, columns=columns)
        for value, rank in (("value", "rank"), ("value_at_setting", "rank_at_setting")):
            shift = frame[value] * frame["metric"].map(paired_tests.shift_sign)
            frame[rank] = shift.groupby(frame["metric"]).rank(method="min", ascending=False).astype(int)
        frames.append(frame[EQUAL_DAMAGE_COLUMNS])
    return pd.concat(frames[1:] or frames, ignore_index=True)


def _as_damage(wide, measure):
    return 1 - wide if measure == "ssim" else wide


def _read_off(curve, wide, level, bootstrap):
    """Return dose, value and bounds of a metric (images × doses) where the damage (the same) reaches the level."""
    resamples, confidence, seed = bootstrap
    images = curve.index.intersection(wide.index)
    both = np.hstack([curve.loc[images], wide.loc[images]])
    doses = wide.columns.to_numpy(dtype=np.float64)
    dose, value = (float(array[0]) for array in crossing(doses, both.mean(axis=0)[np.newaxis], level))
    if len(images) == 1:
        return dose, value, value, value
    _, resampled = crossing(doses, statistics.resampled_means(both, resamples, seed), level)
    low, high = statistics.percentile_interval(resampled, len(images), confidence)
    return dose, value, float(low), float(high)


def crossing(doses, curves, level):
    """Find where damage first reaches a level, and read a metric there; linear between doses.

    Args:
        doses: (K,), increasing, from 0.
        curves: (R, 2 K), the damage at every dose, then the metric.
        level: above 0.

    Returns:
        doses (R,) and values (R,); those of the highest dose where the level is not reached.
    """
    count = len(doses)
    harm, response = curves[:, :count], curves[:, count:]
    reached = harm >= level
    upper = np.where(reached.any(axis=1), np.argmax(reached, axis=1), count - 1).clip(min=min(1, count - 1))
    lower, rows = (upper - 1).clip(min=0), np.arange(len(curves))
    rise = harm[rows, upper] - harm[rows, lower]
    part = np.divide(level - harm[rows, lower], rise, out=np.ones(len(curves)), where=rise > 0).clip(0, 1)
    at_doses = np.broadcast_to(doses, harm.shape)
    return tuple((1 - part) * array[rows, lower] + part * array[rows, upper] for array in (at_doses, response))
