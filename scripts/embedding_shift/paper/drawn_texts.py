r"""Draw the pieces of text that LaTeX has no commands for.

`escaping.escape` writes such a piece as `\drawn{CODES}`. Every piece is drawn on a page of one PDF, as text that can be
searched and copied, in the fonts of the figures. This needs no particular LaTeX: pdfLaTeX and Tectonic include the same
pages. A piece that no font has is transliterated.
"""

import re
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from embedding_shift.errors import InputError
from embedding_shift.io import atomic
from embedding_shift.paper.escaping import escape
from embedding_shift.plots import fonts, style

DRAWN = re.compile(r"\\drawn\{([0-9A-F]+(?:-[0-9A-F]+)*)\}")
FONT_SIZE = 9  # points, in a text of 10 points: letters without serifs look larger
ABOVE, BELOW = 11, 3  # points from the base line to the edges of a page; main.tex knows their sum and the lower one
POINTS_PER_INCH = 72
MEASURING_DPI = 720

StrPath = str | PathLike[str]


def write(sources: Iterable[StrPath], pdf: StrPath, definitions: StrPath) -> None:
    r"""Draw all pieces that LaTeX files use, and write LaTeX that defines each of them.

    Args:
        sources: LaTeX files with `\drawn{CODES}`.
        pdf: PDF to write, a page for each piece that fonts have; an empty page if there is none.
        definitions: LaTeX file to write. It defines `\drawn@CODES` as `\drawnpage{NUMBER}` or as a transliteration.
    """
    codes = sorted({code for path in sources for code in DRAWN.findall(_read(path))})
    style.apply()
    mpl.rcParams["text.hinting"] = "none"
    lines, pages = [], []
    for code in codes:
        text = "".join(chr(int(character, 16)) for character in code.split("-"))
        shown = fonts.writable(text)
        if shown.isascii():
            lines.append(rf"\expandafter\def\csname drawn@{code}\endcsname{{{escape(shown)}}}")
        else:
            pages.append(shown)
            lines.append(rf"\expandafter\def\csname drawn@{code}\endcsname{{\drawnpage{{{len(pages)}}}}}")
    _write_pages(pages or [" "], pdf)
    atomic.write_text(definitions, "".join(f"{line}\n" for line in lines))


def _write_pages(texts: Sequence[str], pdf: StrPath) -> None:
    with atomic.whole(pdf) as temporary, PdfPages(temporary, metadata={"CreationDate": None}) as pages:
        for text in texts:
            pages.savefig(_page(text))


def _page(text: str) -> Figure:
    """Return a page as wide as the text, which stands at a fixed height above the lower edge."""
    height = (ABOVE + BELOW) / POINTS_PER_INCH
    page = Figure(figsize=(1, height), dpi=MEASURING_DPI)
    page.set_layout_engine("none")
    written = page.text(0, BELOW / (ABOVE + BELOW), text, size=FONT_SIZE, va="baseline", parse_math=False)
    page.set_size_inches(max(written.get_window_extent().width, 1) / MEASURING_DPI, height)
    return page


def _read(path: StrPath) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
