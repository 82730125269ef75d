"""What all figures share: width, font, colours, and the same text in a file."""

import subprocess

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from plot_data import COLORS, NAMES, all_figures, long_table
from typesetting import needs_pdftotext

from embedding_shift.errors import InputError
from embedding_shift.plots import style

pytestmark = pytest.mark.usefixtures("styled")


def test_a_root_scale_spreads_small_shifts_and_can_be_undone():
    for similarity in (False, True):
        _, axes = plt.subplots()
        style.set_root_scale(axes, "x", similarity)
        values = np.array([0.0, 0.01, 0.04, 1.0])
        there = axes.xaxis.get_transform().transform(1 - values if similarity else values)
        assert np.abs(there) == pytest.approx([0, 0.1, 0.2, 1])
        assert axes.xaxis.get_transform().inverted().transform(there) == pytest.approx(
            1 - values if similarity else values
        )


@pytest.mark.slow
@pytest.mark.parametrize("page", [style.Page(3.5, "DejaVu Serif", 6), style.Page(9, "STIXGeneral", 11)])
def test_width_font_and_size_are_as_configured(page):
    style.apply()
    usual = {name: figure.get_size_inches()[0] for name, figure in all_figures(NAMES, long_table()).items()}
    plt.close("all")
    style.apply(page)
    for name, figure in all_figures(NAMES, long_table()).items():
        figure.draw_without_rendering()
        assert figure.get_size_inches()[0] == pytest.approx(usual[name] * page.width / style.Page().width), name
        written = [text for text in figure.findobj(plt.Text) if text.get_text().strip() and text.get_visible()]
        assert {text.get_fontfamily()[0] for text in written} == {page.font}, name
        sizes = [text.get_fontsize() / page.font_size for text in written]
        assert min(sizes) > 0.7 and max(sizes) < 1.25, name


def test_a_font_that_is_not_installed_is_refused():
    with pytest.raises(InputError, match=r"'figures\.font': found 'Absent Sans', which is not installed"):
        style.apply(style.Page(font="Absent Sans"))


@pytest.mark.slow
def test_text_stays_text_and_files_carry_no_date(tmp_path):
    figure = all_figures(NAMES, long_table())["metric_heatmap"]
    style.save(figure, [tmp_path / "figure.pdf", tmp_path / "figure.png"])
    pdf = (tmp_path / "figure.pdf").read_bytes()
    assert b"/TrueType" in pdf or b"/CIDFontType2" in pdf
    assert b"CreationDate" not in pdf and b"tEXtSoftware" not in (tmp_path / "figure.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure.pdf", "figure.png"]


def test_text_on_cells_has_contrast():
    assert style.text_color_on("#332288") == "white"
    assert style.text_color_on("#FDE725") == "black"


@needs_pdftotext
def test_dollars_in_a_label_are_no_maths(tmp_path):
    labels = [r"$\frac$ of $10", r"$a$"]
    rows = pd.DataFrame({"augmentation": ["one", "two"], "label": labels, "color": COLORS[:2]})
    rows.to_csv(tmp_path / "augmentations.csv", index=False)
    read = style.read_augmentations(tmp_path / "augmentations.csv")
    figure, axes = plt.subplots()
    axes.set_yticks(range(2), [augmentation.label for augmentation in read])
    figure.canvas.draw()
    style.save(figure, [tmp_path / "figure.pdf", tmp_path / "figure.png"])
    done = subprocess.run(["pdftotext", tmp_path / "figure.pdf", "-"], capture_output=True, text=True, check=True)
    assert all(label in done.stdout for label in labels), done.stdout
