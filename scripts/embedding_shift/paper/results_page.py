"""The entry page of a run's results, `results/README.md`: the claims, the ranking, the figures, and links to files."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from embedding_shift.claims import table
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.plots.figures import FIGURES

MAIN_METRIC = "cosine_similarity"
# The figures of the main text, in its order; the others follow.
IN_MAIN_TEXT = (
    "augmentation_strip",
    "method",
    "dendrogram",
    "notable_images",
    "metric_heatmap",
    "noise_floor",
    "dose_response",
    "steps",
    "shift_ledger",
    "attack_curve",
    "attack_strip",
    "attack_detection",
    "attack_transfer",
    "words",
    "named_heads",
)
TITLES = {name: figure.title for name, figure in FIGURES.items()} | {"method": "The method"}
PAGE = re.compile(r"_(\d+)$")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")
TABLES = {
    "claims.csv": "the claims of the original paper with this run's verdicts",
    "attack_claims.csv": "the claims on attacks with this run's verdicts",
    "summary.csv": "mean and interval of every metric and augmentation",
    "paired_differences.csv": "paired tests between augmentations",
    "notable_images.csv": "the typical and the worst image of every augmentation",
    "exclusions.csv": "values that are not defined, with reasons",
    "metrics.parquet": "every metric of every image and augmentation",
}


def write(inputs: PaperInputs, figures: Iterable[str], folders: Sequence[str], page: str) -> str:
    """Return the page in Markdown.

    Args:
        inputs: the tables of the run.
        figures: paths of the figures to show, of any number of formats.
        folders: folder of every result of `inputs`, in their order.
        page: path of the page, to which links are relative.
    """
    root = PurePath(page).parent
    main = inputs.main
    judged = table.joined(inputs.published_claims, inputs.claims)
    lines = [
        f"# {escape(main.model)} on {escape(main.dataset)}",
        "",
        f"[The paper](paper.pdf) describes this run. Images: {len(inputs.manifest)}. Augmentations: "
        f"{len(main.augmentations)}.",
        "`make explorer` writes `explorer.html` beside this page, to look at single images and their views.",
        "",
        "## Claims of the original paper",
        "",
        table.markdown(judged),
        "",
        *_on_attacks(inputs),
        "## Augmentations by the shift of the embedding",
        "",
        *_ranking(inputs),
        "",
        "## Figures",
        "",
        *_figures(figures, root),
        "## Files",
        "",
        *_files(inputs, folders, root),
    ]
    return "\n".join(lines) + "\n"


def _on_attacks(inputs: PaperInputs) -> list[str]:
    """Return the claims on attacks, if the claims file has any."""
    judged = table.joined(inputs.published_claims.on_attacks, inputs.attack_claims)
    return ["## Claims on attacks", "", table.markdown(judged, table.ON_ATTACKS), ""] if judged else []


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _ranking(inputs: PaperInputs) -> list[str]:
    main = inputs.main
    lines = ["| | Augmentation | Mean cosine similarity | Interval | Images |", "|---|---|---|---|---|"]
    for place, name in enumerate(main.ranked(MAIN_METRIC), start=1):
        mean, low, high, n = (main.value(name, MAIN_METRIC, column) for column in ("mean", "ci_low", "ci_high", "n"))
        interval = "n/a (one image)" if n == 1 else f"{low:.4f} to {high:.4f}"
        lines.append(f"| {place} | {escape(main.augmentations[name])} | {mean:.4f} | {interval} | {n:.0f} |")
    return lines


def _figures(paths: Iterable[str], root: PurePath) -> list[str]:
    """Return an entry per figure: its title, a picture, and links to its files."""
    by_stem: dict[str, dict[str, str]] = {}
    for path in map(PurePath, paths):
        by_stem.setdefault(path.stem, {})[path.suffix[1:]] = os.path.relpath(path, root)
    lines = []
    for stem in sorted(by_stem, key=_place):
        name, page = PAGE.sub("", stem), PAGE.search(stem)
        title = TITLES[name] + (f", page {page[1]}" if page else "")
        files = by_stem[stem]
        shown = files.get("png") or files.get("svg")
        links = ", ".join(f"[{suffix.upper()}]({file})" for suffix, file in sorted(files.items()))
        lines += [f"### {title}", "", *([f"![{title}]({shown})", ""] if shown else []), links, ""]
    return lines


def _place(stem: str) -> tuple[int, str]:
    name = PAGE.sub("", stem)
    return IN_MAIN_TEXT.index(name) if name in IN_MAIN_TEXT else len(IN_MAIN_TEXT), stem


def _files(inputs: PaperInputs, folders: Sequence[str], root: PurePath) -> list[str]:
    lines = []
    for results, folder in zip(inputs.results, folders, strict=True):
        place = os.path.relpath(folder, root)
        lines += [f"{escape(results.model)} on {escape(results.dataset)}, in [{place}]({place}):", ""]
        present = {file: words for file, words in TABLES.items() if Path(folder, file).exists()}
        lines += [f"- [{file}]({place}/{file}): {words}" for file, words in present.items()] + [""]
    return lines
