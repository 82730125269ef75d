"""The verdict on one published claim, and `claims.csv`, the table of all verdicts.

A claim that a run could not test has the verdict NOT_TESTED, a reason and no interval. In `claims.csv`, its cells for
the effect and the bounds are empty, because 0 is a value that they may have.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from embedding_shift.errors import InputError
from embedding_shift.io import tables

COLUMNS = ["claim", "verdict", "effect", "ci_low", "ci_high", "n", "reason"]
SUPPORTED, CONTRADICTED, NOT_RESOLVED = "supported", "contradicted", "not resolved"
NOT_TESTED = "not tested"
VERDICTS = (SUPPORTED, CONTRADICTED, NOT_RESOLVED, NOT_TESTED)


@dataclass(frozen=True)
class Interval:
    """The effect that a claim is judged by, with its bounds; positive where the run agrees with the claim."""

    effect: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """The verdict on a claim.

    Attributes:
        verdict: one of VERDICTS.
        n: number of images behind the verdict.
        interval: the effect with its bounds; None where the claim was not tested.
        reason: why the claim was not tested; empty where it was.
    """

    verdict: str
    n: int
    interval: Interval | None
    reason: str = ""

    @property
    def in_words(self) -> str:
        """The verdict, with the reason why the claim was not tested: `not tested (perspective is not configured)`."""
        return f"{self.verdict} ({self.reason})" if self.reason else self.verdict


def tested(interval: Interval, n: int) -> Judgement:
    """Return the judgement of a claim that was tested: the verdict says on which side of 0 the interval lies."""
    verdict = SUPPORTED if interval.low > 0 else CONTRADICTED if interval.high < 0 else NOT_RESOLVED
    return Judgement(verdict, n, interval)


def untested(reason: str, n: int = 0) -> Judgement:
    """Return the judgement of a claim that could not be tested."""
    return Judgement(NOT_TESTED, n, None, reason)


def as_table(judgements: Mapping[str, Judgement]) -> pd.DataFrame:
    """Return judgements by claim id as a data frame with COLUMNS, which `read` reads again from a CSV file."""
    rows = []
    for claim, judgement in judgements.items():
        interval = judgement.interval
        cells = (interval.effect, interval.low, interval.high) if interval else (None, None, None)
        rows.append((claim, judgement.verdict, *cells, judgement.n, judgement.reason))
    return pd.DataFrame(rows, columns=COLUMNS)


def read(path: str) -> dict[str, Judgement]:
    """Return the judgements in a `claims.csv` by claim id, in the order of the file.

    Raises:
        InputError: the file is absent, lacks a column, or has a row that is not a judgement.
    """
    judgements = {}
    for row in tables.read_rows(path):
        missing = [column for column in COLUMNS if row.get(column) is None]
        if missing:
            raise InputError(f"{path} has no column {missing[0]!r}; judge the claims again")
        try:
            judgements[row["claim"]] = _from_row(row)
        except ValueError as error:
            raise InputError(f"{path}: claim {row['claim']!r}: {error}") from None
    return judgements


def _from_row(row: Mapping[str, str]) -> Judgement:
    cells, n = [row[column] for column in ("effect", "ci_low", "ci_high")], int(row["n"])
    if any(cells) == bool(row["reason"]):
        raise ValueError("it must have either an effect with bounds, or the reason why it was not tested")
    found = tested(Interval(*map(float, cells)), n) if any(cells) else untested(row["reason"], n)
    if row["verdict"] != found.verdict:
        raise ValueError(f"found the verdict {row['verdict']!r}; by its interval it is {found.verdict!r}")
    return found
