"""The sources of the paper as an archive for arXiv: LaTeX files, generated tables, figures as PDF, and main.bbl."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from embedding_shift.handover import archives
from embedding_shift.handover.archives import StrPath
from embedding_shift.paper import build

KEPT = (".tex", ".bib", ".bbl", ".pdf")


def pack(
    paper_folder: StrPath, numbers: StrPath, tables: Iterable[StrPath], figures: Iterable[StrPath], output: StrPath
) -> None:
    """Typeset the paper once and write everything that it takes to typeset it again.

    The archive has `main.tex` as its only document. It leaves out the sources of drawn figures, which are documents as
    well, because arXiv would typeset them. `main.bbl` makes BibTeX unnecessary.

    Args:
        paper_folder, numbers, tables, figures: as for `build.build`.
        output: `.tar.gz` to write.

    Raises:
        InputError: as `build.build`.
    """
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created) / "paper"
        build.collect(folder, Path(paper_folder), numbers, tables, figures)
        for source in (folder / "figures").glob("*.tex"):
            source.unlink()
        build.typeset(folder / "main.tex", Path(created) / "typeset.pdf")
        (folder / "main.pdf").unlink()
        files = {name: path for name, path in archives.files_below(folder).items() if path.suffix in KEPT}
        archives.write(output, files)
