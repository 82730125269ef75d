"""The paper's generated tables: LaTeX from PaperInputs. Captions of those that fit on a page stand in the text."""

import json

import pandas as pd

from embedding_shift.claims import table as claims_table
from embedding_shift.metrics.registry import REGISTRY, in_order
from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.tables import comparison_tables, source_tables, study_tables
from embedding_shift.statistics import paired_tests


def all_tables(inputs, environments):
    """Return the LaTeX of every table, by file name without suffix.

    Args:
        inputs: PaperInputs.
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
        "encoder": source_tables.encoder(inputs.provenance),
        "precision": source_tables.precision(inputs),
        "software": source_tables.software(environments),
        "acquisition": source_tables.acquisition(inputs.acquisitions),
        "comparison": comparison_tables.comparison(inputs.results),
        **comparison_tables.all_tables(inputs),
        **study_tables.all_tables(inputs),
    }


def augmentations(rows):
    """The augmentations with their transforms and parameters: Algorithm 1 of the seed paper."""
    cells = []
    for row in rows:
        parameters = json.loads(row["parameters"])
        described = "; ".join(f"{name} {_plain(value)}" for name, value in parameters.items()) or "none"
        cells.append([latex.escape(row["label"]), latex.code(row["transform"]), latex.escape(described)])
    alignment = r"l>{\raggedright\arraybackslash}p{0.25\linewidth}>{\raggedright\arraybackslash}p{0.42\linewidth}"
    return latex.tabular(alignment, ["Augmentation", "Transform", "Parameters"], [cells])


def overview(results):
    """Mean of every metric of the overview, per augmentation."""
    metrics = [metric for metric in in_order() if metric.in_overview]
    rows = [
        [latex.escape(label), *(latex.number(results.value(name, metric.name)) for metric in metrics)]
        for name, label in results.augmentations.items()
    ]
    header = ["Augmentation", *(latex.slanted(metric.label) for metric in metrics)]
    return latex.tabular("l" + "r" * len(metrics), header, [rows])


def ranking(results):
    """Augmentations by mean cosine similarity, the largest shift first, with their ranks by L2 and by attention."""
    ranks = {metric: results.ranked(metric) for metric in ("l2_distance", "attention_similarity")}
    rows = []
    for place, name in enumerate(results.ranked("cosine_similarity"), start=1):
        cells = [str(place), latex.escape(results.augmentations[name])]
        for metric in ("cosine_similarity", *ranks):
            low, high = (results.value(name, metric, column) for column in ("ci_low", "ci_high"))
            cells += [latex.number(results.value(name, metric)), latex.interval(low, high)]
            if metric in ranks:
                cells.append(str(ranks[metric].index(name) + 1) if name in ranks[metric] else latex.ABSENT)
        rows.append(cells)
    header = ["", "", r"\multicolumn{2}{c}{Cosine similarity}", r"\multicolumn{3}{c}{L2 distance}"]
    header.append(r"\multicolumn{3}{c}{Attention similarity}")
    names = ["", "Augmentation", "mean", "interval", "mean", "interval", "rank", "mean", "interval", "rank"]
    head = [*header[:-1], header[-1] + r" \\" + "\n" + " & ".join(names)]
    return latex.tabular("rlrcrcrrcr", head, [rows])


def agreement(results):
    """Spearman's rank correlation, over augmentations, of every metric's mean with the mean cosine similarity."""
    names = list(results.augmentations)
    means = pd.DataFrame({m.name: [results.value(name, m.name) for name in names] for m in results.metrics()})
    rows = []
    for metric in results.metrics():
        if metric.name == "cosine_similarity" or "cosine_similarity" not in means:
            continue
        pair = means[["cosine_similarity", metric.name]].dropna()
        # The ranks' Pearson correlation is Spearman's coefficient; it does not exist for constant values.
        varies = len(pair) > 2 and (pair.nunique() > 1).all()
        value = pair.rank().corr().iloc[0, 1] if varies else float("nan")
        direction = "closer" if metric.higher_is_closer else "further"
        rows.append([latex.escape(metric.label), direction, latex.number(value)])
    return latex.tabular("llr", ["Metric", "Higher means", r"Spearman's $\rho$"], [rows])


def claims(inputs: PaperInputs) -> str:
    """Each published claim with this run's verdict, the effect and its interval.

    Raises:
        InputError: a claim has no verdict, or a verdict is on a claim that the claims file does not have.
    """
    rows = []
    for claim, judgement in claims_table.joined(inputs.published_claims, inputs.claims):
        found = judgement.interval
        effect = [latex.number(found.effect), latex.interval(found.low, found.high)] if found else ["not tested", ""]
        rows.append([latex.escape(text) for text in (claim.text, claim.source, judgement.verdict)] + effect)
    alignment = r">{\raggedright\arraybackslash}p{0.42\linewidth}llrc"
    return latex.tabular(alignment, ["Claim", "Source", "Verdict", "Effect", "Interval"], [rows])


def friedman(frame):
    """Friedman's test per metric: whether the augmentations differ at all."""
    rows = [
        [latex.escape(REGISTRY[row.metric].label), latex.number(int(row.n))]
        + (
            [latex.number(row.statistic), latex.p_value(row.p_value), latex.number(row.kendalls_w)]
            if row.n > 1 and row.augmentations > 2
            else [latex.ABSENT] * 3
        )
        for row in frame.itertuples()
    ]
    return latex.tabular("lrrrr", ["Metric", "$n$", r"$\chi^2$", "$p$", "Kendall's $W$"], [rows or [["--"] * 5]])


