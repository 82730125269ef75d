"""The figure of the method, which is drawn in LaTeX: typeset for one dataset and encoder, as PDF and as PNG."""

import csv
import shutil
import tempfile
from os import PathLike
from pathlib import Path

import pypdfium2

from embedding_shift.io import atomic
from embedding_shift.paper import build, latex

POINTS_PER_INCH = 72
DOTS_PER_INCH = 200  # as of the other figures
ATTENTION_METRIC = "attention_similarity"

StrPath = str | PathLike[str]


def draw(source: StrPath, summary: StrPath, image_size: int, pdf: StrPath, png: StrPath) -> None:
    """Typeset the figure and write it to both paths, with the same bytes on every run.

    Args:
        source: LaTeX file that reads `numbers.tex` beside it.
        summary: `summary.csv`; the figure says whether it holds attention similarities.
        image_size: side of a view in pixels.
        pdf: PDF to write.
        png: PNG to write, at 200 dots per inch.

    Raises:
        InputError: no complete LaTeX is installed, or LaTeX found an error.
    """
    numbers = [(("image_size",), str(image_size)), (("attention_measured",), str(int(has_attention(summary))))]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(source, folder))
        copy.with_name("numbers.tex").write_text(latex.macros(numbers), encoding="ascii")
        build.typeset(copy, pdf)
    write_picture(pdf, png)


def has_attention(summary: StrPath) -> bool:
    """Return whether `summary.csv` has a mean attention similarity of any augmentation."""
    with open(summary, newline="", encoding="utf-8") as file:
        return any(row["metric"] == ATTENTION_METRIC and row["mean"] for row in csv.DictReader(file))


def write_picture(pdf: StrPath, png: StrPath) -> None:
    """Write the first page of a PDF as PNG."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=DOTS_PER_INCH / POINTS_PER_INCH).to_pil()
    with atomic.whole(png) as temporary:
        picture.save(temporary, format="PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
