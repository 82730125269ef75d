"""What was measured, as people read it."""

LINE = "{:<44} {:>10} {:<10} {}"


def as_text(row):
    """Return a timing.Row as a line."""
    return LINE.format(row.name, _number(row.value), row.unit, _compared(row.ratio, row.ratio_to)).rstrip()


def as_markdown(bench):
    """Return the data frame of `bench.csv` as one table of Markdown per section."""
    lines = []
    for section, rows in bench.groupby("section", sort=False):
        lines += [
            f"### {section[0].upper()}{section[1:]}",
            "",
            "| what | value | unit | compared |",
            "|---|---:|---|---|",
        ]
        for row in rows.itertuples():
            compared = _compared(row.ratio, row.ratio_to) if row.ratio == row.ratio else ""
            lines.append(f"| {row.name} | {_number(row.value)} | {row.unit} | {compared} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def _number(value):
    """Return a value with three significant digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _compared(ratio, ratio_to):
    return "" if ratio is None else f"{ratio:.2f} × {ratio_to}"
