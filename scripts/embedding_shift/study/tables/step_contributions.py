"""What each transform of a list contributes to the shift of the whole.

`added` is the shift after a step minus the shift before it. These contributions sum to the shift of the whole, but they
depend on the order of the steps. `lost` is the shift of the whole minus the shift without the step, where all other
steps keep their draws. These contributions have no fixed sum: of two steps that destroy the same content, each alone
loses little.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap, paired_tests
from embedding_shift.study.tables import metric_names
from embedding_shift.study.variants import variant_names

COLUMNS = ["augmentation", "step", "transform", "metric", "contribution", "n", "mean", "ci_low", "ci_high"]
ADDED, LOST = "added", "lost"


def table(
    study: pd.DataFrame,
    transforms: Mapping[str, Sequence[str]],
    resamples: int,
    confidence: float,
    root_seed: int,
) -> pd.DataFrame:
    """Return mean contribution and bootstrap interval per augmentation, step and metric: a data frame with COLUMNS.

    The shift is one minus a similarity, or a distance itself. Images without a value for any of the views are left out.

    Args:
        study: the study table (see `long_tables`).
        transforms: {augmentation: names of its transforms in their order}, for augmentations of several transforms.
        resamples, confidence, root_seed: settings of the bootstrap.
    """
    rows: list[tuple[Any, ...]] = []
    finite = study[np.isfinite(study["value"])]
    for augmentation, names in transforms.items():
        of_augmentation = finite[finite["augmentation"] == augmentation]
        for metric in (name for name in metric_names.in_order() if name in registry.REGISTRY):
            of_metric = of_augmentation[of_augmentation["metric"] == metric]
            wide = of_metric.pivot(index="image_id", columns="variant", values="value")
            wide = wide.reindex(columns=_variants(len(names))).dropna()
            if wide.empty:
                continue
            seed = bootstrap.seed_of(root_seed, "steps", augmentation, metric)
            for kind, values in contributions(_as_shift(metric, wide), len(names)).items():
                for number, name in enumerate(names):
                    of_step = values[:, number]
                    low, high = bootstrap.bootstrap_mean(of_step, resamples, confidence, seed)
                    row = (augmentation, number + 1, name, metric, kind, len(wide), of_step.mean(), low, high)
                    rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def contributions(shifts: pd.DataFrame, steps: int) -> dict[str, NDArray[np.float64]]:
    """Return {ADDED or LOST: contribution of every step to the shift of every image, (images, steps)}.

    Args:
        shifts: shift of every image, images × variants.
        steps: number of steps.
    """
    after = shifts[[variant_names.after_steps(number, steps) for number in range(1, steps + 1)]].to_numpy()
    without = shifts[[variant_names.without_step(number, steps) for number in range(1, steps + 1)]].to_numpy()
    return {ADDED: np.diff(after, axis=1, prepend=0.0), LOST: after[:, -1:] - without}


def _variants(steps: int) -> list[str]:
    functions = variant_names.after_steps, variant_names.without_step
    return sorted({function(number, steps) for function in functions for number in range(1, steps + 1)})


def _as_shift(metric: str, values: pd.DataFrame) -> pd.DataFrame:
    return values if paired_tests.shift_sign(metric) > 0 else 1 - values
