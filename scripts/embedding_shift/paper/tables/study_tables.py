"""Tables of the study: noise floor, equal damage, variance, and the audit of the released scripts."""

from collections.abc import Mapping
from math import isnan
from typing import Any

import pandas as pd

from embedding_shift.metrics.registry import REGISTRY, in_order
from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.tables import audit_tables, layout
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


def all_tables(inputs: PaperInputs) -> dict[str, str]:
    """Return the LaTeX of every table of the study, by file name without suffix; empty without a study."""
    study, augmentations = inputs.study, inputs.main.augmentations
    if not study:
        return {}
    return {
        "noise_floor": noise_floor(study["noise_floor"], study["dose_start"], augmentations),
        "equal_damage": equal_damage(study["equal_damage"], augmentations),
        "variance": variance_shares(study["variance"], augmentations),
        "audit": audit_tables.changes(study["audit"], study["audit_ranks"], augmentations),
        "audit_claims": audit_tables.claims(study["audit_claims"], inputs.published_claims),
        "audit_numbers": audit_tables.numbers(study["audit"], augmentations),
    }


def noise_floor(floor: pd.DataFrame, dose_start: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
    """Shift of every reference with its interval: one minus the metric, or the distance itself.

    Args:
        floor: data frame of noise_floor.csv.
        dose_start: data frame of dose_start.csv, which gives further references: augmentations at a vanishing dose.
        augmentations: labels by name.
    """
    found = pd.concat([floor, dose_start.assign(reference="dose " + dose_start["augmentation"])])
    present = set(found["reference"])
    references = {name: layout.two_lines(labels.REFERENCES[name]) for name in variant_names.REFERENCES}
    starts = {f"dose {name}": layout.narrow_head(f"{label},", r"dose\,$\to0$") for name, label in augmentations.items()}
    parts = [{name: head for name, head in heads.items() if name in present} for heads in (references, starts)]
    tables = [_references(found[found["metric"].isin(floor["metric"])], heads) for heads in parts if heads]
    return "\\par\\medskip\n".join(rf"\fittable{{{table}}}" for table in tables)


def _references(found: pd.DataFrame, heads: Mapping[str, str]) -> str:
    """Return the table of some references, given as heads of columns by name."""
    cells = {
        (row["reference"], row["metric"]): _shift(row["metric"], row["mean"], row["ci_low"], row["ci_high"])
        for row in layout.records(found)
    }
    metrics = {metric.name: metric.label for metric in in_order() if metric.in_overview} | labels.DAMAGE
    rows = [
        [latex.escape(label), *(cells.get((reference, name), "--") for reference in heads)]
        for name, label in metrics.items()
        if name in set(found["metric"])
    ]
    return latex.tabular("l" + "c" * len(heads), ["Metric", *heads.values()], [rows])


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
    alignment = f"{layout.label_column(augmentations.values(), 0.25)}r" + "rrcc" * len(blocks)
    return latex.tabular(alignment, layout.two_rows(upper, lower), [rows])


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
    caption = (
        "Shares of the variance of the square root of the shift by each metric, estimated by analysis of variance with "
        "all factors random. \\VarianceIntervalsSentence{} The second row of a metric leaves out the augmentation that "
        "contributes most to the squared deviations from the mean, with its contribution in brackets. A negative "
        "estimate counts as zero, and a factor with one level has no share (--). Metrics by which an augmentation "
        "shifts no image by construction are left out: registered metrics of pixels do not change under a pure warp."
    )
    alignment = layout.paragraph(0.2) + layout.paragraph(0.24) + "rrrr"
    return latex.longtable(alignment, header, groups or [layout.empty(6)], caption, "tab:variance")


def _percent_interval(low: float, high: float) -> str:
    return latex.ABSENT if isnan(low) else rf"[{100 * low:.0f}, {100 * high:.0f}]\,\%"
