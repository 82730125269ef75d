"""Tables of the study: noise floor, equal damage, variance, and the audit of the released scripts."""

from collections.abc import Mapping
from math import isnan
from typing import Any

import pandas as pd

from embedding_shift.claims import released_runs
from embedding_shift.claims.published_claims import PublishedClaims
from embedding_shift.metrics.registry import REGISTRY, Metric, in_order
from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.tables import layout
from embedding_shift.plots import labels
from embedding_shift.plots.study import shift
from embedding_shift.study.tables import variance
from embedding_shift.study.variants import variant_names

METRIC = "cosine_similarity"
COMPONENT_LABELS = {
    "image": "Image",
    "augmentation": "Augmentation",
    "image_by_augmentation": r"Image $\times$ augmentation",
    "draw": "Draw",
}
SMALLEST_SHARE = 0.1  # of runs with another verdict, for a claim to be listed


def all_tables(inputs: PaperInputs) -> dict[str, str]:
    """Return the LaTeX of every table of the study, by file name without suffix; empty without a study."""
    study, augmentations = inputs.study, inputs.main.augmentations
    if not study:
        return {}
    return {
        "noise_floor": noise_floor(study["noise_floor"], study["dose_start"], augmentations),
        "equal_damage": equal_damage(study["equal_damage"], augmentations),
        "variance": variance_shares(study["variance"], augmentations),
        "audit": audit_changes(study["audit"], study["audit_ranks"], augmentations),
        "audit_claims": audit_claims(study["audit_claims"], inputs.published_claims),
        "audit_numbers": audit_numbers(study["audit"], augmentations),
    }


