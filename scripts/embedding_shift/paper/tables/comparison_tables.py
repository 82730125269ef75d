"""Tables that compare encoders and datasets, for runs with more than one."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import pandas as pd

from embedding_shift.metrics.registry import REGISTRY
from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs, Results
from embedding_shift.paper.tables import layout

METRIC = "cosine_similarity"


def all_tables(inputs: PaperInputs) -> dict[str, str]:
    """Return the LaTeX of the tables that only a run with several encoders has, by file name without suffix."""
    if inputs.rank_agreement is None or inputs.encoder_differences is None:
        return {}
    return {
        "rank_agreement": rank_agreement(inputs.rank_agreement),
        "encoder_differences": encoder_differences(inputs.encoder_differences, inputs.main.augmentations),
    }


def comparison(results: Sequence[Results]) -> str:
    """Mean cosine similarity with interval for every dataset and encoder."""
    rows = []
    for name, label in results[0].augmentations.items():
        cells = []
        for entry in results:
            cells.append(latex.stacked(latex.number(entry.value(name, METRIC)), entry.interval(name, METRIC)))
        rows.append([latex.escape(label), *cells])
    several = len({entry.dataset for entry in results}) > 1
    titles = [f"{entry.model}, {entry.dataset}" if several else entry.model for entry in results]
    header = ["Augmentation", *map(layout.narrow_head, titles)]
    images = ["Images", *(latex.number(_images(entry.summary)) for entry in results)]
    alignment = layout.label_column(results[0].augmentations.values(), 0.25) + "c" * len(results)
    return latex.tabular(alignment, header, [[images], rows])


def _images(summary: pd.DataFrame) -> int:
    """Return the largest number of images behind any augmentation's mean."""
    return max(map(int, summary.loc[summary["metric"] == METRIC, "n"]), default=0)


def rank_agreement(frame: pd.DataFrame) -> str:
    """Agreement of every two encoders on the ranking of the augmentations, a block per metric.

    Args:
        frame: data frame of rank_agreement.csv, with labels of encoders in place of names.
    """
    groups = []
    for metric, rows in groupby(layout.records(frame), key=lambda row: row["metric"]):
        block: list[list[str]] = []
        for row in rows:
            first = latex.escape(REGISTRY[metric].label) if not block else ""
            pair = [latex.escape(row["first"]), latex.escape(row["second"]), latex.number(int(row["n"]))]
            if row["same_weights"]:
                block.append([first, *pair, layout.spanning(4, "the same weights")])
                continue
            tau = [latex.number(row["kendall_tau"]), latex.interval(row["tau_low"], row["tau_high"])]
            rho = [latex.number(row["spearman_rho"]), latex.interval(row["rho_low"], row["rho_high"])]
            block.append([first, *pair, *tau, *rho])
        groups.append(block)
    header = ["Metric", "Encoder", "and", "$n$", r"$\tau_a$", "interval", r"$\rho$", "interval"]
    caption = (
        r"Agreement of two encoders on the ranking of the augmentations: Kendall's $\tau_a$ and Spearman's $\rho$ over "
        r"\AugmentationCount{}, with \ConfidencePercent{} intervals over images. Noise pulls both "
        r"coefficients towards zero, so an interval may exclude perfect agreement."
    )
    alignment = layout.paragraph(0.15) * 3 + "rrcrc"
    return latex.longtable(alignment, header, groups or [layout.empty(8)], caption, "tab:rank_agreement")


def encoder_differences(frame: pd.DataFrame, augmentations: Mapping[str, str]) -> str:
    """Paired differences in cosine similarity between every two encoders, a block per pair.

    Args:
        frame: data frame of encoder_differences.csv, with labels of encoders in place of names.
        augmentations: labels by name.
    """
    groups = []
    of_metric = layout.records(frame[frame["metric"] == METRIC])
    for (first, second), rows in groupby(of_metric, key=lambda row: (row["first"], row["second"])):
        block = [[layout.heading(6, rf"{latex.escape(first)} $-$ {latex.escape(second)}")]]
        for row in rows:
            interval, found = latex.ONE_IMAGE, [latex.ABSENT] * 2
            if row["n"] > 1:
                interval = latex.interval(row["ci_low"], row["ci_high"])
                found = [latex.number(row["cohens_dz"]), latex.p_value(row["p_holm"])]
            label, n = latex.escape(augmentations[row["augmentation"]]), latex.number(int(row["n"]))
            block.append([label, n, latex.number(row["mean_difference"]), interval, *found])
        groups.append(block)
    header = ["Augmentation", "$n$", "Difference", "Interval", "$d_z$", "$p$ (Holm)"]
    caption = (
        r"Paired differences in cosine similarity between two encoders, on the same images and views: mean with "
        r"\ConfidencePercent{} interval, standardised difference, and $p$ value of Wilcoxon's signed-rank test with "
        r"Holm's correction over all rows. An interval holds for one row."
    )
    alignment = layout.paragraph(0.28) + "rrcrr"
    return latex.longtable(alignment, header, groups or [layout.empty(6)], caption, "tab:encoder_differences")
