"""The exchange rate: the ε that moves the embedding as far as an augmentation does, in the table `exchange_rate.csv`.

Far is the mean of 1 − cosine over the images of the attack. An ε is read off the curve of the attack where it first
reaches the mean of the augmentation. For small changes, 1 − cosine grows with the square of ε, so the square root is
taken to be linear between two measured ε, and between no change and the smallest one. Nothing is read beyond the
largest ε.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.adversarial import curves
from embedding_shift.adversarial.attacked_views import ATTACK
from embedding_shift.statistics import bootstrap

COSINE = "cosine_similarity"
# An ε below the smallest attack was seen to be up to twice the true one.
ROUGH = "a rough value, read between no change and the smallest attack"
COLUMNS = ["augmentation", "n", "shift", "epsilon", "ci_low", "ci_high", "from_epsilon", "to_epsilon", "reason"]


def table(
    measured: pd.DataFrame, cosines: pd.DataFrame, resamples: int, confidence: float, root_seed: int
) -> pd.DataFrame:
    """Return the exchange rate of every augmentation with its bootstrap interval over images.

    `shift` is the mean of 1 − cosine of the augmentation, and `epsilon` lies between `from_epsilon` and `to_epsilon`,
    which were measured. A value or a bound beyond the largest ε is NaN; `reason` says so, and which values are rough.

    Args:
        measured: the table of `measurement`.
        cosines: cosine similarity, images × augmentations; NaN where it is not defined.
        resamples, confidence, root_seed: settings of the bootstrap.

    Returns:
        data frame with COLUMNS.
    """
    attacked = 1 - curves.of_metric(measured, COSINE)[ATTACK]
    epsilons = np.array([0, *attacked.columns], np.float64)
    rows = []
    for name in cosines:
        shifts = 1 - cosines[name].reindex(attacked.index).dropna()
        both = np.column_stack([shifts, attacked.loc[shifts.index]])
        seed = bootstrap.seed_of(root_seed, "exchange rate")
        row = _reading(both, epsilons, bootstrap.Settings(resamples, confidence, seed)) if len(both) else {}
        row = {"reason": "no image has a cosine similarity"} | row
        rows.append({"augmentation": name, "n": len(both)} | row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _reading(both: NDArray[np.float64], epsilons: NDArray[np.float64], settings: bootstrap.Settings) -> dict[str, Any]:
    """Return the exchange rate of one augmentation.

    Args:
        both: 1 − cosine of the augmentation and of the attack at every ε above 0, (n, 1 + ε).
        epsilons: 0 and these ε.
        settings: of the bootstrap; its seed is that of the resamples.
    """
    mean = both.mean(axis=0)
    (epsilon,) = equal_epsilon(mean[np.newaxis], epsilons)
    means = bootstrap.resampled_means(both, settings.resamples, settings.root_seed)
    largest = epsilons[-1]
    found = np.nan_to_num(equal_epsilon(means, epsilons), posinf=2 * largest)
    low, high = (
        bound if bound <= largest else np.nan
        for bound in bootstrap.percentile_interval(found, len(both), settings.confidence)
    )
    row: dict[str, Any] = {"shift": mean[0], "ci_low": low, "ci_high": high, "reason": ""}
    if epsilon > largest:
        return row | {"reason": f"farther than the attack at ε = {largest:.0f}"}
    if np.isnan(high) and len(both) > 1:
        row["reason"] = f"the upper bound is farther than the attack at ε = {largest:.0f}"
    upper = max(1, int(np.searchsorted(epsilons, epsilon)))
    if upper == 1:
        row["reason"] = "; ".join(filter(None, [ROUGH, row["reason"]]))
    return row | {"epsilon": epsilon, "from_epsilon": int(epsilons[upper - 1]), "to_epsilon": int(epsilons[upper])}


def equal_epsilon(shifts: NDArray[np.float64], epsilons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ε at which the attack first moves the embedding as far as an augmentation does.

    Args:
        shifts: (R, 1 + K), 1 − cosine of the augmentation and of the attack at K ε.
        epsilons: (1 + K,), 0 and these ε, increasing.

    Returns:
        (R,); infinite where the attack never moves it as far.
    """
    roots = np.sqrt(np.clip(shifts, 0, None))
    level, curve = roots[:, 0], np.hstack([np.zeros((len(roots), 1)), roots[:, 1:]])
    reached = curve >= level[:, np.newaxis]
    upper = np.argmax(reached, axis=1).clip(min=1)
    rows, lower = np.arange(len(roots)), upper - 1
    rise = curve[rows, upper] - curve[rows, lower]
    part = np.divide(level - curve[rows, lower], rise, out=np.zeros(len(roots)), where=rise > 0)
    found = epsilons[lower] + part * (epsilons[upper] - epsilons[lower])
    return np.where(reached.any(axis=1), found, np.inf)
