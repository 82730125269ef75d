"""Tables of the results. Their captions are in the text, but for those that may break across pages."""

import math
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from embedding_shift.metrics.registry import REGISTRY, Metric, in_order
from embedding_shift.paper import findings, latex
from embedding_shift.paper.inputs import PaperInputs, Results, Row, steps_of_row
from embedding_shift.paper.tables import comparison_tables, layout, source_tables, study_tables
from embedding_shift.statistics import rank_correlation

MAIN_METRIC = "cosine_similarity"
SHOWN_OF_DIGEST = 12  # characters
MOST_IMAGES = 100_000  # a larger number of images needed says no more than that it is out of reach


def all_tables(inputs: PaperInputs, environments: Iterable[str]) -> dict[str, str]:
    """Return the LaTeX of every table of the paper, by file name without suffix.

    Args:
        inputs: the tables of the run.
        environments: paths of the conda environment files.
    """
    return {
        "augmentations": augmentations(inputs.augmentations),
        "overview": overview(inputs.main),
        "ranking": ranking(inputs.main),
        "agreement": agreement(inputs.main),
        "claims": claims(inputs),
        "friedman": friedman(inputs.friedman),
        "neighbours": neighbours(inputs),
        "registered": registered(inputs.main),
        "patch_audit": patch_audit(inputs.main),
        "pairwise_distance": pairwise_distance(inputs),
        "summary": summary(inputs.main),
        "rejects": source_tables.rejects(inputs),
        "exclusions": source_tables.exclusions(inputs),
        "encoder": source_tables.encoders(inputs.provenances),
        "datasets": source_tables.datasets(inputs.image_counts),
        "metrics": source_tables.metrics(inputs.main.metrics()),
        "precision": source_tables.precision(inputs),
        "software": source_tables.software(environments),
        "acquisition": source_tables.acquisition(inputs.acquisitions),
        "comparison": comparison_tables.comparison(inputs.results),
        **comparison_tables.all_tables(inputs),
        **study_tables.all_tables(inputs),
    }


def augmentations(rows: Sequence[Row]) -> str:
    """The augmentations with their transforms and parameters: Algorithm 1 of the original paper."""
    cells = []
    for row in rows:
        label = latex.escape(row["label"])
        if not steps_of_row(row):
            cells.append([label, "not known", "made by another program"])
        for transform, arguments in steps_of_row(row):
            described = "; ".join(f"{name} {_argument(name, value)}" for name, value in arguments.items()) or "none"
            cells.append([label, latex.code(transform), latex.escape(described)])
            label = ""  # of the first of several transforms only
    alignment = layout.label_column([row["label"] for row in rows], 0.22)
    alignment += layout.paragraph(0.25) + layout.paragraph(0.42)
    return latex.tabular(alignment, ["Augmentation", "Transform", "Parameters"], [cells])


def _label_column(results: Results) -> str:
    """Return the type of the column of the augmentations' labels."""
    return layout.label_column(results.augmentations.values(), 0.25)


def overview(results: Results) -> str:
    """Mean of every metric of the overview, per augmentation."""
    metrics = [metric for metric in in_order() if metric.in_overview]
    rows = [
        [latex.escape(label), *(latex.number(results.value(name, metric.name)) for metric in metrics)]
        for name, label in results.augmentations.items()
    ]
    header = ["Augmentation", *(latex.slanted(metric.label) for metric in metrics)]
    return latex.tabular(_label_column(results) + "r" * len(metrics), header, [rows])


def ranking(results: Results) -> str:
    """Augmentations by mean cosine similarity, largest shift first, with their ranks by L2 distance and attention."""
    ranks = {metric: results.ranked(metric) for metric in ("l2_distance", "attention_similarity")}
    rows = []
    for place, name in enumerate(results.ranked(MAIN_METRIC), start=1):
        cells = [str(place), latex.escape(results.augmentations[name])]
        for metric in (MAIN_METRIC, *ranks):
            cells += [latex.number(results.value(name, metric)), results.interval(name, metric)]
            if metric in ranks:
                cells.append(str(ranks[metric].index(name) + 1) if name in ranks[metric] else latex.ABSENT)
        rows.append(cells)
    spans = {"Cosine similarity": 2, "L2 distance": 3, "Attention similarity": 3}
    upper = ["", "", *(layout.spanning(columns, label) for label, columns in spans.items())]
    lower = ["", "Augmentation", "mean", "interval", "mean", "interval", "rank", "mean", "interval", "rank"]
    return latex.tabular(f"r{_label_column(results)}rcrcrrcr", layout.two_rows(upper, lower), [rows])


