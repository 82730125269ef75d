"""The paper's tables of what a run was made from: images, URLs, the encoder, software."""

import re
from collections import Counter
from math import isinf

from embedding_shift.errors import InputError
from embedding_shift.metrics import registry
from embedding_shift.paper import latex

# A package that an environment names itself has a comment; what that needs in turn has none.
SAFE_RATIO = 100
PIN = re.compile(r"^\s*- ([A-Za-z0-9_.-]+)={1,2}(\S+)(?:[ \t]+# (.+?))?[ \t]*$", re.MULTILINE)


def rejects(inputs):
    """How many images were left out, by reason."""
    reasons = Counter(row["reason"] for row in inputs.rejects)
    rows = [[latex.escape(reason), latex.number(count)] for reason, count in sorted(reasons.items())]
    used = [["Used", latex.number(len(inputs.manifest))]]
    groups = [rows, used] if rows else [[["Left out", latex.number(0)]], used]
    return latex.tabular(r">{\raggedright\arraybackslash}p{0.75\linewidth}r", ["Images", "Count"], groups)


def exclusions(inputs):
    """How many values are not defined, by metric and reason; a sentence where all are."""
    if not inputs.exclusions:
        return "Every metric has a value for every image under every augmentation.\n"
    found = Counter((row["metric"], row["reason"]) for row in inputs.exclusions)
    places = {metric.name: place for place, metric in enumerate(registry.in_order())}
    rows = [
        [latex.escape(registry.REGISTRY[name].label), latex.escape(reason), latex.number(count)]
        for (name, reason), count in sorted(found.items(), key=lambda item: (places[item[0][0]], item[0][1]))
    ]
    table = latex.tabular(r"l>{\raggedright\arraybackslash}p{0.52\linewidth}r", ["Metric", "Reason", "Values"], [rows])
    total = len(inputs.exclusions)
    images = len({row["image_id"] for row in inputs.exclusions})
    return (
        f"{latex.number(total)} {'value is' if total == 1 else 'values are'} not defined, on "
        f"{latex.number(images)} {'image' if images == 1 else 'images'}; Table~\\ref{{tab:exclusions}} gives the "
        "reasons.\n"
        "\\begin{table}[htbp]\n\\centering\n\\caption{Values that are not defined, by metric and reason: one for every "
        "image and augmentation. They enter no mean.}\n\\label{tab:exclusions}\n\\small\n" + table + "\\end{table}\n"
    )


def acquisition(acquisitions):
    """What became of the URLs of every dataset that was fetched; a sentence where none was.

    Args:
        acquisitions: {label of the dataset: rows of acquisition_summary.csv}.
    """
    if not acquisitions:
        return "No image of this run had to be fetched from a URL.\n"
    groups = []
    for dataset, outcomes in acquisitions.items():
        rows = [
            [latex.escape(row["status"]), latex.escape(row["reason"]) or "--", latex.number(int(row["n"]))]
            for row in outcomes
        ]
        total = latex.number(sum(int(row["n"]) for row in outcomes))
        head = rf"\multicolumn{{2}}{{@{{}}l}}{{\textbf{{{latex.escape(dataset)}}}}}"
        groups.append([[head, rf"\textbf{{{total}}}"], *rows])
    table = latex.tabular(r"l>{\raggedright\arraybackslash}p{0.6\linewidth}r", ["Outcome", "Reason", "URLs"], groups)
    return (
        "Table~\\ref{tab:acquisition} says what became of every URL that the data were to come from.\n"
        "\\begin{table}[htbp]\n\\centering\n\\caption{What became of the URLs, by outcome and reason. An ok one gave "
        "usable content, a dead one is gone for good, a failed one may answer another time, a refused one was not "
        "allowed, an unusable one gave something else than was wanted, a skipped one was not needed, and a repeated "
        "one stands in the list before. The same content under another URL is used "
        f"once.}}\n\\label{{tab:acquisition}}\n\\small\n{table}\\end{{table}}\n"
    )