def neighbours(inputs):
    """Paired differences in cosine similarity of augmentations that are next to each other in the ranking."""
    labels, frame = inputs.main.augmentations, inputs.paired_differences
    frame = frame[(frame["metric"] == "cosine_similarity") & frame["neighbours"].astype(bool)]
    place = {name: position for position, name in enumerate(inputs.main.ranked("cosine_similarity"))}
    rows = []
    for row in sorted(frame.itertuples(), key=lambda row: min(place[row.first], place[row.second])):
        # What shifts less comes first, so that every difference is positive.
        sign = 1 if place[row.first] > place[row.second] else -1
        pair = " $-$ ".join(latex.escape(labels[name]) for name in (row.first, row.second)[::sign])
        bounds = sorted((sign * row.ci_low, sign * row.ci_high))
        tested = [latex.ABSENT] * 3
        if row.n > 1:
            tested = [latex.number(sign * row.cohens_dz), latex.p_value(row.p_holm), _needed(row.images_needed)]
        rows.append([pair, latex.number(sign * row.mean_difference), latex.interval(*bounds), *tested])
    header = ["Pair", "Difference", "Interval", "$d_z$", "$p$ (Holm)", "Images needed"]
    return latex.tabular("lrcrrr", header, [rows or [["--"] * 6]])


def _needed(images):
    if images == 0:  # No number of images would do.
        return latex.ABSENT
    return latex.number(int(images)) if images < paired_tests.MOST else r"$\geq10^9$"


def registered(results):
    """The metrics that compare places, beside their counterparts once the geometry is undone."""
    pairs = [(m, REGISTRY[f"{m.name}_registered"]) for m in results.metrics() if f"{m.name}_registered" in REGISTRY]
    rows = [
        [latex.escape(label), *(latex.number(results.value(name, m.name)) for pair in pairs for m in pair)]
        for name, label in results.augmentations.items()
    ]
    over = [rf"\multicolumn{{2}}{{c}}{{{latex.escape(plain.label)}}}" for plain, _ in pairs]
    below = ["Augmentation", *("as is", "registered") * len(pairs)]
    head = [r" & ".join(["", *over]) + r" \\" + "\n" + " & ".join(below)]
    return latex.tabular("l" + "rr" * len(pairs), head, [rows])


def patch_audit(results):
    """The patch similarity in floating point and as the released scripts computed it."""
    rows = []
    for name, label in results.augmentations.items():
        corrected = results.value(name, "patch_similarity")
        released = results.value(name, "patch_similarity_as_released")
        rows.append([latex.escape(label), *map(latex.number, (corrected, released, released - corrected))])
    return latex.tabular("lrrr", ["Augmentation", "Corrected", "As released", "Difference"], [rows])


def pairwise_distance(inputs):
    """The upper triangle of the mean cosine distances between augmentations."""
    labels = inputs.main.augmentations
    names = list(labels)
    rows = []
    for i, first in enumerate(names[:-1]):
        upper = ["" if j <= i else latex.number(inputs.distance.at[first, name]) for j, name in enumerate(names)]
        rows.append([latex.escape(labels[first]), *upper[1:]])
    header = ["", *(latex.slanted(labels[name]) for name in names[1:])]
    return latex.tabular("l" + "r" * (len(names) - 1), header, [rows or [["--"]]])


def summary(results):
    """The whole summary: one block per augmentation, one row per metric."""
    groups = []
    for name, label in results.augmentations.items():
        rows = []
        for metric in results.metrics():
            n, mean, std, low, high = (
                results.value(name, metric.name, column) for column in ("n", "mean", "std", "ci_low", "ci_high")
            )
            count = latex.ABSENT if n != n else latex.number(int(n))
            first = latex.escape(label) if not rows else ""
            spread = latex.number(std) if n > 1 else latex.ABSENT
            numbers = [count, latex.number(mean), spread, latex.interval(low, high)]
            rows.append([first, latex.escape(metric.label), *numbers])
        groups.append(rows)
    caption = (
        "Every metric under every augmentation: images with a value, mean, standard deviation and interval. Each "
        "interval is of resamples of its own, so that equal values may have intervals that differ a little."
    )
    header = ["Augmentation", "Metric", r"$n$", "Mean", "Std", "Interval"]
    alignment = r">{\raggedright\arraybackslash}p{0.22\linewidth}lrrrc"
    return latex.longtable(alignment, header, groups, caption, "tab:summary")


def _plain(value):
    """A parameter as people write it: a pair of numbers is a range."""
    if isinstance(value, list):
        is_range = len(value) == 2 and all(isinstance(item, (int, float)) for item in value)
        return (" to " if is_range else ", ").join(_plain(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return str(value).replace("-", "\u2212") if isinstance(value, (int, float)) else str(value)
