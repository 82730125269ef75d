"""Split the variance of a metric into image, augmentation, their interaction, and draw."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.study import metric_names, variant_names

COLUMNS = ["metric", "component", "variance", "share"]
COMPONENTS = ("image", "augmentation", "image_by_augmentation", "draw")


def table(study: pd.DataFrame, augmentations: Sequence[str], draws: int) -> pd.DataFrame:
    """Return the components of every metric: a data frame with COLUMNS.

    Images without a value in any cell of the design are left out.

    Args:
        study: the study table (see `long_tables`).
        augmentations: names.
        draws: draws per image.
    """
    variants = [variant_names.MAIN, *(variant_names.draw_name(draw) for draw in range(1, draws))]
    rows: list[tuple[Any, ...]] = []
    drawn = study[study["variant"].isin(variants) & np.isfinite(study["value"])]
    for metric in metric_names.in_order():
        of_metric = drawn[drawn["metric"] == metric]
        wide = of_metric.pivot(index="image_id", columns=["augmentation", "variant"], values="value")
        wide = wide.reindex(columns=pd.MultiIndex.from_product([augmentations, variants])).dropna()
        if wide.empty:
            continue
        found = components(wide.to_numpy().reshape(len(wide), len(augmentations), draws))
        total = sum(found.values())
        rows += [(metric, name, value, value / total if total > 0 else 0.0) for name, value in found.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def components(values: NDArray[np.float64]) -> dict[str, float]:
    """Estimate variance components by an analysis of variance of the balanced crossed design.

    The model is value = mean + image + augmentation + image by augmentation + draw. All terms are random and
    independent, and the draws are nested in the cells. Mean squares are set equal to their expectations (Searle,
    Casella and McCulloch 1992, Variance Components, chapter 4). A negative estimate becomes zero.

    Args:
        values: (images, augmentations, draws).

    Returns:
        {component: variance}. A factor with one level has no component. With a single draw, its variance is part of the
        interaction; with a single image or augmentation, the interaction is part of the other factor.
    """
    images, kinds, draws = values.shape
    mean, cells = values.mean(), values.mean(axis=2)
    image, kind = values.mean(axis=(1, 2)), values.mean(axis=(0, 2))
    squares = {
        "image": kinds * draws * np.sum((image - mean) ** 2),
        "augmentation": images * draws * np.sum((kind - mean) ** 2),
        "image_by_augmentation": draws * np.sum((cells - image[:, np.newaxis] - kind + mean) ** 2),
        "draw": np.sum((values - cells[:, :, np.newaxis]) ** 2),
    }
    freedom = {
        "image": images - 1,
        "augmentation": kinds - 1,
        "image_by_augmentation": (images - 1) * (kinds - 1),
        "draw": images * kinds * (draws - 1),
    }
    repeats = {"image": kinds * draws, "augmentation": images * draws, "image_by_augmentation": draws, "draw": 1}
    mean_square = {name: squares[name] / freedom[name] for name in COMPONENTS if freedom[name]}
    within = mean_square.get("draw", 0.0)
    beneath = {"draw": 0.0, "image_by_augmentation": within}
    between = mean_square.get("image_by_augmentation", within)
    return {
        name: float(max(0.0, found - beneath.get(name, between)) / repeats[name]) for name, found in mean_square.items()
    }
