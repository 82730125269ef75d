"""The figure of the method, which is drawn in LaTeX: typeset for one dataset and encoder, in the configured formats."""

import csv
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

import pypdfium2
from PIL.PngImagePlugin import PngInfo

from embedding_shift.errors import InputError
from embedding_shift.io import atomic
from embedding_shift.paper import build, latex
from embedding_shift.plots import figure_metadata

POINTS_PER_INCH = 72
DOTS_PER_INCH = 200  # as of the other figures
ATTENTION_METRIC = "attention_similarity"
SVG_PROGRAM = "pdftocairo"

StrPath = str | PathLike[str]


def draw(
    source: StrPath,
    summary: StrPath,
    settings: Mapping[str, int],
    pdf: StrPath,
    pictures: Iterable[StrPath] = (),
    code: Iterable[StrPath] = (),
) -> None:
    """Typeset the figure and write it to all paths, with the same bytes on every run.

    Args:
        source: LaTeX file that reads `numbers.tex` beside it.
        summary: `summary.csv`; the figure says whether it holds attention similarities.
        settings: `image_size`, the side of a view in pixels, and `views_given`, 1 for views that another program made
            and otherwise 0.
        pdf: PDF to write.
        pictures: further files to write, which end in .png (at 200 dots per inch) or .svg.
        code: the source files that draw it, for the metadata.

    Raises:
        InputError: no complete LaTeX is installed, LaTeX found an error, or an SVG is wanted without Poppler.
    """
    paths = list(map(Path, pictures))
    if any(path.suffix == ".svg" for path in paths) and not shutil.which(SVG_PROGRAM):
        raise InputError(
            f"the figure of the method cannot be written as SVG: {SVG_PROGRAM} is not installed; install Poppler "
            "(on Debian: apt-get install poppler-utils) or leave svg out of the key 'figures.formats'"
        )
    drawn_from = figure_metadata.source("method", {"latex": source, "summary": summary}, settings, code)
    numbers = [
        *(((name,), str(value)) for name, value in settings.items()),
        (("attention_measured",), str(int(has_attention(summary)))),
        (("figure_source",), drawn_from),
    ]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(source, folder))
        copy.with_name("numbers.tex").write_text(latex.macros(numbers), encoding="ascii")
        build.typeset(copy, pdf)
    for path in paths:
        write = {".png": write_png, ".svg": write_svg}[path.suffix]
        with atomic.whole(path) as temporary:
            write(pdf, temporary, drawn_from)


def has_attention(summary: StrPath) -> bool:
    """Return whether `summary.csv` has a mean attention similarity of any augmentation."""
    with open(summary, newline="", encoding="utf-8") as file:
        return any(row["metric"] == ATTENTION_METRIC and row["mean"] for row in csv.DictReader(file))


def write_png(pdf: StrPath, png: Path, drawn_from: str) -> None:
    """Write the first page of a PDF as PNG, with what it was drawn from as metadata."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=DOTS_PER_INCH / POINTS_PER_INCH).to_pil()
    metadata = PngInfo()
    metadata.add_text(figure_metadata.SOURCE_KEYS["png"], drawn_from)
    picture.save(png, format="PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH), pnginfo=metadata)


def write_svg(pdf: StrPath, svg: Path, drawn_from: str) -> None:
    """Write the first page of a PDF as SVG, with what it was drawn from as metadata.

    Raises:
        InputError: Poppler cannot convert the PDF.
    """
    done = subprocess.run([SVG_PROGRAM, "-svg", "-f", "1", "-l", "1", pdf, svg], capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{pdf} cannot be converted to SVG: {' '.join(done.stderr.split())}")
    head, tag, drawing = re.split(r"(<svg\b[^>]*>)", svg.read_text(encoding="utf-8"), maxsplit=1)
    svg.write_text(f"{head}{tag}\n<metadata>{drawn_from}</metadata>{drawing}", encoding="utf-8")
