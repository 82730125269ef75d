"""The results of a benchmark as text: one line per row on the screen, tables in Markdown."""

import pandas as pd

from embedding_shift.performance.benchmark.timing import Row

LINE = "{:<44} {:>10} {:<10} {}"


def as_text(row: Row) -> str:
    """Return a row as a line for the screen."""
    return LINE.format(row.name, _number(row.value), row.unit, _comparison(row.ratio, row.ratio_to)).rstrip()


def as_markdown(bench: pd.DataFrame) -> str:
    """Return the data frame of `bench.csv` as one Markdown table per section."""
    lines = []
    for section, rows in bench.groupby("section", sort=False):
        heading = str(section)
        lines += [
            f"### {heading[0].upper()}{heading[1:]}",
            "",
            "| what | value | unit | compared |",
            "|---|---:|---|---|",
        ]
        for name, value, unit, ratio_to, ratio in rows[["name", "value", "unit", "ratio_to", "ratio"]].to_numpy():
            comparison = "" if pd.isna(ratio) else _comparison(ratio, ratio_to)
            lines.append(f"| {name} | {_number(value)} | {unit} | {comparison} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def _number(value: float) -> str:
    """Return a value with three significant digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _comparison(ratio: float | None, ratio_to: str) -> str:
    return "" if ratio is None else f"{ratio:.2f} × {ratio_to}"
