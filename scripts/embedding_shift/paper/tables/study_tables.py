"""The paper's tables of the study: floor and ceiling, equal damage, variance, and the audit of the released scripts."""

import math

from embedding_shift.claims import audit
from embedding_shift.metrics import image_difference, registry
from embedding_shift.metrics.registry import REGISTRY
from embedding_shift.paper import latex
from embedding_shift.study import variance, variant_names

REFERENCE_LABELS = {
    "re-encoding": r"Encoded\\again",
    "other_batch_size": r"Another\\batch size",
    "other_precision": r"Another\\precision",
    "jpeg_95": r"JPEG,\\quality 95",
    "another_photograph": r"Another\\photograph",
}
ROUNDING = 1e-12  # what double precision leaves of one minus a similarity where nothing has changed
DAMAGE_LABELS = {"rmse": "RMSE", "ssim": "SSIM"}
COMPONENT_LABELS = {
    "image": "Image",
    "augmentation": "Augmentation",
    "image_by_augmentation": r"Image $\times$ augmentation",
    "draw": "Draw",
}
FLAW_LABELS = {
    "wrapped_arithmetic": "8-bit arithmetic",
    "new_draws": "New draws for the metrics",
    "unseeded": "Nothing seeded",
    "failures_replaced": "Failures replaced",
    "unregistered_geometry": "Geometry not undone",
    "all": "All together",
}


def all_tables(inputs):
    """Return the LaTeX of every table of the study, by file name without suffix; none where there was no study."""
    study, labels = inputs.study, inputs.main.augmentations
    if not study:
        return {}
    return {
        "noise_floor": noise_floor(study["noise_floor"]),
        "equal_damage": equal_damage(study["equal_damage"], labels),
        "variance": variance_shares(study["variance"]),
        "audit": audit_changes(study["audit"], study["audit_ranks"], labels),
        "audit_claims": audit_claims(study["audit_claims"], inputs.published_claims),
        "audit_numbers": audit_numbers(study["audit"], labels),
    }


def noise_floor(frame):
    """Shift of every reference with its interval: one minus the metric, or the distance itself."""
    measured = set(frame["metric"])
    shown = [m.name for m in registry.in_order() if m.in_overview and m.name in measured]
    shown += [name for name in image_difference.MEASURES if name in measured]
    references = [name for name in variant_names.REFERENCES if name in set(frame["reference"])]
    cells = {(row.reference, row.metric): _shift(row) for row in frame.itertuples()}
    rows = [
        [latex.escape(_metric_label(metric)), *(cells.get((name, metric), "--") for name in references)]
        for metric in shown
    ]
    header = ["Metric", *(rf"\shortstack{{{REFERENCE_LABELS[name]}}}" for name in references)]
    return latex.tabular("l" + "c" * len(references), header, [rows])


def _shift(row):
    """Return the cell of one reference and metric."""
    if _grows_with_shift(row.metric):
        values = row.mean, row.ci_low, row.ci_high
    else:
        values = 1 - row.mean, 1 - row.ci_high, 1 - row.ci_low
    mean, low, high = (0.0 if abs(value) < ROUNDING else value for value in values)
    if mean == low == high:
        return latex.significant(mean)
    return latex.stacked(latex.significant(mean), f"[{latex.significant(low)}, {latex.significant(high)}]")


def _grows_with_shift(metric):
    return metric == "rmse" or (metric in REGISTRY and not REGISTRY[metric].higher_is_closer)


def _metric_label(name):
    return DAMAGE_LABELS[name] if name in DAMAGE_LABELS else REGISTRY[name].label


def equal_damage(frame, labels):
    """Cosine similarity and rank of every augmentation with doses, as configured and at equal damage."""
    frame = frame[frame["metric"] == "cosine_similarity"]
    blocks = {measure: block.set_index("augmentation") for measure, block in frame.groupby("damage", sort=False)}
    if not blocks:
        return latex.tabular("lr", ["Augmentation", "Cosine similarity"], [[["--"] * 2]])
    first = next(iter(blocks.values()))
    rows = []
    for name in (name for name in labels if name in first.index):
        cells = [latex.escape(labels[name]), latex.number(first.at[name, "value_at_setting"])]
        cells.append(str(first.at[name, "rank_at_setting"]))
        for block in blocks.values():
            row = block.loc[name]
            cells += [f"{row['dose']:.2f}", latex.number(row["value"])]
            cells += [latex.interval(row["ci_low"], row["ci_high"]), str(row["rank"])]
        rows.append(cells)
    over = ["", r"\multicolumn{2}{c}{As configured}"]
    for measure, block in blocks.items():
        level = latex.significant(block["level"].iloc[0])
        over.append(rf"\multicolumn{{4}}{{c}}{{At {DAMAGE_LABELS[measure]} {level}}}")
    below = ["Augmentation", "mean", "rank", *["dose", "mean", "interval", "rank"] * len(blocks)]
    head = [" & ".join(over) + r" \\" + "\n" + " & ".join(below)]
    return latex.tabular("lrr" + "rrcr" * len(blocks), head, [rows])


