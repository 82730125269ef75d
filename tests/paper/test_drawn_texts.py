"""Labels in any script: drawn where a font has them, transliterated otherwise."""

import subprocess
from pathlib import Path

import pytest
from typesetting import needs_latex, needs_pdftotext, small_paper

from embedding_shift.errors import InputError
from embedding_shift.paper import build, drawn_texts, escaping
from embedding_shift.plots import fonts, style

DEFINITIONS = (
    r"\newcommand{\drawnpage}[1]{\includegraphics[page=#1]{figures/drawn_texts}}"
    r"\newcommand{\drawn}[1]{\csname drawn@#1\endcsname}\input{tables/drawn_texts}"
)


@pytest.fixture
def without_noto(monkeypatch):
    monkeypatch.setattr(fonts, "_installed", list)


def write(folder, *texts):
    """Draw texts; return the definitions by the code points of their pieces, and the path of the PDF."""
    source, pdf, definitions = folder / "source.tex", folder / "drawn_texts.pdf", folder / "drawn_texts.tex"
    source.write_text(" ".join(map(escaping.escape, texts)))
    drawn_texts.write([source], pdf, definitions)
    lines = (line.partition(r"\endcsname") for line in definitions.read_text().splitlines())
    return {name.rpartition("@")[2]: value.strip("{}") for name, _, value in lines}, pdf


def test_a_piece_that_no_font_has_is_transliterated(tmp_path, without_noto):
    defined, _ = write(tmp_path, "Шум ぼか \ue000 \x00")
    assert defined["0428-0443-043C"] == r"\drawnpage{1"
    assert (defined["307C"], defined["304B"]) == ("bo", "ka")
    assert (defined["E000"], defined["0000"]) == ("U+E000", "U+0000")


@needs_pdftotext
def test_a_page_holds_text_that_can_be_searched(tmp_path, without_noto):
    defined, pdf = write(tmp_path, "Размытие", "\u05d0\u05d1")
    assert len(defined) == 2
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True).stdout
    assert "Размытие" in text and "\u05d0\u05d1" in text


def test_the_same_texts_give_the_same_bytes(tmp_path, without_noto):
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        found.append(write(tmp_path / name, "Шум", "\N{GRINNING FACE}")[1].read_bytes())
    assert found[0] == found[1]


def test_without_such_texts_the_files_are_there_and_empty(tmp_path):
    defined, pdf = write(tmp_path, "Noise")
    assert defined == {} and pdf.read_bytes().startswith(b"%PDF")


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*absent\.tex"):
        drawn_texts.write([tmp_path / "absent.tex"], tmp_path / "drawn.pdf", tmp_path / "drawn.tex")


def test_an_installed_font_joins_the_style(tmp_path, monkeypatch):
    """Matplotlib's own font of another name stands for an installed one."""
    path = str(Path(fonts._path_of("STIXGeneral")))
    code = next(code for code in sorted(fonts._characters(path) - fonts._characters(fonts._path_of("DejaVu Sans"))))
    monkeypatch.setattr(fonts, "_installed", lambda: [path])
    style.apply()
    assert fonts.writable(chr(code)) == chr(code)
    assert style.mpl.rcParams["font.family"] == ["DejaVu Sans", "STIXGeneral"]
    style.apply()
    assert style.mpl.rcParams["font.family"] == ["DejaVu Sans"]


@needs_latex
@needs_pdftotext
def test_latex_places_what_is_drawn_and_what_is_transliterated(tmp_path, without_noto):
    _, pdf = write(tmp_path, "Шум ぼかし")
    arguments = small_paper(tmp_path, escaping.escape("Шум ぼかし") + ".", r"\usepackage{graphicx}" + DEFINITIONS)
    build.build(*arguments[:2], [tmp_path / "drawn_texts.tex"], [pdf], tmp_path / "paper.pdf")
    text = subprocess.run(["pdftotext", tmp_path / "paper.pdf", "-"], capture_output=True, text=True).stdout
    assert "Шум" in text and "bokashi." in text
