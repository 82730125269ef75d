"""The dose at which half of something is lost, read off a curve over the doses."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

HALF = 0.5
# The columns for the dose and its bounds: the larger the loss, the smaller the dose.
COLUMNS = ("loss", "ci_high", "ci_low")


class Reading(NamedTuple):
    """A dose with its interval; NaN where it is not defined, and then `reason` says why."""

    value: float
    ci_low: float
    ci_high: float
    reason: str


def read(curve: pd.DataFrame, starts_at_none: bool) -> Reading:
    """Return the smallest dose at which the mean loss reaches HALF.

    The loss is taken to be linear between two measured doses. The interval holds the doses at which the interval of the
    mean loss contains HALF, so it is pointwise: it covers the dose as often as those of the means cover the means.

    Args:
        curve: `dose`, ascending and above 0, `loss` (0: nothing is lost, 1: everything), `ci_low` and `ci_high`.
        starts_at_none: whether the loss is 0 at dose 0. If the scale jumps there, nothing is read below the smallest
            dose.
    """
    if curve.empty:
        return Reading(np.nan, np.nan, np.nan, "no doses")
    doses = curve["dose"].to_numpy(np.float64)
    first, last = doses[0], doses[-1]
    value, low, high = (_crossing(doses, curve[name].to_numpy(np.float64), starts_at_none) for name in COLUMNS)
    if np.isinf(value):
        return Reading(np.nan, low if np.isfinite(low) else np.nan, np.nan, f"not at dose {last:g}")
    if np.isnan(value):
        return Reading(np.nan, np.nan, np.nan, f"at dose {first:g} or below, where the scale jumps")
    reasons = []
    if np.isnan(low) and curve["ci_high"].notna().all():
        reasons.append(f"the lower bound is at dose {first:g} or below, where the scale jumps")
    if np.isinf(high):
        reasons.append(f"the upper bound is above dose {last:g}")
    return Reading(value, low, high if np.isfinite(high) else np.nan, "; ".join(reasons))


def _crossing(doses: "np.ndarray[Any, Any]", losses: "np.ndarray[Any, Any]", starts_at_none: bool) -> float:
    """Return the smallest dose at which the losses reach HALF.

    It is infinite if none does, and NaN if it is below the smallest dose and nothing can be read there, or if there are
    no losses.
    """
    if not np.isfinite(losses).any():
        return np.nan
    if starts_at_none:
        doses, losses = np.append(0, doses), np.append(0, losses)
    reached = np.flatnonzero(losses >= HALF)
    if not len(reached):
        return np.inf
    place = reached[0]
    if place == 0:
        return np.nan
    return float(np.interp(HALF, losses[place - 1 : place + 1], doses[place - 1 : place + 1]))
