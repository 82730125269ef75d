r"""Write names, texts, numbers and tables as LaTeX that every engine can typeset.

Macro names consist of letters only and follow one scheme: each word of the parts starts with a capital, underscores and
hyphens are dropped, digits are spelled out. `macro_name("mean", "l2_distance", "noise")` is `MeanLTwoDistanceNoise`:

    \Mean<Metric><Augmentation>  \Std…  \CiLow…  \CiHigh…  \N…    a row of summary.csv
    \Distance<Augmentation><Augmentation>                         a cell of pairwise_distance.csv
    \Num<Things>                                                  a count
    \<Name>Sentence                                               a whole sentence, or several
    \<Name>                                                       anything else that the text cites

`escape` writes texts in ASCII; `escaping` describes how.
"""

import math
import textwrap
from collections.abc import Iterable, Sequence

from embedding_shift.config.macro_names import macro_name
from embedding_shift.errors import InputError
from embedding_shift.paper.escaping import escape

ABSENT = "n/a"
ONE_IMAGE = "n/a (one image)"  # in place of an interval
LONG_WORD = 30  # characters; a longer technical word may break anywhere
FOOT = r"\\[-6pt]"  # keeps place for the rule that ends a table, so that it stays on the page of the last row
SLANTED_WIDTH = 26  # characters, of a line in a rotated head
LONG_GROUP = 20  # rows of a group in a long table; more may not fit on one page

Macro = tuple[tuple[str, ...], str]  # the parts of a macro's name, and its LaTeX text
Group = Sequence[Sequence[str]]  # rows of cells


def number(value: float) -> str:
    """Return an integer in full, any other number with four significant digits, and NaN as `n/a`."""
    if isinstance(value, int):
        return f"{value:,}".replace(",", "{,}").replace("-", "$-$")
    value = float(value)
    if math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return r"$\infty$" if value > 0 else r"$-\infty$"
    size = abs(value)
    if size >= 1e6 or 0 < size < 5e-5:
        return _scientific(value)
    rounded = float(f"{size:.3e}")  # for the digits before the point alone: rounding twice can change the last digit
    decimals = max(0, 4 - len(str(int(rounded)))) if rounded >= 1 else 4
    text = f"{size:.{decimals}f}"
    return f"$-${text}" if value < 0 else text


def significant(value: float) -> str:
    """Return a number of any size with three significant digits, zero as `0`, and NaN as `n/a`."""
    value = float(value)
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        return _scientific(value) if 0 < abs(value) < 1e-3 else number(value)
    exponent = int(f"{value:e}".split("e")[1])
    return f"{value:.{max(0, 2 - exponent)}f}".replace("-", "$-$")


def p_value(value: float) -> str:
    """Return a p value as `number` does; a value below the range of a float becomes a bound, not zero."""
    return number(value) if value else r"$<10^{-300}$"


def _scientific(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e")
    return rf"${mantissa}\times10^{{{int(exponent)}}}$"


def interval(low: float, high: float) -> str:
    """Return an interval in brackets, or `n/a` if both bounds are NaN."""
    if math.isnan(low) and math.isnan(high):
        return ABSENT
    return f"[{number(low)}, {number(high)}]"


def macros(values: Iterable[Macro]) -> str:
    r"""Return one `\newcommand` per line.

    Args:
        values: pairs of the parts of a name and LaTeX text.

    Raises:
        InputError: two names give the same macro.
    """
    lines: list[str] = []
    origins: dict[str, tuple[str, ...]] = {}
    for parts, text in values:
        name = macro_name(*parts)
        if name in origins:
            raise InputError(
                f"the names {' '.join(origins[name])!r} and {' '.join(parts)!r} both become the LaTeX macro \\{name}; "
                "rename an augmentation"
            )
        origins[name] = parts
        lines.append(rf"\newcommand{{\{name}}}{{{text}}}")
    return "\n".join(lines) + "\n"


def tabular(alignment: str, header: Sequence[str], groups: Sequence[Group]) -> str:
    """Return a table with rules above, below and under its head.

    Args:
        alignment: column types, such as `lrr`.
        header: LaTeX of the head cells.
        groups: groups of rows of LaTeX cells; a thin rule separates two groups.
    """
    body = "\\midrule\n".join("".join(_row(row) for row in group) for group in groups)
    return (
        f"\\begin{{tabular}}{{@{{}}{alignment}@{{}}}}\n\\toprule\n{_row(header)}\\midrule\n{body}"
        "\\bottomrule\n\\end{tabular}\n"
    )


def longtable(alignment: str, header: Sequence[str], groups: Sequence[Group], caption: str, label: str) -> str:
    """Return a table that may break across pages; `alignment`, `header` and `groups` as in `tabular`.

    A page breaks after the rule between two groups. A group of more than LONG_GROUP rows may itself break. Figures that
    wait for a place come first, because LaTeX would overfill a page on which they meet such a table.
    """
    body = "\\midrule\n".join(
        "".join(_row(row, end=r"\\*" if len(group) <= LONG_GROUP else r"\\") for row in group[:-1])
        + _row(group[-1], end=r"\\" if group is groups[-1] else r"\\*")
        for group in groups
    )
    head = f"\\toprule\n{_row(header)}\\midrule\n"
    return (
        f"\\FloatBarrier\n\\begin{{longtable}}{{@{{}}{alignment}@{{}}}}\n\\caption{{{caption}}}\\label{{{label}}}\\\\\n"
        f"{head}\\endfirsthead\n{head}\\endhead\n{FOOT}\\endfoot\n\\bottomrule\n\\endlastfoot\n{body}\\end{{longtable}}\n"
    )


def code(value: object) -> str:
    """Return a technical word in typewriter type; one as long as a checksum may break anywhere."""
    text = escape(value)
    if len(str(value)) > LONG_WORD and " " not in text:
        text = r"\allowbreak ".join(escape(character) for character in str(value))
    return rf"\texttt{{{text}}}"


def slanted(label: str) -> str:
    """Return a rotated column head, which takes little width; a long one is upright, in several lines."""
    lines = [escape(line) for line in textwrap.wrap(label, SLANTED_WIDTH)]
    if len(lines) == 1:
        return rf"\rotatebox{{60}}{{{lines[0]}}}"
    return r"\rotatebox{90}{\shortstack[l]{" + r"\\".join(lines) + "}}"


def stacked(upper: str, lower: str) -> str:
    """Return a cell of two centred lines, the lower one in smaller type."""
    below = rf"{{\scriptsize\rule[-1.4ex]{{0pt}}{{0pt}}{lower}}}"
    return rf"\begin{{tabular}}[c]{{@{{}}c@{{}}}}{upper}\\[-1pt]{below}\end{{tabular}}"


def _row(cells: Sequence[str], end: str = r"\\") -> str:
    return f"{' & '.join(cells)} {end}\n"
