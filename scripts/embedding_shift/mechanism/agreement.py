"""How far two encoders agree on where an augmentation moves the stream, and on where its shift is written."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from embedding_shift.mechanism.tower import FloatArray

COLUMNS = ["first", "second", "augmentation", "quantity", "agreement"]
DEPTHS = np.linspace(0, 1, 21)  # relative: 0 is the input of the first block, and 1 the end of the last
TOKENS = ("class", "patch_mean")


def table(layers: Mapping[str, pd.DataFrame], ledgers: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare every two encoders at the same relative depth.

    Columns:
        quantity: `layer_profile` for the correlation of the relative distances of the class token (without one, of the
            mean of the patches) over depth; `ledger` for 1 less the largest difference of the shares that are written
            up to a depth, 0 to 1.
        agreement: its value, or the reason why it is not defined.

    Args:
        layers: data frame of `layers.csv` by encoder.
        ledgers: data frame of `ledger.csv` by encoder.
    """
    rows = []
    for first, second in combinations(layers, 2):
        for augmentation in layers[first]["augmentation"].unique():
            profiles = [profile(layers[name], augmentation) for name in (first, second)]
            written = [written_up_to(ledgers[name], augmentation) for name in (first, second)]
            rows.append((first, second, augmentation, "layer_profile", _correlation(*profiles)))
            rows.append((first, second, augmentation, "ledger", _overlap(*written)))
    return pd.DataFrame(rows, columns=COLUMNS)


def profile(layers: pd.DataFrame, augmentation: str) -> FloatArray | None:
    """Return the relative distance at DEPTHS for an augmentation; None where it is not defined."""
    for token in TOKENS:
        rows = layers[(layers["augmentation"] == augmentation) & (layers["token"] == token)]
        numbers = rows[["layer", "relative_l2"]].apply(pd.to_numeric, errors="coerce").dropna()
        if len(numbers) > 1:
            depth = numbers["layer"].to_numpy() / numbers["layer"].max()
            return np.interp(DEPTHS, depth, numbers["relative_l2"].to_numpy())
    return None


def written_up_to(ledger: pd.DataFrame, augmentation: str) -> FloatArray | None:
    """Return the share of the shift that is written up to DEPTHS; None where it is not defined."""
    rows = ledger[(ledger["augmentation"] == augmentation) & (ledger["part"] != "scale")]
    numbers = rows[["layer", "share"]].apply(pd.to_numeric, errors="coerce").dropna()
    if numbers.empty or numbers["share"].sum() <= 0:
        return None
    by_layer = numbers.groupby("layer")["share"].sum().sort_index().cumsum() / numbers["share"].sum()
    return np.interp(DEPTHS, by_layer.index.to_numpy() / by_layer.index.max(), by_layer.to_numpy())


def _correlation(first: FloatArray | None, second: FloatArray | None) -> float | str:
    if first is None or second is None or not np.ptp(first) or not np.ptp(second):
        return "undefined"
    return float(np.corrcoef(first, second)[0, 1])


def _overlap(first: FloatArray | None, second: FloatArray | None) -> float | str:
    return "undefined" if first is None or second is None else float(1 - np.abs(first - second).max())
