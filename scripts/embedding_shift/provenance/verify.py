"""Say whether a PDF and a results folder belong together, and which numbers of the PDF the results do not give."""

import re
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import pypdfium2

from embedding_shift.errors import InputError
from embedding_shift.provenance import consistency, macros
from embedding_shift.results import Run
from embedding_shift.results.record import identity_of

StrPath = str | PathLike[str]

# A number of at least three decimals; others, such as ticks of axes and version numbers, are not told apart.
DECIMAL = re.compile(r"(?<![\d.])\d+\.\d{3,}(?![\d.]*\d)")


def problems(run: Run, pdf: StrPath) -> list[str]:
    """Return a sentence for everything that keeps a PDF and a results folder from belonging together.

    Args:
        run: a finished run.
        pdf: the paper of a run.

    Raises:
        InputError: the file is no PDF.
    """
    with _opened(pdf) as document:
        found = list(_other_identity(run, pdf, document))
        found += consistency.disagreements(run)
        numbers = _numbers_by_page(document)
    known = _known_numbers(run)
    found += [
        f"{pdf}, page {page}: the results do not give {number}"
        for number, page in numbers.items()
        if number not in known
    ]
    return found


def _other_identity(run: Run, pdf: StrPath, document: pypdfium2.PdfDocument) -> Iterator[str]:
    """Yield a sentence for every part of the run's identity that the metadata of a PDF gives differently."""
    expected = identity_of(run.record)
    stored = {key: document.get_metadata_value(key) for key in expected}
    if not any(stored.values()):
        yield f"{pdf} has no metadata of a run: another program or an earlier version wrote it"
        return
    for key, value in expected.items():
        if stored[key] != value:
            yield f"{pdf} has {key} {stored[key] or 'empty'}, {run.folder} has {value}"


def _numbers_by_page(document: pypdfium2.PdfDocument) -> dict[str, int]:
    """Return every decimal number in the text of a PDF, with the first page that has it, from 1."""
    numbers: dict[str, int] = {}
    for page in range(len(document)):
        text = document[page].get_textpage().get_text_bounded()
        for number in DECIMAL.findall(text):
            numbers.setdefault(number, page + 1)
    return numbers


def _known_numbers(run: Run) -> set[str]:
    """Return the decimal numbers in the macros, tables and figures of a run, and in the text of the paper."""
    sources = [run.folder / "numbers.tex", *(run.folder / "tables").glob("*.tex")]
    sources += [path for path in (macros.PROJECT / "paper").rglob("*") if path.suffix in (".tex", ".bib")]
    known = {number for path in sources for number in DECIMAL.findall(path.read_text(encoding="utf-8"))}
    for path in run.folder.rglob("figures/*.pdf"):
        with _opened(path) as document:
            known.update(_numbers_by_page(document))
    return known


def _opened(pdf: StrPath) -> pypdfium2.PdfDocument:
    if not Path(pdf).is_file():
        raise InputError(f"there is no file {pdf}")
    try:
        return pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise InputError(f"{pdf} cannot be read as PDF: {error}") from None