def encoder(provenance):
    """Where the weights of the encoder came from, and what was found in them."""
    rows = [
        [latex.escape(key.replace("_", " ")), latex.code(value)]
        for key, value in _flat(sorted(provenance.items()))
        if key != "label"
    ]
    return latex.tabular(r"l>{\raggedright\arraybackslash}p{0.7\linewidth}", ["Property", "Value"], [rows])


def precision(inputs):
    """What encoders lose that do not compute in single precision; a sentence where none does.

    The rule is that the error lies two orders of magnitude below the smallest shift.
    """
    if not inputs.precisions:
        return "Encoders compute in single precision.\n"
    groups, close = [], []
    for encoder_label, frame in inputs.precisions.items():
        rows = []
        for row in frame.itertuples():
            where = latex.escape(inputs.main.augmentations[row.augmentation])
            ratio = r"$\infty$" if isinf(row.ratio) else latex.number(row.ratio)
            errors = map(latex.number, (int(row.n), row.mean_error, row.largest_error, row.smallest_shift))
            rows.append([latex.escape(registry.REGISTRY[row.metric].label), *errors, where, ratio])
            if row.ratio < SAFE_RATIO:
                close.append(f"{registry.REGISTRY[row.metric].label} of {encoder_label}")
        name = f"{encoder_label} ({frame['precision'].iloc[0]})" if len(frame) else encoder_label
        groups.append([[rf"\multicolumn{{7}}{{@{{}}l}}{{\textbf{{{latex.escape(name)}}}}}"], *rows])
    verdict = f"The mean error is at least {SAFE_RATIO} times smaller throughout."
    if close:
        verdict = (
            f"The mean error is less than {SAFE_RATIO} times smaller for {latex.escape('; '.join(close))}: small "
            "shifts by these metrics may be rounding."
        )
    header = ["Metric", "Views", "Mean error", "Largest", "Smallest shift", "Augmentation", "Ratio"]
    table = latex.tabular("lrrrrlr", header, groups)
    return (
        "Not every encoder computes in single precision. Table~\\ref{tab:precision} sets what that changes, on a "
        f"sample of the views, beside the smallest mean shift, which it must not hide. {verdict}\n"
        "\\begin{table}[htbp]\n\\centering\n\\caption{What reduced precision changes against single precision, as a "
        "shift: one minus the metric, or the L2 distance itself; and the smallest mean shift of an augmentation over "
        f"the mean error.}}\n\\label{{tab:precision}}\n\\small\n\\fittable{{{table}}}\\end{{table}}\n"
    )


def _flat(items):
    """Yield the items of nested mappings, their keys joined; sizes as `224 x 224`."""
    for key, value in items:
        if isinstance(value, dict):
            yield from ((f"{key} {inner}", found) for inner, found in _flat(value.items()))
        else:
            yield key, " x ".join(map(str, value)) if isinstance(value, list) else value


def software(environments):
    """The packages that the environments name themselves, each with its version and what it is for in each of them.

    Raises:
        InputError: two environments pin different versions of a package.
    """
    pins = {}
    for path in environments:
        with open(path, encoding="utf-8") as file:
            found = PIN.findall(file.read())
        for name, version, use in found:
            if not use and name != "python":
                continue
            pinned, uses = pins.setdefault(name, (version, {}))
            if pinned != version:
                raise InputError(f"{path} pins {name} {version}, another environment {pinned}")
            uses[use or "runs the scripts"] = None
    rows = [
        [latex.escape(text) for text in (name, version, "; ".join(uses))]
        for name, (version, uses) in sorted(pins.items(), key=lambda item: item[0].lower())
    ]
    alignment = r"ll>{\raggedright\arraybackslash}p{0.5\linewidth}"
    return latex.tabular(alignment, ["Package", "Version", "What it does here"], [rows])