def agreement(results: Results) -> str:
    """Spearman's rank correlation, over augmentations, of every metric's mean with the mean cosine similarity."""
    names = list(results.augmentations)
    means = {metric.name: [results.value(name, metric.name) for name in names] for metric in results.metrics()}
    rows = []
    for metric in results.metrics() if MAIN_METRIC in means else ():
        if metric.name != MAIN_METRIC and metric not in results.constant_metrics:
            rho = _rank_correlation(means[MAIN_METRIC], means[metric.name])
            rows.append([latex.escape(metric.label), metric.direction, latex.number(rho)])
    return latex.tabular("llr", ["Metric", "Higher means", r"Spearman's $\rho$"], [rows])


def _rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Spearman's ρ of the pairs without NaN; NaN if there are fewer than three pairs."""
    pairs = np.array([first, second])
    pairs = pairs[:, ~np.isnan(pairs).any(axis=0)]
    return float(rank_correlation.spearman_rho(*pairs)) if pairs.shape[1] > 2 else float("nan")


def claims(inputs: PaperInputs) -> str:
    """Each published claim with this run's verdict, the effect, its interval and the table or figure behind it.

    Raises:
        InputError: a claim has no verdict, or a verdict is on a claim that the claims file does not have.
    """
    rows = []
    for item in findings.judged_claims(inputs):
        found = item.judgement.interval
        texts = [latex.escape(text) for text in (item.claim.text, item.claim.source, item.judgement.in_words)]
        if found:
            texts += [latex.number(found.effect), latex.interval(found.low, found.high)]
        else:  # the reason why the claim was not tested takes the place of the effect
            texts[-1] = layout.spanning(3, texts[-1], layout.paragraph(0.38))
        rows.append([*texts, findings.EVIDENCE[item.topic]])
    header = ["Claim", "Source", "Verdict", "Effect", "Interval", "Evidence"]
    return latex.tabular(f"{layout.paragraph(0.38)}llrcl", header, [rows])


def friedman(frame: pd.DataFrame) -> str:
    """Friedman's test per metric: whether the augmentations differ at all.

    Args:
        frame: data frame of friedman.csv.
    """
    rows = []
    for row in layout.records(frame):
        found = [latex.ABSENT] * 3
        if row["n"] > 1 and row["augmentations"] > 2:
            found = [latex.number(row["statistic"]), latex.p_value(row["p_value"]), latex.number(row["kendalls_w"])]
        rows.append([latex.escape(REGISTRY[row["metric"]].label), latex.number(int(row["n"])), *found])
    header = ["Metric", "$n$", r"$\chi^2$", "$p$", "Kendall's $W$"]
    return latex.tabular("lrrrr", header, [rows or layout.empty(5)])


def neighbours(inputs: PaperInputs) -> str:
    """Paired differences in cosine similarity between augmentations that are neighbours in the ranking."""
    frame = inputs.paired_differences
    frame = frame[(frame["metric"] == MAIN_METRIC) & frame["neighbours"].astype(bool)]
    place = {name: position for position, name in enumerate(inputs.main.ranked(MAIN_METRIC))}
    pairs = sorted(layout.records(frame), key=lambda row: min(place[row["first"]], place[row["second"]]))
    # The augmentation that shifts less comes first, so that every difference is positive.
    rows = [_difference(row, place[row["first"]] > place[row["second"]], inputs.main.augmentations) for row in pairs]
    header = ["Pair", "Difference", "Interval", "$d_z$", "$p$ (Holm)", "Images needed"]
    pair = layout.label_column(inputs.main.augmentations.values(), 0.36)
    return latex.tabular(f"{pair}rcrrr", header, [rows or layout.empty(6)])


def _difference(row: dict[str, Any], forward: bool, labels: dict[str, str]) -> list[str]:
    """Return the cells of one paired difference: first − second if `forward`, second − first otherwise."""
    sign = 1 if forward else -1
    pair = " $-$ ".join(latex.escape(labels[name]) for name in (row["first"], row["second"])[::sign])
    interval, found = latex.ONE_IMAGE, [latex.ABSENT] * 3
    if row["n"] > 1:
        interval = latex.interval(*sorted((sign * row["ci_low"], sign * row["ci_high"])))
        found = [latex.number(sign * row["cohens_dz"]), latex.p_value(row["p_holm"]), _needed(row["images_needed"])]
    return [pair, latex.number(sign * row["mean_difference"]), interval, *found]