def noise_floor(floor: pd.DataFrame, dose_start: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
    """Shift of every reference with its interval: one minus the metric, or the distance itself.

    Args:
        floor: data frame of noise_floor.csv.
        dose_start: data frame of dose_start.csv, which gives further references: augmentations at a vanishing dose.
        augmentations: labels by name.
    """
    found = pd.concat([floor, dose_start.assign(reference="dose " + dose_start["augmentation"])])
    present, measured = set(found["reference"]), set(floor["metric"])
    heads = {name: layout.two_lines(labels.REFERENCES[name]) for name in variant_names.REFERENCES if name in present}
    starts = {f"dose {name}": vanishing(label) for name, label in augmentations.items()}
    heads |= {name: head for name, head in starts.items() if name in present}
    cells = {
        (row["reference"], row["metric"]): _shift(row["metric"], row["mean"], row["ci_low"], row["ci_high"])
        for row in layout.records(found)
    }
    metrics = {metric.name: metric.label for metric in in_order() if metric.in_overview} | labels.DAMAGE
    rows = [
        [latex.escape(label), *(cells.get((reference, name), "--") for reference in heads)]
        for name, label in metrics.items()
        if name in measured
    ]
    return latex.tabular("l" + "c" * len(heads), ["Metric", *heads.values()], [rows])


def vanishing(label: str) -> str:
    """Return the head of the column of an augmentation at a vanishing dose."""
    return rf"\shortstack{{{latex.escape(label)},\\dose\,$\to0$}}"


def _shift(metric: str, mean: float, low: float, high: float) -> str:
    """Return the cell of one metric's mean and interval, as a shift."""
    if not _grows_with_shift(metric):
        mean, low, high = 1 - mean, 1 - high, 1 - low
    mean, low, high = (0.0 if abs(value) < shift.ROUNDING else value for value in (mean, low, high))
    if mean == low == high:
        return latex.significant(mean)
    if isnan(low):
        return latex.stacked(latex.significant(mean), latex.ABSENT)
    return latex.stacked(latex.significant(mean), f"[{latex.significant(low)}, {latex.significant(high)}]")


def _grows_with_shift(metric: str) -> bool:
    return metric == "rmse" or (metric in REGISTRY and not REGISTRY[metric].higher_is_closer)


def equal_damage(frame: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
    """Cosine similarity of every augmentation with doses, as configured and at equal damage, and how its rank changes.

    Args:
        frame: data frame of equal_damage.csv.
        augmentations: labels by name.
    """
    blocks: dict[str, dict[str, dict[str, Any]]] = {}
    for row in layout.records(frame[frame["metric"] == METRIC]):
        blocks.setdefault(row["damage"], {})[row["augmentation"]] = row
    if not blocks:
        return latex.tabular("lr", ["Augmentation", "Cosine similarity"], [layout.empty(2)])
    rows = []
    for name in (name for name in augmentations if any(name in block for block in blocks.values())):
        at_setting = next(block[name]["value_at_setting"] for block in blocks.values() if name in block)
        cells = [latex.escape(augmentations[name]), latex.number(at_setting)]
        for block in blocks.values():
            cells += _at_equal_damage(block[name]) if name in block else ["--"] * 4
        rows.append(cells)
    levels = {measure: next(iter(block.values()))["level"] for measure, block in blocks.items()}
    titles = [f"At {labels.DAMAGE[measure]} {latex.significant(level)}" for measure, level in levels.items()]
    upper = ["", "As", *(layout.spanning(4, title) for title in titles)]
    lower = ["Augmentation", "configured", *["dose", "mean", "interval", "rank"] * len(blocks)]
    return latex.tabular("lr" + "rrcc" * len(blocks), layout.two_rows(upper, lower), [rows])


def _at_equal_damage(row: Mapping[str, Any]) -> list[str]:
    """Return the cells of one augmentation at equal damage by one measure."""
    ranks = rf"${row['rank_at_setting']}\to{row['rank']}$"
    return [f"{row['dose']:.2f}", latex.number(row["value"]), latex.interval(row["ci_low"], row["ci_high"]), ranks]


def variance_shares(frame: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
    """Shares of the variance of a shift, in per cent with intervals, with and without the augmentation that dominates.

    Args:
        frame: data frame of variance.csv.
        augmentations: labels by name.
    """
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for row in layout.records(frame):
        interval = _percent_interval(row["share_low"], row["share_high"])
        found = cells.setdefault((row["metric"], row["split"]), {"leverage": row["leverage"], "name": row["largest"]})
        found[row["component"]] = latex.stacked(layout.percent(row["share"]), interval)
    groups = []
    for metric in (metric for metric in in_order() if (metric.name, variance.ALL) in cells):
        rows: list[list[str]] = []
        for split in (split for split in variance.SPLITS if (metric.name, split) in cells):
            found = cells[metric.name, split]
            kept = "all"
            if split == variance.WITHOUT_LARGEST:
                kept = (
                    f"without {latex.escape(augmentations[found['name']])} ({layout.percent(float(found['leverage']))})"
                )
            components = (found.get(component, "--") for component in variance.COMPONENTS)
            rows.append(["" if rows else latex.escape(metric.label), kept, *components])
        groups.append(rows)
    header = ["Metric", "Augmentations", *(COMPONENT_LABELS[component] for component in variance.COMPONENTS)]
    return latex.tabular("llrrrr", header, groups or [layout.empty(6)])


def _percent_interval(low: float, high: float) -> str:
    return latex.ABSENT if isnan(low) else rf"[{100 * low:.0f}, {100 * high:.0f}]\,\%"


def audit_changes(means: pd.DataFrame, ranks: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
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
    header = ["Flaw", "Metric", layout.spanning(2, "Largest change of a mean"), r"$\tau_b$", "Ranks changed"]
    return latex.tabular("llrlrr", header, groups or [layout.empty(6)])


def _largest_change(found: pd.DataFrame, augmentations: Mapping[str, str]) -> list[str]:
    """Return the largest change of a mean, or the widest range of changes, and the label of its augmentation."""
    changes = found[["as_released", "released_low", "released_high"]].sub(found["corrected"], axis=0)
    largest = str(changes.abs().max(axis=1).idxmax())
    (numbers,) = changes.loc[[largest]].to_numpy(dtype=float).tolist()
    if not any(numbers):
        return ["none", ""]
    change, low, high = numbers
    ends = list(dict.fromkeys(map(latex.number, (low, high))))
    text = latex.number(change) if len(ends) == 1 else " to ".join(ends)
    return [text, latex.escape(augmentations[largest])]


def _with_range(value: float, low: float, high: float) -> str:
    """Return a number, with the range that most runs lie in where they differ."""
    if low == high:
        return latex.number(value)
    return f"{latex.number(value)} [{latex.number(low)}, {latex.number(high)}]"


def audit_claims(frame: pd.DataFrame, published: PublishedClaims) -> str:
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
    return latex.tabular(f"l{layout.paragraph(0.38)}l{layout.paragraph(0.2)}", header, list(groups.values()) or none)


def audit_numbers(means: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
    """Every mean as released and corrected, a block per flaw; cells are empty where a flaw has no effect.

    Args:
        means: data frame of audit.csv.
        augmentations: labels by name.
    """
    touched = set(means["metric"])
    shown = [metric for metric in in_order() if metric.name in touched]
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
        for name, label in augmentations.items():
            pairs = (cells.get((flaw, name, metric.name), ["", ""]) for metric in shown)
            rows.append([latex.escape(label), *(text for pair in pairs for text in pair)])
        groups.append(rows)
    upper = ["", *(layout.spanning(2, layout.two_lines(metric.label)) for metric in shown)]
    lower = ["Augmentation", *["rel.", "corr."] * len(shown)]
    caption = (
        "Every mean with the flaws of the released scripts (rel.) and with them corrected (corr.). Where a flaw leaves "
        "the draw to chance, rel. is the mean over many draws."
    )
    head = layout.two_rows(upper, lower)
    return latex.longtable("l" + "rr" * len(shown), head, groups, caption, "tab:audit_numbers")


def _flaws(means: pd.DataFrame) -> list[str]:
    """Return the flaws in audit.csv, in the order of the audit."""
    found = set(means["flaw"])
    return [flaw for flaw in released_runs.FLAWS if flaw in found]


def _touched(means: pd.DataFrame, flaw: str) -> list[Metric]:
    """Return the metrics that audit.csv has for a flaw, in the order of tables."""
    names = set(means.loc[means["flaw"] == flaw, "metric"])
    return [metric for metric in in_order() if metric.name in names]