def variance_shares(frame):
    """How a metric's variance splits, in per cent."""
    shares = frame.set_index(["metric", "component"])["share"]
    rows = []
    for metric in (metric for metric in registry.in_order() if metric.name in set(frame["metric"])):
        found = [shares.get((metric.name, name), math.nan) for name in variance.COMPONENTS]
        rows.append([latex.escape(metric.label), *("--" if math.isnan(share) else percent(share) for share in found)])
    header = ["Metric", *(COMPONENT_LABELS[name] for name in variance.COMPONENTS)]
    return latex.tabular("lrrrr", header, [rows or [["--"] * 5]])


def percent(share):
    r"""Return a share from 0 to 1 as `12.3\,\%`."""
    return rf"{100 * share:.1f}\,\%"


def audit_changes(means, ranks, labels):
    """What each flaw does to every metric it touches: the largest change of a mean, and what becomes of the order."""
    order = ranks.set_index(["flaw", "metric"])
    groups = []
    for flaw in _flaws(means):
        rows = []
        for metric in _touched(means, flaw):
            found = means[(means["flaw"] == flaw) & (means["metric"] == metric.name)].set_index("augmentation")
            change = found["as_released"] - found["corrected"]
            name = change.abs().idxmax()
            tau, moved = latex.ABSENT, latex.ABSENT
            if (flaw, metric.name) in order.index:
                tau = latex.number(order.at[(flaw, metric.name), "kendall_tau"])
                moved = latex.number(int(order.at[(flaw, metric.name), "rank_changes"]))
            first = FLAW_LABELS[flaw] if not rows else ""
            largest = ["none", ""] if change[name] == 0 else [latex.number(change[name]), latex.escape(labels[name])]
            rows.append([first, latex.escape(metric.label), *largest, tau, moved])
        groups.append(rows)
    header = ["Flaw", "Metric", r"\multicolumn{2}{c}{Largest change of a mean}", r"$\tau_b$", "Ranks changed"]
    return latex.tabular("llrlrr", header, groups or [[["--"] * 6]])


def audit_claims(frame, published):
    """The claims whose verdict a flaw changes.

    Raises:
        InputError: a verdict is on a claim that the claims file does not have.
    """
    rows = []
    for row in frame.itertuples():
        claim = published.claim(row.claim)
        if row.corrected != row.as_released:
            verdicts = [latex.escape(row.corrected), latex.escape(row.as_released)]
            rows.append([FLAW_LABELS[row.flaw], latex.escape(claim.text), *verdicts])
    wide = r">{\raggedright\arraybackslash}p{0.42\linewidth}"
    header = ["Flaw", "Claim", "Corrected", "As released"]
    return latex.tabular(f"l{wide}ll", header, [rows or [["none", "No claim changes its verdict.", "--", "--"]]])


def audit_numbers(means, labels):
    """Every mean as released and corrected, a block per flaw; empty cells are what a flaw does not touch."""
    touched = set(means["metric"])
    shown = [metric for metric in registry.in_order() if metric.name in touched]
    cells = {(row.flaw, row.augmentation, row.metric): (row.as_released, row.corrected) for row in means.itertuples()}
    groups = []
    for flaw in _flaws(means):
        rows = [[rf"\multicolumn{{{1 + 2 * len(shown)}}}{{@{{}}l}}{{\textbf{{{FLAW_LABELS[flaw]}}}}}"]]
        for name, label in labels.items():
            pairs = (cells.get((flaw, name, metric.name)) for metric in shown)
            rows.append([latex.escape(label), *(text for pair in pairs for text in _pair(pair))])
        groups.append(rows)
    over = ["", *(rf"\multicolumn{{2}}{{c}}{{\shortstack{{{_two_lines(metric.label)}}}}}" for metric in shown)]
    below = ["Augmentation", *["rel.", "corr."] * len(shown)]
    head = [" & ".join(over) + r" \\" + "\n" + " & ".join(below)]
    caption = "Every mean with the flaws of the released scripts (rel.) and with them corrected (corr.)."
    return latex.longtable("l" + "rr" * len(shown), head, groups, caption, "tab:audit_numbers")


def _pair(pair):
    return ("", "") if pair is None else tuple(map(latex.number, pair))


def _two_lines(label):
    first, _, rest = latex.escape(label).partition(" ")
    return rf"{first}\\{rest}"


def _flaws(means):
    return [flaw for flaw in audit.FLAWS if flaw in set(means["flaw"])]


def _touched(means, flaw):
    names = set(means.loc[means["flaw"] == flaw, "metric"])
    return [metric for metric in registry.in_order() if metric.name in names]
