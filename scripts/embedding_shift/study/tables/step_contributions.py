"""What each transform of a list contributes to the shift of the whole.

`added` is the shift after a step minus the shift before it. These contributions sum to the shift of the whole, but they
depend on the order of the steps. `lost` is the shift of the whole minus the shift without the step, where all other
steps keep their draws. These contributions have no fixed sum: of two steps that destroy the same content, each alone
loses little.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap, paired_tests
from embedding_shift.study.tables import metric_names
from embedding_shift.study.variants import variant_names
from embedding_shift.views.view_record import ViewRecord

COLUMNS = ["augmentation", "step", "transform", "metric", "contribution", "n", "applied", "mean", "ci_low", "ci_high"]
ADDED, LOST = "added", "lost"


def table(
    study: pd.DataFrame,
    applied: Mapping[str, pd.DataFrame],
    resamples: int,
    confidence: float,
    root_seed: int,
) -> pd.DataFrame:
    """Return mean contribution and bootstrap interval per augmentation, step and metric: a data frame with COLUMNS.

    The shift is one minus a similarity, or a distance itself. Images without a value for any of the views are left out.
    `applied` is the number of the n images to which the step was applied.

    Args:
        study: the study table (see `long_tables`).
        applied: {augmentation: result of `applied_steps`}, for augmentations of several transforms.
        resamples, confidence, root_seed: settings of the bootstrap.
    """
    rows: list[tuple[Any, ...]] = []
    finite = study[np.isfinite(study["value"])]
    for augmentation, was_applied in applied.items():
        names = list(was_applied.columns)
        of_augmentation = finite[finite["augmentation"] == augmentation]
        for metric in (name for name in metric_names.in_order() if name in registry.REGISTRY):
            of_metric = of_augmentation[of_augmentation["metric"] == metric]
            wide = of_metric.pivot(index="image_id", columns="variant", values="value")
            wide = wide.reindex(columns=_variants(len(names))).dropna()
            if wide.empty:
                continue
            images = was_applied.loc[wide.index].sum().to_numpy()
            seed = bootstrap.seed_of(root_seed, "steps", augmentation, metric)
            for kind, values in contributions(_as_shift(metric, wide), len(names)).items():
                for number, name in enumerate(names):
                    of_step = values[:, number]
                    low, high = bootstrap.bootstrap_mean(of_step, resamples, confidence, seed)
                    named = augmentation, number + 1, name, metric, kind, len(wide), images[number]
                    rows.append((*named, of_step.mean(), low, high))
    return pd.DataFrame(rows, columns=COLUMNS)


def applied_steps(records: Iterable[tuple[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """Return whether each step was applied in the main view of each image: a data frame, images × transforms.

    Args:
        records: key and ViewRecord as JSON of the study's views of an augmentation of several transforms.
    """
    names: dict[int, str] = {}
    applied: dict[str, dict[int, bool]] = {}
    for view_key, record in records:
        image_id, variant = variant_names.split(view_key)
        if variant_names.is_part_of_list(variant):
            # The parts of a list have the draws of the main view, and each step is in one of them as it is there.
            of_image = applied.setdefault(image_id, {})
            for number, step in enumerate(ViewRecord.from_json(record).steps):
                names[number] = step.transform
                of_image[number] = of_image.get(number, False) or step.applied
    frame = pd.DataFrame.from_dict(applied, orient="index")
    return frame.sort_index(axis=1).rename(columns=names)


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
