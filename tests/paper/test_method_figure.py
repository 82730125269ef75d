"""The figure of the method: typeset alone, with what is true of its encoder, the same bytes every time."""

import hashlib
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import Image
from pipeline import PROJECT
from typesetting import needs_latex

from embedding_shift.errors import InputError
from embedding_shift.paper import method_figure

SOURCE = PROJECT / "paper" / "figures" / "method.tex"


def typeset(
    folder,
    source=SOURCE,
    metrics=("cosine_similarity", "attention_similarity"),
    mean="0.5",
    pictures=("png",),
    flags=(),
):
    """Typeset the figure as its rule does; return the finished process."""
    folder.mkdir()
    rows = [f"blur,{metric},{mean if metric == metrics[-1] else 0.5}" for metric in metrics]
    (folder / "summary.csv").write_text("\n".join(["augmentation,metric,mean", *rows]) + "\n")
    options = {"source": source, "summary": folder / "summary.csv", "image-size": 336}
    options |= {"pdf": folder / "method.pdf"}
    arguments = [f"--{key}={value}" for key, value in options.items()]
    arguments += ["--pictures", *(folder / f"method.{form}" for form in pictures)]
    arguments += flags
    command = [sys.executable, PROJECT / "scripts" / "typeset_method.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def text(folder):
    done = subprocess.run(["pdftotext", folder / "method.pdf", "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


@needs_latex
def test_the_figure_has_the_same_bytes_every_time_and_fits_the_width_of_the_text(tmp_path):
    for name in ("first", "second"):
        assert (typeset(tmp_path / name).stderr, text(tmp_path / name).count("336×336")) == ("", 1)
    for suffix in ("pdf", "png"):
        first, second = (tmp_path / name / f"method.{suffix}" for name in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
    picture = (tmp_path / "first" / "method.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert 5.5 * 200 < int.from_bytes(picture[16:20], "big") <= 6.3 * 200


@needs_latex
@pytest.mark.skipif(not shutil.which(method_figure.SVG_PROGRAM), reason="Poppler is not installed")
def test_the_svg_has_the_size_of_the_page_and_the_same_bytes_every_time(tmp_path):
    found = []
    for name in ("first", "second"):
        assert typeset(tmp_path / name, pictures=["svg"]).stderr == ""
        found.append((tmp_path / name / "method.svg").read_bytes())
    assert found[0] == found[1]
    with pypdfium2.PdfDocument(tmp_path / "first" / "method.pdf") as document:
        width = document[0].get_width()
    assert float(ElementTree.fromstring(found[0]).attrib["width"].removesuffix("pt")) == pytest.approx(width, abs=0.01)


@needs_latex
@pytest.mark.skipif(not shutil.which(method_figure.SVG_PROGRAM), reason="Poppler is not installed")
def test_the_files_say_what_the_figure_was_drawn_from(tmp_path):
    assert typeset(tmp_path / "run", pictures=["png", "svg"]).stderr == ""
    with pypdfium2.PdfDocument(tmp_path / "run" / "method.pdf") as document:
        found = document.get_metadata_value("Keywords")
    summary = hashlib.sha256((tmp_path / "run" / "summary.csv").read_bytes()).hexdigest()
    assert found.startswith("figure:method latex:") and f" summary:{summary} code:" in found
    with Image.open(tmp_path / "run" / "method.png") as picture:
        assert picture.text["Source"] == found
    root = ElementTree.parse(tmp_path / "run" / "method.svg").getroot()
    assert root.find("{http://www.w3.org/2000/svg}metadata").text == found


def test_an_svg_without_poppler_is_refused_before_anything_is_typeset(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="pdftocairo is not installed; install Poppler"):
        method_figure.draw(
            SOURCE, "no.csv", {"image_size": 224, "views_given": 0}, tmp_path / "method.pdf", [tmp_path / "method.svg"]
        )
    assert not list(tmp_path.iterdir())


@needs_latex
@pytest.mark.parametrize(
    ("metrics", "mean", "words"),
    [
        (["attention_similarity"], "0.5", "in the final layer"),
        (["attention_similarity"], "", "not applicable here"),
        (["cosine_similarity"], "0.5", "not applicable here"),
    ],
)
def test_the_figure_says_whether_the_encoder_has_attention_maps(tmp_path, metrics, mean, words):
    assert typeset(tmp_path / "run", metrics=metrics, mean=mean).stderr == ""
    assert words in text(tmp_path / "run")


@needs_latex
@pytest.mark.parametrize(("flags", "words"), [((), "seeded by"), (("--views-given",), "another program")])
def test_the_figure_says_who_made_the_views(tmp_path, flags, words):
    assert typeset(tmp_path / "run", flags=flags).stderr == ""
    shown = text(tmp_path / "run")
    assert [each for each in ("seeded by", "another program") if each in shown] == [words]


@needs_latex
def test_an_error_in_the_source_is_told_in_one_line_and_leaves_no_file(tmp_path):
    source = tmp_path / "method.tex"
    source.write_text(SOURCE.read_text().replace(r"\end{tikzpicture}", r"\wrong\end{tikzpicture}"))
    done = typeset(tmp_path / "run", source=source)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "cannot be typeset: method.tex:" in done.stderr
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["summary.csv"]
