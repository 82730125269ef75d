"""The summary of a long table in memory."""

import pandas as pd

from embedding_shift.io.long_table_file import MetricRows
from embedding_shift.statistics import bootstrap


def summarise(long_table: pd.DataFrame, resamples: int, confidence: float, root_seed: int) -> pd.DataFrame:
    """Return what `bootstrap.summarise` says of a long table, as data frame with its columns."""
    groups = (
        MetricRows(str(augmentation), str(metric), rows["image_id"].to_numpy(), rows["value"].to_numpy())
        for (augmentation, metric), table in long_table.groupby(["augmentation", "metric"], sort=False)
        for rows in [table.sort_values("image_id")]
    )
    rows = bootstrap.summarise(groups, resamples, confidence, root_seed)
    return pd.DataFrame(rows, columns=bootstrap.SummaryRow._fields)
