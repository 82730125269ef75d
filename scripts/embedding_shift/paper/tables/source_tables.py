"""Tables of what a run was made from: images, URLs, the encoder, software."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isinf
from typing import Any

from embedding_shift.data.reject_reasons import without_details
from embedding_shift.errors import InputError
from embedding_shift.metrics import registry
from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs, Row
from embedding_shift.paper.tables import layout

# A line of an environment file that pins a package. The packages that the environment itself asks for have a comment;
# those that they depend on have none.
PIN = re.compile(r"^\s*- ([A-Za-z0-9_.-]+)={1,2}(\S+)(?:[ \t]+# (.+?))?[ \t]*$", re.MULTILINE)

SIZES = ("image_size", "shape")  # keys of the provenance that hold sizes


def rejects(inputs: PaperInputs) -> str:
    """Number of images that were left out, by reason, of other files, and of the images that were used."""
    reasons = Counter(without_details(row["reason"]) for row in inputs.rejected_images)
    files: Counter[str] = Counter()
    for row in inputs.other_files:
        files[row["reason"]] += int(row["files"])
    rows = [[latex.escape(reason), latex.number(count)] for reason, count in sorted(reasons.items())]
    others = [[latex.escape(reason), latex.number(count)] for reason, count in files.items()]
    groups = [rows or [["Left out", latex.number(0)]], [["Used", latex.number(len(inputs.manifest))]]]
    groups += [[[layout.heading(2, "Other files")], *others]] if others else []
    return latex.tabular(layout.paragraph(0.75) + "r", ["Images", "Count"], groups)


def exclusions(inputs: PaperInputs) -> str:
    """Number of undefined values by metric and reason."""
    found = Counter((row["metric"], row["reason"]) for row in inputs.exclusions)
    places = {metric.name: place for place, metric in enumerate(registry.in_order())}
    rows = [
        [latex.escape(registry.REGISTRY[name].label), latex.escape(reason), latex.number(count)]
        for (name, reason), count in sorted(found.items(), key=lambda item: (places[item[0][0]], item[0][1]))
    ]
    header = ["Metric", "Reason", "Values"]
    return latex.tabular("l" + layout.paragraph(0.52) + "r", header, [rows or layout.empty(3)])


def acquisition(acquisitions: Mapping[str, Sequence[Row]]) -> str:
    """Number of URLs by outcome and reason, for every dataset that was downloaded.

    Args:
        acquisitions: rows of acquisition_summary.csv by label of the dataset.
    """
    groups = []
    for dataset, outcomes in acquisitions.items():
        rows = [
            [latex.escape(row["status"]), latex.escape(row["reason"]) or "--", latex.number(int(row["n"]))]
            for row in outcomes
        ]
        total = latex.number(sum(int(row["n"]) for row in outcomes))
        groups.append([[layout.heading(2, latex.escape(dataset)), rf"\textbf{{{total}}}"], *rows])
    header = ["Outcome", "Reason", "URLs"]
    return latex.tabular("l" + layout.paragraph(0.6) + "r", header, groups or [layout.empty(3)])


def datasets(image_counts: Mapping[str, tuple[int, int]]) -> str:
    """Number of images of every dataset that were used and left out.

    Args:
        image_counts: both numbers by label of the dataset.
    """
    rows = [[latex.escape(label), *map(latex.number, counts)] for label, counts in image_counts.items()]
    return latex.tabular(layout.paragraph(0.6) + "rr", ["Dataset", "Used", "Left out"], [rows])


def encoders(provenances: Mapping[str, Mapping[str, Any]]) -> str:
    """Where the weights of every encoder came from, and their properties: a block per encoder.

    Args:
        provenances: content of provenance.json by label of the encoder.
    """
    groups = []
    for label, provenance in provenances.items():
        rows = [
            [latex.escape(key.replace("_", " ")), latex.code(value)]
            for key, value in _flat(sorted(provenance.items()))
            if key != "label"
        ]
        groups.append([[layout.heading(2, latex.escape(label))], *rows])
    caption = "Origin and properties of the weights of every encoder."
    return latex.longtable("l" + layout.paragraph(0.68), ["Property", "Value"], groups, caption, "tab:encoder")


def metrics(measured: Iterable[registry.Metric]) -> str:
    """The metrics with their direction, formula and meaning."""
    rows = []
    for metric in measured:
        formula = metric.formula or (registry.REGISTRY[metric.unregistered].formula if metric.unregistered else "")
        shown = f"${formula}$" if formula else layout.NO_ROW
        rows.append([latex.escape(metric.label), metric.direction, shown, metric.sentence or layout.NO_ROW])
    alignment = f"{layout.paragraph(0.2)}ll{layout.paragraph(0.36)}"
    return latex.tabular(alignment, ["Metric", "Higher", "Formula", "It measures"], [rows])


def _flat(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the items of nested mappings with joined keys; lists become text, such as `224 x 224` for a size."""
    for key, value in items:
        if isinstance(value, dict):
            yield from ((f"{key} {inner}", found) for inner, found in _flat(value.items()))
        elif isinstance(value, list):
            yield key, (" x " if key in SIZES else ", ").join(map(str, value))
        else:
            yield key, value


def precision(inputs: PaperInputs) -> str:
    """Errors of encoders with reduced precision, and the smallest shift that they must not hide."""
    groups = []
    for encoder_label, frame in inputs.precisions.items():
        rows = []
        for row in layout.records(frame):
            errors = (int(row["n"]), row["mean_error"], row["largest_error"], row["smallest_shift"])
            where = latex.escape(inputs.main.augmentations[row["augmentation"]])
            ratio = r"$\infty$" if isinf(row["ratio"]) else latex.number(row["ratio"])
            metric = latex.escape(registry.REGISTRY[row["metric"]].label)
            rows.append([metric, *map(latex.number, errors), where, ratio])
        name = f"{encoder_label} ({frame['precision'].iloc[0]})" if len(frame) else encoder_label
        groups.append([[layout.heading(7, latex.escape(name))], *rows])
    header = ["Metric", "Views", "Mean error", "Largest", "Smallest shift", "Augmentation", "Ratio"]
    where_column = layout.label_column(inputs.main.augmentations.values(), 0.2)
    return latex.tabular(f"lrrrr{where_column}r", header, groups or [layout.empty(7)])


def software(environments: Iterable[str]) -> str:
    """The packages that the environments ask for, each with its version and its purposes.

    Args:
        environments: paths of the conda environment files.

    Raises:
        InputError: two environments pin different versions of a package.
    """
    pins: dict[str, tuple[str, dict[str, None]]] = {}
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
    header = ["Package", "Version", "What it does here"]
    return latex.longtable(
        "ll" + layout.paragraph(0.42), header, [rows], "The software and its versions.", "tab:software"
    )
