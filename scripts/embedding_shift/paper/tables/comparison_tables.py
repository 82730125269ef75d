"""The paper's tables that set encoders and datasets side by side, where there is more than one."""

from itertools import groupby

from embedding_shift.metrics.registry import REGISTRY
from embedding_shift.paper import latex


def all_tables(inputs):
    """Return the LaTeX of the tables that only a run with several encoders has, by file name without suffix."""
    if inputs.rank_agreement is None:
        return {}
    return {"rank_agreement": rank_agreement(inputs.rank_agreement)}


def comparison(results):
    """Mean cosine similarity with interval for every dataset and encoder; a sentence where there is one of each.

    Args:
        results: list of paper_inputs.Results.
    """
    if len(results) == 1:
        return "This run has one dataset and one encoder, so that there is nothing to compare.\n"
    rows = []
    for name, label in results[0].augmentations.items():
        cells = []
        for entry in results:
            mean, low, high = (
                entry.value(name, "cosine_similarity", column) for column in ("mean", "ci_low", "ci_high")
            )
            cells.append(latex.stacked(latex.number(mean), latex.interval(low, high)))
        rows.append([latex.escape(label), *cells])
    several = len({entry.dataset for entry in results}) > 1
    titles = [f"{entry.model}, {entry.dataset}" if several else entry.model for entry in results]
    header = ["Augmentation", *(rf"\shortstack{{{_broken(title)}}}" for title in titles)]
    images = ["Images", *(latex.number(_images(entry.summary)) for entry in results)]
    table = latex.tabular("l" + "c" * len(results), header, [[images], rows])
    return (
        "Table~\\ref{tab:comparison} sets the mean cosine similarity of every encoder and dataset of this run side by "
        "side.\n\\begin{table}[htbp]\n\\centering\n"
        "\\caption{Mean cosine similarity with \\ConfidencePercent{} interval for every encoder and dataset.}\n"
        f"\\label{{tab:comparison}}\n\\small\\fittable{{\n{table}}}\n\\end{{table}}\n"
    )


def _images(summary):
    """Return the largest number of images that any augmentation's cosine similarity rests on."""
    return max(map(int, summary.loc[summary["metric"] == "cosine_similarity", "n"]), default=0)


def _broken(title):
    """A column head with one word per line."""
    return r"\\".join(latex.escape(word) for word in title.split())


def rank_agreement(frame):
    """How alike every two encoders rank the augmentations, a block per metric.

    Args:
        frame: data frame of rank_agreement.csv, its encoders by label.
    """
    groups = []
    for metric, rows in groupby(frame.itertuples(), key=lambda row: row.metric):
        block = []
        for row in rows:
            first = latex.escape(REGISTRY[metric].label) if not block else ""
            pair = [latex.escape(row.first), latex.escape(row.second), latex.number(int(row.n))]
            tau = [latex.number(row.kendall_tau), latex.interval(row.tau_low, row.tau_high)]
            rho = [latex.number(row.spearman_rho), latex.interval(row.rho_low, row.rho_high)]
            block.append([first, *pair, *tau, *rho])
        groups.append(block)
    narrow = r">{\raggedright\arraybackslash}p{0.15\linewidth}"
    header = ["Metric", "Encoder", "and", "$n$", r"$\tau_a$", "interval", r"$\rho$", "interval"]
    caption = (
        r"How alike two encoders rank the augmentations: Kendall's $\tau_a$ and Spearman's $\rho$ over "
        r"\AugmentationCount, with \ConfidencePercent{} intervals over images. Noise pulls both towards zero, so that "
        r"an interval may miss perfect agreement."
    )
    groups = groups or [[["--"] * 8]]
    return latex.longtable(narrow * 3 + "rrcrc", header, groups, caption, "tab:rank_agreement")
