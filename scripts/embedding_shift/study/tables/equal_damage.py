"""Every metric at the doses at which all augmentations do the same damage to the pixels, and their ranking there.

`equal_doses` finds the doses on the images of the study, so the views do equal damage on average over these images, and
over other images only nearly. An interval therefore spans two bootstrap intervals over images: that of the mean at the
dose found, and that of the value where each resample reaches the level itself. Around the dose found, metrics are taken
to be linear in the damage up to the neighbours on the dose-response curve, but never across a jump at dose 0. In
simulations, each of the two intervals alone is too narrow for some relations between damage and metric.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.statistics import bootstrap, paired_tests
from embedding_shift.study.tables import metric_names
from embedding_shift.study.tables.dose_response import Responses
from embedding_shift.study.variants import variant_names
from embedding_shift.study.variants.variant_names import LEAST_DOSE
from embedding_shift.views import image_difference

COLUMNS = [
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
NEAR = 0.1  # doses that differ by less than this share of the dose found are too close for a slope
FARTHEST = (
    2.0  # of a resample that reaches the level outside the curve: in lengths of the segment it is extrapolated by
)


class Reading(NamedTuple):
    """A metric where the damage reaches a level.

    Attributes:
        value: mean of the metric over the images.
        ci_low, ci_high: interval of the mean; NaN for a single image.
    """

    value: float
    ci_low: float
    ci_high: float


def table(
    found: Responses,
    study: pd.DataFrame,
    equal_doses: pd.DataFrame,
    settings: Mapping[str, float],
    resamples: int,
    confidence: float,
    root_seed: int,
) -> pd.DataFrame:
    """Return every metric at equal damage, with intervals and ranks.

    Rank 1 is the largest shift; `rank_at_setting` is the rank among the same augmentations at their configured
    settings.

    Args:
        found: the result of `dose_response.responses`.
        study: the study table (see `long_tables`).
        equal_doses: data frame of the `equal_doses.EqualDose` of every measure and augmentation.
        settings: {augmentation: dose of its configured setting}.
        resamples, confidence, root_seed: settings of the bootstrap.

    Returns:
        data frame with COLUMNS; without rows for a measure by which fewer than two augmentations can be compared.
    """
    frames = [pd.DataFrame(columns=COLUMNS)]
    reached = equal_doses[equal_doses["dose"].notna()]
    for measure in map(str, reached["damage"].unique()):
        chosen = reached[reached["damage"] == measure]
        values = _values(study, measure)
        rows = []
        for row in chosen.to_dict("records") if len(chosen) > 1 else ():
            name, dose, level = row["augmentation"], row["dose"], row["level"]
            harm = image_difference.as_damage(measure, _with(found[name, measure], dose, values[name, measure]))
            for metric in (metric for metric in metric_names.in_order() if (name, metric) in found):
                if metric in image_difference.MEASURES:
                    continue
                wide = _with(found[name, metric], dose, values[name, metric])
                seed = bootstrap.seed_of(root_seed, "equal damage", measure, name)
                reading = read_off(harm, wide, dose, level, resamples, confidence, seed)
                rows.append(
                    {"damage": measure, "level": image_difference.as_damage(measure, level), "augmentation": name}
                    | {"dose": dose, "metric": metric, **reading._asdict()}
                    | {"value_at_setting": found[name, metric][round(settings[name], 3)].mean()}
                )
        if rows:
            frames.append(_ranked(pd.DataFrame(rows)))
    return pd.concat(frames[1:] or frames, ignore_index=True)


def _values(study: pd.DataFrame, measure: str) -> dict[tuple[str, str], pd.Series]:
    """Return {(augmentation, metric): values by image} of the views that do equal damage by a measure."""
    rows = study[(study["variant"] == variant_names.equal_name(measure)) & np.isfinite(study["value"])]
    groups = rows.groupby(["augmentation", "metric"], sort=False)
    return {(str(name), str(metric)): group.set_index("image_id")["value"] for (name, metric), group in groups}


def _with(curve: pd.DataFrame, dose: float, values: pd.Series) -> pd.DataFrame:
    """Return a curve (images × doses) with the values at one more dose.

    Dose 0 is left out of a curve that jumps there, and doses close to that dose are: the slope between two near doses
    is mostly rounding.
    """
    start = LEAST_DOSE if LEAST_DOSE in curve else 0.0
    kept = [other for other in map(float, curve.columns) if other >= start and abs(other - dose) > NEAR * dose]
    wide = curve[kept].assign(**{"found": values}).rename(columns={"found": dose}).dropna()
    return wide[sorted(wide.columns)]


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the ranks of the augmentations by each metric, 1 for the largest shift."""
    for value, rank in (("value", "rank"), ("value_at_setting", "rank_at_setting")):
        shift = frame[value] * frame["metric"].map(paired_tests.shift_sign)
        frame[rank] = shift.groupby(frame["metric"]).rank(method="min", ascending=False).astype(int)
    return frame[COLUMNS]


def read_off(
    harm: pd.DataFrame, wide: pd.DataFrame, dose: float, level: float, resamples: int, confidence: float, seed: int
) -> Reading:
    """Read a metric where the mean damage reaches a level.

    Args:
        harm: damage, images × doses, with increasing doses.
        wide: the metric, images × the same doses.
        dose: the dose that was found for the level.
        level: the level, above 0.
        resamples, confidence, seed: see `bootstrap.bootstrap_mean`.
    """
    images = harm.index.intersection(wide.index)
    both = np.hstack([harm.loc[images], wide.loc[images]])
    value = float(crossing(both.mean(axis=0)[np.newaxis], level)[0])
    means = bootstrap.resampled_means(both, resamples, seed)
    at_dose = np.asarray(means)[:, len(harm.columns) + np.flatnonzero(wide.columns == dose)[0]]
    readings = np.stack([at_dose, crossing(means, level)], axis=1)
    low, high = bootstrap.percentile_interval(readings, len(images), confidence)
    return Reading(value, float(low.min()), float(high.max()))


def crossing(curves: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Read a metric where damage first reaches a level, linear in the damage between doses and a little beyond them.

    Args:
        curves: (R, 2 K), the damage at each of K increasing doses, then the metric.
        level: the level, above 0.

    Returns:
        values (R,).
    """
    count = curves.shape[1] // 2
    harm, response = curves[:, :count], curves[:, count:]
    if count == 1:
        return response[:, 0]
    reached = harm >= level
    upper = np.where(reached.any(axis=1), np.argmax(reached, axis=1), count - 1).clip(min=1)
    rows = np.arange(len(curves))
    lower = upper - 1
    rise = harm[rows, upper] - harm[rows, lower]
    part = np.divide(level - harm[rows, lower], rise, out=np.ones(len(curves)), where=rise > 0)
    part = part.clip(1 - FARTHEST, FARTHEST)
    return (1 - part) * response[rows, lower] + part * response[rows, upper]
