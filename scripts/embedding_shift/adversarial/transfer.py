"""Do attacks on one encoder move another one? The table `transfer.csv`."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from embedding_shift.adversarial import curves, measurement
from embedding_shift.adversarial.attacked_views import ATTACK, SIGNS
from embedding_shift.adversarial.exchange import COSINE
from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.statistics import bootstrap

COLUMNS = [
    "attacked",
    "measured",
    "epsilon",
    "n",
    "shift",
    "ci_low",
    "ci_high",
    "random_shift",
    "random_low",
    "random_high",
]


def table(
    originals: Mapping[str, ArrayByImage],
    encoded: Mapping[tuple[str, str], ArrayByImage],
    settings: bootstrap.Settings,
) -> pd.DataFrame:
    """Return the mean shift, 1 − cosine, of every encoder by the views that were made against every encoder.

    Args:
        originals: image ids (N,) and embeddings (N, D) of the attacked images, by encoder.
        encoded: keys (M,) and embeddings (M, D) of the attacked views, by the attacked encoder and the one that
            measures.
        settings: of the bootstrap.

    Returns:
        data frame with COLUMNS.
    """
    rows: list[tuple[Any, ...]] = []
    for (attacked, measured), views in encoded.items():
        wide = curves.of_metric(measurement.output_rows("embedding", originals[measured], views), COSINE)
        seed = bootstrap.seed_of(settings.root_seed, "transfer", attacked, measured)
        for epsilon in wide[ATTACK].columns if len(wide) else ():
            values = (1 - wide[kind, epsilon] for kind in (ATTACK, SIGNS))
            means = (
                (one.mean(), *bootstrap.bootstrap_mean(one, settings.resamples, settings.confidence, seed))
                for one in values
            )
            rows.append((attacked, measured, epsilon, len(wide), *(number for mean in means for number in mean)))
    return pd.DataFrame(rows, columns=COLUMNS)
