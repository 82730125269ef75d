"""The changes from one run to another: of every mean, paired by image, and of the verdict on every claim."""

from itertools import product

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from embedding_shift.errors import InputError
from embedding_shift.metrics import registry
from embedding_shift.results import Measurements, Run
from embedding_shift.statistics import bootstrap, paired_tests

SHIFT_COLUMNS = [
    "dataset",
    "model",
    "metric",
    "augmentation",
    "n",
    "before",
    "after",
    "change",
    "ci_low",
    "ci_high",
    "beyond_interval",
    "p_value",
    "p_holm",
    "significant",
]
CLAIM_COLUMNS = ["dataset", "model", "claim", "before", "after", "effect_before", "effect_after", "changed"]
ROUNDING = 1e-6  # share of the mean shift below which a change comes from another machine's rounding


def of_shifts(before: Run, after: Run) -> pd.DataFrame:
    """Compare every mean of two runs, on the images that both have.

    Columns:
        n: images with a value in both runs.
        before, after: mean over these images.
        change, ci_low, ci_high: after − before with its bootstrap interval, which is NaN for a single image.
        beyond_interval: whether the interval excludes zero, and the change is more than rounding. Of two runs that
            differ by chance only, this holds for the share 1 − confidence of the rows.
        p_value, p_holm: of Wilcoxon's signed-rank test of the paired values, and with Holm's correction for all rows.
        significant: whether p_holm is at most 1 − confidence, and the change is more than rounding. Of all comparisons
            of two runs that differ by chance only, at most this share has any significant row.

    The interval has the coverage, the resamples and the seed of the run `after`.

    Raises:
        InputError: the runs have no dataset, encoder, augmentation, metric and image in common.
    """
    configuration = after.record.configuration
    settings = bootstrap.Settings(**configuration["bootstrap"], root_seed=configuration["seed"])
    rows = [
        (dataset, model, *row)
        for dataset, model in _in_common(before, after)
        for row in _of_measurements(before.of(dataset, model), after.of(dataset, model), settings)
    ]
    if not rows:
        raise InputError("the two runs have no value of the same dataset, encoder, augmentation, metric and image")
    return tested(pd.DataFrame(rows, columns=[*SHIFT_COLUMNS[:11], "p_value"]), 1 - settings.confidence)


def of_claims(before: Run, after: Run) -> pd.DataFrame:
    """Compare the verdicts on the claims that both runs judge; `changed` says whether the two differ."""
    frames = [
        before.of(*pair)
        .claims[["claim", "verdict", "effect"]]
        .merge(after.of(*pair).claims[["claim", "verdict", "effect"]], on="claim", suffixes=("_before", "_after"))
        .assign(dataset=pair[0], model=pair[1])
        for pair in _in_common(before, after)
    ]
    table = pd.concat([pd.DataFrame(columns=CLAIM_COLUMNS), *frames], ignore_index=True)
    table = table.assign(before=table["verdict_before"], after=table["verdict_after"])
    return table.assign(changed=table["before"] != table["after"])[CLAIM_COLUMNS]


def tested(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the rows with `p_holm` and `significant`; `level` is the share of false alarms, 0 to 1."""
    corrected = multipletests(rows["p_value"], method="holm")[1]
    moved = ~_is_rounding(rows)
    beyond = rows["beyond_interval"] & moved
    return rows.assign(beyond_interval=beyond, p_holm=corrected, significant=(corrected <= level) & moved)[
        SHIFT_COLUMNS
    ]


def paired(before: pd.Series, after: pd.Series, settings: bootstrap.Settings, seed: int) -> tuple[float | bool, ...]:
    """Compare two series of values by image id.

    Returns:
        (n, mean before, mean after, change, lower bound, upper bound, whether they exclude zero, p value).
    """
    common = before.index.intersection(after.index)
    one, other = before[common].to_numpy(), after[common].to_numpy()
    difference = other - one
    low, high = bootstrap.bootstrap_mean(difference, settings.resamples, settings.confidence, seed)
    p_value = paired_tests.signed_ranks(difference)[1]
    excludes = bool(low > 0 or high < 0)
    return len(common), one.mean(), other.mean(), difference.mean(), low, high, excludes, p_value


def _of_measurements(
    before: Measurements, after: Measurements, settings: bootstrap.Settings
) -> list[tuple[str | float | bool, ...]]:
    groups = [table.metrics.groupby(["metric", "augmentation"], sort=False) for table in (before, after)]
    series = [{key: rows.set_index("image_id")["value"].sort_index() for key, rows in group} for group in groups]
    found: list[tuple[str | float | bool, ...]] = []
    for key, values in series[1].items():
        if key in series[0] and len(series[0][key].index.intersection(values.index)):
            metric, augmentation = map(str, key)
            seed = bootstrap.seed_of(settings.root_seed, "comparison of runs", metric, augmentation)
            found.append((metric, augmentation, *paired(series[0][key], values, settings, seed)))
    return found


def _is_rounding(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether a change is less than ROUNDING of the mean shift: 1 − mean of a similarity, or a distance."""
    similarity = rows["metric"].map(
        lambda name: name not in registry.REGISTRY or registry.REGISTRY[name].higher_is_closer
    )
    shift = np.where(similarity, 1 - rows["before"], rows["before"])
    return rows["change"].abs() <= ROUNDING * np.abs(shift)


def _in_common(before: Run, after: Run) -> list[tuple[str, str]]:
    """Return the pairs of dataset and encoder that both runs have, in the order of the run `after`."""
    datasets = [name for name in after.datasets if name in before.datasets]
    models = [name for name in after.models if name in before.models]
    return list(product(datasets, models))
