r"""Parts of tables: columns, heads of two rows, and cells.

Captions are in the text. A table that may break across pages brings its own caption.
"""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from embedding_shift.paper import latex

HEAD_WIDTH = 16  # characters, of a line in the head of a narrow column
LONG_HEADING = 60  # characters
LONG_LABEL = 24  # characters
LABEL_LINE = 20  # characters, of a line of a label beside several rows
NO_ROW = "--"  # a cell of a table that has no rows


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a data frame as dictionaries by column."""
    return [{str(column): value for column, value in row.items()} for row in frame.to_dict("records")]


def empty(columns: int) -> list[list[str]]:
    """Return the single row that stands for a table without rows."""
    return [[NO_ROW] * columns]


def paragraph(width: float) -> str:
    r"""Return the type of a column of text that breaks into lines; the width is a share of the line, 0 to 1."""
    return rf">{{\raggedright\arraybackslash}}p{{{width}\linewidth}}"


def label_column(names: Iterable[str], width: float) -> str:
    """Return the type of a column of labels, which breaks into lines if a label is long.

    Args:
        names: the labels.
        width: of the column if it breaks, as a share of the line, 0 to 1.
    """
    return paragraph(width) if max(map(len, names), default=0) > LONG_LABEL else "l"


def lines_for_rows(label: str, rows: int) -> list[str]:
    """Return the cells of a label beside several rows: a line in each of the first rows, so that no row is taller."""
    lines = textwrap.wrap(label, LABEL_LINE)
    cells = [*lines[: rows - 1], " ".join(lines[rows - 1 :])]
    return [latex.escape(cell) for cell in cells] + [""] * (rows - len(cells))


def spanning(columns: int, text: str, alignment: str = "c") -> str:
    """Return a cell that spans several columns."""
    return rf"\multicolumn{{{columns}}}{{{alignment}}}{{{text}}}"


def heading(columns: int, text: str) -> str:
    """Return a cell in bold type that spans the columns of a group, above its rows; a long one has several lines."""
    alignment = "l" if len(text) <= LONG_HEADING else paragraph(0.9)
    return spanning(columns, rf"\textbf{{{text}}}", f"@{{}}{alignment}")


def two_rows(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Return the head of a table that has two rows, for `latex.tabular`."""
    return [" & ".join(upper) + " \\\\\n" + " & ".join(lower)]


def two_lines(label: str) -> str:
    """Return a head that breaks after its first word."""
    first, _, rest = latex.escape(label).partition(" ")
    return rf"\shortstack{{{first}\\{rest}}}"


def narrow_head(label: str, *more: str) -> str:
    """Return the head of a narrow column: a label in lines of at most HEAD_WIDTH characters, and further lines."""
    lines = [latex.escape(line) for line in textwrap.wrap(label, HEAD_WIDTH)]
    return r"\shortstack{" + r"\\".join([*lines, *more]) + "}"


def percent(share: float) -> str:
    r"""Return a share from 0 to 1 as `12.3\,\%`."""
    return rf"{100 * share:.1f}\,\%"