def _needed(images: float) -> str:
    """Return a number of images, rounded up to two significant digits; above a bound, the bound."""
    if images == 0:  # No number of images suffices.
        return latex.ABSENT
    if images > MOST_IMAGES:
        return f"more than {latex.number(MOST_IMAGES)}"
    unit = 10 ** max(0, len(str(int(images))) - 2)
    return latex.number(math.ceil(images / unit) * unit)


def registered(results: Results) -> str:
    """The metrics that compare the same places, and the same metrics after the geometry of the view is undone."""
    pairs = [(m, REGISTRY[f"{m.name}_registered"]) for m in results.metrics() if f"{m.name}_registered" in REGISTRY]
    rows = [
        [latex.escape(label), *(latex.number(results.value(name, m.name)) for pair in pairs for m in pair)]
        for name, label in results.augmentations.items()
    ]
    upper = ["", *(layout.spanning(2, latex.escape(plain.label)) for plain, _ in pairs)]
    lower = ["Augmentation", *("as is", "registered") * len(pairs)]
    return latex.tabular(_label_column(results) + "rr" * len(pairs), layout.two_rows(upper, lower), [rows])


def patch_audit(results: Results) -> str:
    """The patch similarity in floating point, and as the released scripts compute it."""
    rows = []
    for name, label in results.augmentations.items():
        corrected = results.value(name, "patch_similarity")
        released = results.value(name, "patch_similarity_as_released")
        rows.append([latex.escape(label), *map(latex.number, (corrected, released, released - corrected))])
    header = ["Augmentation", "Corrected", "As released", "Difference"]
    return latex.tabular(f"{layout.label_column(results.augmentations.values(), 0.5)}rrr", header, [rows])


def pairwise_distance(inputs: PaperInputs) -> str:
    """The upper triangle of the mean cosine distances between augmentations."""
    labels = inputs.main.augmentations
    names = list(labels)
    rows = []
    for i, first in enumerate(names[:-1]):
        cells = [latex.number(inputs.distance_between(first, name)) if j > i else "" for j, name in enumerate(names)]
        rows.append([latex.escape(labels[first]), *cells[1:]])
    header = ["", *(latex.slanted(labels[name]) for name in names[1:])]
    return latex.tabular(_label_column(inputs.main) + "r" * (len(names) - 1), header, [rows or layout.empty(1)])


def summary(results: Results) -> str:
    """The whole summary: one block per augmentation, one row per metric."""
    groups = []
    for name, label in results.augmentations.items():
        rows = [_summary_row(results, name, metric) for metric in results.metrics()]
        labels = layout.lines_for_rows(label, len(rows))
        groups.append([[line, *row] for line, row in zip(labels, rows, strict=True)])
    caption = (
        "Every metric under every augmentation: images with a value, mean, standard deviation and interval. Each "
        "interval is of resamples of its own, so that equal values may have intervals that differ a little."
    )
    header = ["Augmentation", "Metric", r"$n$", "Mean", "Std", "Interval"]
    return latex.longtable(layout.paragraph(0.22) + "lrrrc", header, groups, caption, "tab:summary")


def _summary_row(results: Results, augmentation: str, metric: Metric) -> list[str]:
    n, mean, std = (results.value(augmentation, metric.name, column) for column in ("n", "mean", "std"))
    count = latex.ABSENT if np.isnan(n) else latex.number(int(n))
    interval = results.interval(augmentation, metric.name)
    return [latex.escape(metric.label), count, latex.number(mean), latex.number(std), interval]


def _argument(name: str, value: Any) -> str:
    """Return an argument as `_plain` does; of a folder only its name, and of a digest its beginning."""
    if name == "references":
        return PurePath(value).name
    return str(value)[:SHOWN_OF_DIGEST] if name == "sha256" else _plain(value)


def _plain(value: Any) -> str:
    """Return an argument of a transform as people write it; a pair of numbers becomes a range."""
    if isinstance(value, list):
        is_range = len(value) == 2 and all(isinstance(item, (int, float)) for item in value)
        return (" to " if is_range else ", ").join(_plain(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return str(value).replace("-", "\u2212") if isinstance(value, (int, float)) else str(value)
