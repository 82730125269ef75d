"""The two long tables of the study.

Study table: `image_id, augmentation, variant, metric, value`. The variant is as in `variant_names`; `draw-0` is the
main view and `dose-0000` the original. Reference table: `reference, image_id, other_id, metric, value`. The other image
is the same image in all references but ANOTHER.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

COLUMNS = ["image_id", "augmentation", "variant", "metric", "value"]
REFERENCE_COLUMNS = ["reference", "image_id", "other_id", "metric", "value"]


def frame(rows: Sequence[tuple[Any, ...]], columns: list[str]) -> pd.DataFrame:
    """Return rows as a data frame whose values are float64, also without any rows."""
    return pd.DataFrame(rows, columns=columns).astype({"value": np.float64})
