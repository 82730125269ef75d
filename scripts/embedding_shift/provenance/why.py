"""Say where a number of the paper, a row of a table, or the values of an image come from."""

import re
from collections.abc import Iterator

import pandas as pd

from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.paper import latex
from embedding_shift.provenance import answers, macros
from embedding_shift.provenance.answers import SHOWN, Answer
from embedding_shift.provenance.macros import Macro, Numbers
from embedding_shift.results import Measurements, Run

# A number as `latex.number` or `latex.significant` writes it, with a decimal point.
DECIMAL = re.compile(r"(?:\$-\$|\$-)?\d+\.\d+(?:\\times10\^\{-?\d+\}\$)?")
EXTREMES = {"shift": "cosine_similarity", "attention_change": "attention_similarity"}
STATISTICS = ["n", "mean", "std", "ci_low", "ci_high"]


def number(numbers: Numbers, name: str) -> Answer:
    """Lead from a macro of numbers.tex to the tables that it is made from, and compute it again.

    Args:
        numbers: those of a finished run.
        name: name of the macro, or words of it, see `macros.known`.

    Raises:
        InputError: there is no such macro.
    """
    run, written, computed = numbers.run, numbers.written, numbers.computed
    name = macros.known(name, list(written))
    if name not in computed:
        raise InputError(f"the tables of {run.folder} give no macro \\{name}; another version wrote numbers.tex")
    macro = computed[name]
    agrees = written[name] == macro.text
    head = [
        f"\\{name}",
        f"paper      {written[name]}",
        f"again      {macro.text} from the tables: {answers.verdict(agrees)}",
        f"made by    {run.record.rule_of('numbers.tex')}, {run.folder / 'numbers.tex'}",
    ]
    return answers.joined(Answer(head, agrees), *_origins(numbers, macro), answers.versions(run.of()))


def table_row(run: Run, table: str, wanted: str, column: str | None, measured: Measurements) -> Answer:
    """Lead from a row of a table to what it was made from; cells of two tables are computed again.

    Args:
        run: a finished run.
        table: file name such as `summary.csv`.
        wanted: values of cells that identify the row, separated by spaces, such as `noise cosine_similarity`.
        column: of summary.csv; all by default.
        measured: the results whose tables come first; other tables are those of the run.

    Raises:
        InputError: there is no such table, or not exactly one row with these cells.
    """
    name = table.removesuffix(".csv")
    words = wanted.split()
    if name == "pairwise_distance" and len(words) == 2:
        first, second = (run.known_view(word) for word in words)
        return answers.joined(answers.distance_cell(measured, first, second), answers.versions(measured))
    frame = measured.table(name) if name in measured.tables else run.table(name)
    path = (measured.folder if name in measured.tables else run.folder) / f"{name}.csv"
    found = _row(frame, words, path.name)
    if name == "summary":
        augmentation, metric = found["augmentation"], found["metric"]
        columns = [column] if column else STATISTICS
        parts = [answers.summary_cell(measured, augmentation, metric, each) for each in columns]
        if not column:  # the images of the mean, and of the others whether they agree
            others = [Answer(part.lines[1:3], part.agrees) for part in parts if part is not parts[1]]
            parts = [parts[1], *others]
        return answers.joined(*parts, answers.versions(measured))
    rule = run.record.rule_of(path.relative_to(run.folder).as_posix())
    return answers.joined(Answer(answers.row(path, found, rule)), answers.versions(measured))


def _row(frame: pd.DataFrame, words: list[str], table: str) -> pd.Series:
    """Return the only row whose cells hold all words."""
    cells = frame.astype(str)
    fits = pd.Series(True, index=frame.index)
    for word in words:
        fits &= (cells == word).any(axis=1)
    found = frame[fits]
    if len(found) != 1 or not words:
        shown = "; ".join(
            " ".join(map(str, row)) for row in (found if len(found) else frame).head(SHOWN).iloc[:, :3].values
        )
        raise InputError(f"{len(found)} rows of {table} have the cells {' '.join(words)!r}; rows are: {shown}; …")
    return found.iloc[0]


def _origins(numbers: Numbers, macro: Macro) -> Iterator[Answer]:
    """Yield the cells that a macro shows, or else the tables that it is made from."""
    measured, kind = numbers.run.of(), macro.parts[0]
    if kind in STATISTICS and len(macro.parts) == 3:
        yield answers.summary_cell(measured, macro.parts[2], macro.parts[1], kind)
    elif kind == "distance":
        yield answers.distance_cell(measured, macro.parts[1], macro.parts[3])
    elif kind in ("largest", "smallest") and macro.text != latex.ABSENT:
        metric = EXTREMES[macro.parts[1]]
        ranked = numbers.inputs.main.ranked(metric)
        for column in ("ci_low", "ci_high") if macro.parts[2] == "interval" else ("mean",):
            yield answers.summary_cell(measured, ranked[0 if kind == "largest" else -1], metric, column)
    else:
        yield Answer(list(_tables(numbers.run, macro)))


def _tables(run: Run, macro: Macro) -> Iterator[str]:
    """Yield the tables that a macro is made from, with the rows whose cells it shows."""
    shown = list(dict.fromkeys(DECIMAL.findall(macro.text)))
    for name in macro.inputs:
        paths = macros.paths_of(run, name)
        if name == "settings":
            yield f"settings   {run.folder / 'run.json'}, key configuration"
        elif not paths:
            yield f"table      none, because this run has no {name}"
        for path in paths:
            inside = path.is_relative_to(run.folder)
            rule = run.record.rule_of(path.relative_to(run.folder).as_posix()) if inside else None
            yield f"table      {path}" + (f" (rule {rule})" if rule else "")
            if path.suffix == ".csv" and path.stat().st_size:
                yield from _cells_shown(tables.read_csv(path), shown)


def _cells_shown(frame: pd.DataFrame, shown: list[str]) -> Iterator[str]:
    """Yield the cells of a table that the text of a macro shows; a number can occur in several."""
    rows = frame.to_dict("records")
    for text in shown:
        places = [
            (row, column)
            for row in rows
            for column, value in row.items()
            if isinstance(value, (int, float))
            and text in (latex.number(value), latex.significant(value), f"{100 * value:.1f}")
        ]
        for row, column in places[:SHOWN]:
            key = " ".join(value for value in row.values() if isinstance(value, str))
            yield f"cell       {key}, column {column!s}: {row[column]} shown as {text}"
