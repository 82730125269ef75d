"""Tables of the audit: the effect of each flaw of the released scripts on means, ranks and verdicts."""

from collections.abc import Mapping, Sequence

import pandas as pd

from embedding_shift.claims import released_runs
from embedding_shift.claims.published_claims import PublishedClaims
from embedding_shift.metrics.registry import Metric, in_order
from embedding_shift.paper import latex
from embedding_shift.paper.tables import layout
from embedding_shift.plots import labels

METRICS_PER_TABLE = 6  # in the table of all means
NUMBERS_CAPTION = (
    "Every mean with the flaws of the released scripts (rel.) and with them corrected (corr.). Where a flaw leaves "
    "the draw to chance, rel. is the mean over many draws."
)
NUMBERS_CONTINUED = r"Further metrics, as in Table~\ref{tab:audit_numbers}."
SMALLEST_SHARE = 0.1  # of runs with another verdict, for a claim to be listed


def changes(means: pd.DataFrame, ranks: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
    """Effect of each flaw on each metric: the largest change of a mean, and the change of the ranking.

    Args:
        means: data frame of audit.csv.
        ranks: data frame of audit_ranks.csv.
        augmentations: labels by name.
    """
    order = {(row["flaw"], row["metric"]): row for row in layout.records(ranks)}
    groups = []
    for flaw in _flaws(means):
        rows: list[list[str]] = []
        for metric in _touched(means, flaw):
            found = means[(means["flaw"] == flaw) & (means["metric"] == metric.name)].set_index("augmentation")
            first = labels.FLAWS[flaw] if not rows else ""
            ranked = [latex.ABSENT] * 2
            if (flaw, metric.name) in order:
                row = order[flaw, metric.name]
                ranked = [
                    _with_range(row["kendall_tau"], row["tau_low"], row["tau_high"]),
                    _with_range(int(row["rank_changes"]), int(row["changes_low"]), int(row["changes_high"])),
                ]
            rows.append([first, latex.escape(metric.label), *_largest_change(found, augmentations), *ranked])
        groups.append(rows)
    header = [
        "Flaw",
        "Metric",
        layout.spanning(2, "Largest change of a mean"),
        r"$\tau_b$",
        layout.two_lines("Ranks changed"),
    ]
    caption = (
        "Effect of each flaw on the metrics that it touches: the largest change of a mean (as released minus "
        r"corrected) with its augmentation, Kendall's $\tau_b$ between the order of the augmentations as released and "
        "corrected (1: the same order), and the number of augmentations that change rank. Where a flaw leaves the draw "
        r"to chance, the change is a range, and the others are medians with \ConfidencePercent{} of the runs in "
        "brackets."
    )
    alignment = "".join(
        [layout.paragraph(0.14), layout.paragraph(0.16), "r", layout.label_column(augmentations.values(), 0.17), "rr"]
    )
    return latex.longtable(alignment, header, groups or [layout.empty(6)], caption, "tab:audit")


def _largest_change(found: pd.DataFrame, augmentations: Mapping[str, str]) -> list[str]:
    """Return the largest change of a mean, or the widest range of changes, and the label of its augmentation."""
    differences = found[["as_released", "released_low", "released_high"]].sub(found["corrected"], axis=0)
    largest = str(differences.abs().max(axis=1).idxmax())
    (bounds,) = differences.loc[[largest]].to_numpy(dtype=float).tolist()
    if not any(bounds):
        return ["none", ""]
    change, low, high = bounds
    ends = list(dict.fromkeys(map(latex.number, (low, high))))
    text = latex.number(change) if len(ends) == 1 else " to ".join(ends)
    return [text, latex.escape(augmentations[largest])]


def _with_range(value: float, low: float, high: float) -> str:
    """Return a number, with the range that most runs lie in where they differ."""
    if low == high:
        return latex.number(value)
    return f"{latex.number(value)} [{latex.number(low)}, {latex.number(high)}]"


def claims(frame: pd.DataFrame, published: PublishedClaims) -> str:
    """The claims whose verdict a flaw changes, in at least a tenth of the runs.

    Args:
        frame: data frame of audit_claims.csv.
        published: the claims.

    Raises:
        InputError: a verdict is on a claim that the claims file does not have.
    """
    groups: dict[str, list[list[str]]] = {}
    for (flaw, name), found in frame.groupby(["flaw", "claim"], sort=False):
        claim, corrected = published.claim(str(name)), str(found["corrected"].iloc[0])
        if found.loc[found["as_released"] != corrected, "share"].sum() < SMALLEST_SHARE:
            continue
        shares = found.sort_values("share", ascending=False, kind="stable")
        outcomes = [
            latex.escape(verdict) + ("" if share == 1 else rf" ({100 * share:.0f}\,\%)")
            for verdict, share in zip(shares["as_released"], shares["share"], strict=True)
        ]
        rows = groups.setdefault(str(flaw), [])
        first = "" if rows else labels.FLAWS[str(flaw)]
        rows.append([first, latex.escape(claim.text), latex.escape(corrected), ", ".join(outcomes)])
    header = ["Flaw", "Claim", "Corrected", "As released"]
    none = [[["none", "No claim changes its verdict.", "--", "--"]]]
    caption = (
        "Claims whose verdict a flaw changes, on the images of the study. Where a flaw leaves the draw to chance, "
        "verdicts have the share of the runs that lead to them, and claims are listed if at least a tenth of the runs "
        "change the verdict."
    )
    alignment = "".join((layout.paragraph(0.16), layout.paragraph(0.37), "l", layout.paragraph(0.2)))
    return latex.longtable(alignment, header, list(groups.values()) or none, caption, "tab:audit_claims")


def numbers(means: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
    """Every mean as released and corrected, a block per flaw; cells are empty where a flaw has no effect.

    Further metrics are in further tables, because a page is not wide enough for more than METRICS_PER_TABLE.

    Args:
        means: data frame of audit.csv.
        augmentations: labels by name.
    """
    touched = set(means["metric"])
    shown = [metric for metric in in_order() if metric.name in touched]
    parts = [shown[start : start + METRICS_PER_TABLE] for start in range(0, len(shown), METRICS_PER_TABLE)]
    captions = [NUMBERS_CAPTION, *[NUMBERS_CONTINUED] * (len(parts) - 1)]
    labels_of_tables = ["tab:audit_numbers", *(f"tab:audit_numbers_{part}" for part in range(2, len(parts) + 1))]
    return "\n".join(
        _numbers(means, augmentations, part, caption, label)
        for part, caption, label in zip(parts, captions, labels_of_tables, strict=True)
    )


def _numbers(
    means: pd.DataFrame, augmentations: Mapping[str, str], shown: Sequence[Metric], caption: str, label: str
) -> str:
    """Return the table of some metrics, without the flaws that change none of them."""
    means = means[means["metric"].isin([metric.name for metric in shown])]
    cells = {
        (row["flaw"], row["augmentation"], row["metric"]): [
            latex.number(row["as_released"]),
            latex.number(row["corrected"]),
        ]
        for row in layout.records(means)
    }
    groups = []
    for flaw in _flaws(means):
        rows = [[layout.heading(1 + 2 * len(shown), labels.FLAWS[flaw])]]
        for name, augmentation in augmentations.items():
            pairs = (cells.get((flaw, name, metric.name), ["", ""]) for metric in shown)
            rows.append([latex.escape(augmentation), *(text for pair in pairs for text in pair)])
        groups.append(rows)
    upper = ["", *(layout.spanning(2, layout.two_lines(metric.label)) for metric in shown)]
    lower = ["Augmentation", *["rel.", "corr."] * len(shown)]
    alignment = layout.label_column(augmentations.values(), 0.18) + "rr" * len(shown)
    return latex.longtable(alignment, layout.two_rows(upper, lower), groups, caption, label)


def _flaws(means: pd.DataFrame) -> list[str]:
    """Return the flaws in audit.csv, in the order of the audit."""
    found = set(means["flaw"])
    return [flaw for flaw in released_runs.FLAWS if flaw in found]


def _touched(means: pd.DataFrame, flaw: str) -> list[Metric]:
    """Return the metrics that audit.csv has for a flaw, in the order of tables."""
    names = set(means.loc[means["flaw"] == flaw, "metric"])
    return [metric for metric in in_order() if metric.name in names]
