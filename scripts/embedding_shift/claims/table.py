"""The claims with their verdicts as people read them: rows for the paper, and the table in the README."""

from embedding_shift.errors import InputError

NOTHING = "–"


def rows(ledger, table):
    """Join the ledger with its verdicts.

    Args:
        ledger: `claims_ledger.Ledger`.
        table: data frame of `claims.csv`.

    Returns:
        list of dictionaries of strings, in the ledger's order: id, text, source, verdict, effect and interval, with
        three significant digits (a dash where the claim could not be tested), and n.

    Raises:
        InputError: a claim has no verdict.
    """
    verdicts = table.set_index("claim")
    found = []
    for claim in ledger.claims:
        if claim.id not in verdicts.index:
            raise InputError(f"claim {claim.id!r} has no verdict; judge the claims again")
        entry = verdicts.loc[claim.id]
        tested = entry["ci_low"] != 0 or entry["ci_high"] != 0
        found.append(
            {
                "id": claim.id,
                "text": claim.text,
                "source": claim.source,
                "verdict": entry["verdict"],
                "effect": _number(entry["effect"]) if tested else NOTHING,
                "interval": f"{_number(entry['ci_low'])} to {_number(entry['ci_high'])}" if tested else NOTHING,
                "n": str(int(entry["n"])),
            }
        )
    return found


def markdown(rows):
    """Return the rows as a Markdown table."""
    lines = ["| The seed paper says | Where | Verdict | Effect, with its interval | Images |", "|---|---|---|---|---|"]
    for row in rows:
        effect = NOTHING if row["effect"] == NOTHING else f"{row['effect']} ({row['interval']})"
        cells = (row["text"], row["source"], row["verdict"], effect, row["n"])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _number(value):
    """Three significant digits, with a true minus sign; what is below 0.0005 is zero."""
    return f"{0.0 if abs(value) < 0.0005 else value:.3g}".replace("-", "−")
