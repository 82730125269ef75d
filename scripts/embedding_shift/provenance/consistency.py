"""Check a results folder against itself: tables against their hashes, numbers against tables, means against images."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from embedding_shift.io import atomic
from embedding_shift.provenance import cells, macros
from embedding_shift.results import Measurements, Run


def disagreements(run: Run) -> list[str]:
    """Return a sentence for every table, number and cell of a run that does not agree with what it was made from."""
    found = [*edited_tables(run), *wrong_numbers(run)]
    for dataset in run.datasets:
        for model in run.models:
            found += wrong_cells(run.of(dataset, model))
    return found


def edited_tables(run: Run) -> Iterator[str]:
    """Yield a sentence for every table whose content is not that of the run."""
    for name, expected in run.record.files.items():
        if atomic.sha256(run.folder / name) != expected:
            yield f"{run.folder / name} was changed after the run"


def wrong_numbers(run: Run) -> Iterator[str]:
    """Yield a sentence for every macro of numbers.tex that the tables do not give."""
    numbers = macros.Numbers(run)
    written, computed = numbers.written, numbers.computed
    for name in sorted(written.keys() | computed.keys()):
        one, other = written.get(name), computed[name].text if name in computed else None
        if one != other:
            yield f"\\{name} is {one} in numbers.tex, {other} from the tables"


def wrong_cells(measured: Measurements) -> Iterator[str]:
    """Yield a sentence for every cell of the summary and of the distances that the values per image do not give."""
    stored = measured.summary.set_index(["augmentation", "metric"])
    yield from _differences(measured, "summary.csv", stored, cells.summary_again(measured))
    stored = measured.pairwise_distance
    yield from _differences(measured, "pairwise_distance.csv", stored, cells.distances_again(measured))


def _differences(measured: Measurements, table: str, stored: pd.DataFrame, again: pd.DataFrame) -> Iterator[str]:
    path = measured.folder / table
    if list(stored.index) != list(again.index):
        yield f"{path} has other rows than the values per image give"
        return
    same = np.isclose(stored, again, rtol=cells.RELATIVE_TOLERANCE, atol=cells.ABSOLUTE_TOLERANCE, equal_nan=True)
    for place, column in np.argwhere(~same):
        key = stored.index[place]
        row = " ".join(key) if isinstance(key, tuple) else key
        one, other = float(stored.to_numpy()[place, column]), float(again.to_numpy()[place, column])
        yield f"{path}, {row}, {stored.columns[column]!s}: {one:.10g} is stored, the images give {other:.10g}"
