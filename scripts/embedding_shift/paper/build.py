"""Typeset the paper in a temporary folder; the same sources give the same bytes, and an error is one line."""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from embedding_shift.errors import InputError
from embedding_shift.io import atomic

PathLike = str | os.PathLike[str]

LATEXMK = ["latexmk", "-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
LATEXMK += ["-latexoption=-no-shell-escape"]
TECTONIC = ["tectonic", "--keep-logs", "--keep-intermediates"]
# LaTeX writes this fixed date, and does not wrap the lines of its log.
FIXED = {"SOURCE_DATE_EPOCH": "1742688000", "FORCE_SOURCE_DATE": "1", "TZ": "UTC", "max_print_line": "10000"}
INSTALL = (
    "install tectonic or, on Debian: apt-get install latexmk texlive-latex-base texlive-latex-recommended "
    "texlive-latex-extra texlive-fonts-recommended texlive-bibtex-extra texlive-science lmodern cm-super-minimal"
)
# The programs that latexmk calls, and the one that finds LaTeX's files.
PROGRAMS = ("latexmk", "pdflatex", "bibtex", "kpsewhich")
COMMENT = re.compile(r"(?<!\\)%.*")
NAMED_FILE = re.compile(r"\\(?P<kind>documentclass|usepackage)(?:\[[^]]*\])?\{(?P<names>[^}]*)\}")
SUFFIXES = {"documentclass": ".cls", "usepackage": ".sty"}
ERROR_LINE = re.compile(r"^(?:\./)?(?P<place>\S+?\.(?:tex|sty|cls|bbl|aux|toc|out|bib):\d+): .*$", re.MULTILINE)
FATAL_LINE = re.compile(r"^(?:! |error: )(.+)$", re.MULTILINE)
SOURCE_LINE = re.compile(r"^l\.\d+ ?(.*)$", re.MULTILINE)
UNDEFINED = re.compile(r"^.*Warning: ((?:Reference|Citation) [`'].+? undefined.*)$", re.MULTILINE)
MULTIPLY_DEFINED = re.compile(r"^.*Warning: (Label `.+' multiply defined.*)$", re.MULTILINE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `sources` reads."""
    parser.add_argument("--paper-folder", required=True, help="folder of main.tex, sections/ and references.bib")
    parser.add_argument("--numbers", required=True, help="LaTeX file of the macros")
    parser.add_argument("--tables", nargs="+", required=True, help="LaTeX files of the tables")
    parser.add_argument("--figures", nargs="+", required=True, help="figures as PDF")


def sources(arguments: argparse.Namespace) -> tuple[str, str, list[str], list[str]]:
    """Return the first four arguments of `build`."""
    return arguments.paper_folder, arguments.numbers, arguments.tables, arguments.figures


def build(
    paper_folder: PathLike, numbers: PathLike, tables: Iterable[PathLike], figures: Iterable[PathLike], output: PathLike
) -> None:
    """Compile `main.tex` of `paper_folder`, which finds `numbers.tex`, `tables/` and `figures/` beside it.

    Raises:
        InputError: no complete LaTeX is installed, or LaTeX found an error, a missing file, or an undefined reference
            or citation; the message is LaTeX's own, with file and line.
    """
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created)
        collect(folder, Path(paper_folder), numbers, tables, figures)
        typeset(folder / "main.tex", output)


def typeset(source: PathLike, output: PathLike) -> None:
    """Compile a LaTeX file in its own folder and write the PDF; arguments are paths.

    Raises:
        InputError: as for `build`.
    """
    source = Path(source)
    done = subprocess.run(
        [*program(source), source.name], cwd=source.parent, env=os.environ | FIXED, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    log_file = source.with_suffix(".log")
    log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.exists() else ""
    problem = complaint(log, done.stdout + done.stderr, done.returncode != 0)
    if problem:
        raise InputError(f"{output} cannot be typeset: {problem}")
    with atomic.whole(output) as temporary:
        shutil.copyfile(source.with_suffix(".pdf"), temporary)


def program(source: PathLike) -> list[str]:
    """Return the command that compiles `source`: latexmk where its LaTeX is complete, otherwise tectonic.

    LaTeX is complete when it finds the class and every package that `source` names. Tectonic fetches what it needs.

    Raises:
        InputError: neither can compile `source`; the message names what is missing.
    """
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if not missing:
        missing = missing_files(Path(source).read_text(encoding="utf-8"))
        if not missing:
            return LATEXMK
    if shutil.which("tectonic"):
        return TECTONIC
    raise InputError(f"LaTeX is incomplete, these are not installed: {', '.join(missing)}; {INSTALL}")


def missing_files(text: str) -> list[str]:
    """Return the files of classes and packages that LaTeX source names and the installed LaTeX does not find."""
    files = {
        name.strip() + SUFFIXES[match["kind"]]
        for match in NAMED_FILE.finditer(COMMENT.sub("", text))
        for name in match["names"].split(",")
    }
    found = subprocess.run(["kpsewhich", *sorted(files)], capture_output=True, text=True).stdout.splitlines()
    return sorted(files - {Path(path).name for path in found})


def complaint(log: str, printed: str, failed: bool) -> str | None:
    """Return what is wrong in one line, or None.

    Args:
        log: LaTeX's log of the last run.
        printed: what the program printed.
        failed: whether it said that it failed.
    """
    if failed:
        for text in (log, printed):
            error = _first_error(text)
            if error:
                return error
    warning = UNDEFINED.search(log) or MULTIPLY_DEFINED.search(log)
    if warning:
        return warning[1]
    if failed:
        lines = [line for line in printed.splitlines() if line.strip()]
        return lines[-1] if lines else "LaTeX failed without a message"
    return None


def _first_error(text: str) -> str | None:
    """Return the first error in a log with its place in the sources, or None."""
    located, fatal = ERROR_LINE.search(text), FATAL_LINE.search(text)
    first = located or fatal
    if first is None:
        return None
    source = SOURCE_LINE.search(text, first.end())
    where = f" (at: {source[1].strip()})" if source and source[1].strip() else ""
    # A missing file is told on a line of its own, before the line that says where LaTeX stopped.
    if located and fatal and fatal.start() < located.start():
        return f"{located['place']}: {fatal[1].strip()}{where}"
    return first[0].removeprefix("./").removeprefix("! ").strip() + where


def collect(
    folder: Path, paper_folder: Path, numbers: PathLike, tables: Iterable[PathLike], figures: Iterable[PathLike]
) -> None:
    """Copy sources, numbers, tables and figures to where `main.tex` looks for them.

    Raises:
        InputError: a file is missing.
    """
    if not (paper_folder / "main.tex").is_file():
        raise InputError(f"there is no file {paper_folder / 'main.tex'}")
    for source in sorted(path for path in paper_folder.rglob("*") if path.suffix in (".tex", ".bib")):
        _copy(source, folder / source.relative_to(paper_folder))
    _copy(Path(numbers), folder / "numbers.tex")
    for table in map(Path, tables):
        _copy(table, folder / "tables" / table.name)
    for figure in map(Path, figures):
        _copy(figure, folder / "figures" / figure.name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        raise InputError(f"there is no file {source}") from None
