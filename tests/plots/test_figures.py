"""The table of figures: every entry can be drawn, has a caption, and is read without a plotting library."""

import importlib
import inspect
import subprocess
import sys

import pytest
from pipeline import PROJECT

from embedding_shift.plots import figure_arguments, figures, rendering


def plot(*arguments):
    command = [sys.executable, PROJECT / "scripts" / "plot.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("name", figures.FIGURES)
def test_the_drawing_function_takes_the_inputs_and_options_of_the_table(name):
    figure = figures.FIGURES[name]
    draw = importlib.import_module(figure.module_path).draw
    assert sorted(inspect.signature(draw).parameters) == sorted([*figure.inputs, *figure.options])


def test_every_module_draws_the_figure_of_its_name():
    assert {name: figure.module.split(".")[-1] for name, figure in figures.FIGURES.items()} == {
        name: name for name in figures.FIGURES
    }


def test_every_input_and_option_is_used_and_can_be_read():
    used = {key for figure in figures.FIGURES.values() for key in (*figure.inputs, *figure.options)}
    assert used == set(figure_arguments.INPUTS) | set(figure_arguments.OPTIONS)
    assert {entry.form for entry in figure_arguments.INPUTS.values()} == set(rendering.READERS)


def test_every_figure_of_the_report_has_a_caption_and_every_caption_a_figure():
    captions = {path.stem for path in (PROJECT / "report").glob("*.rst")}
    reported = {name for name, figure in figures.FIGURES.items() if figure.scope != "benchmark"}
    assert captions == (reported - set(figures.NOT_IN_REPORT)) | {"method", "claims", "summary", "workflow"}


def test_the_table_is_read_without_a_plotting_library():
    code = "import sys; from embedding_shift.plots import figures; print([m for m in sys.modules if 'matplotlib' in m])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT / "scripts", capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_an_unknown_figure_is_refused_in_one_line_that_names_the_figures():
    done = plot("rader", "--summary", "summary.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("error: FIGURE: invalid choice: 'rader'")
    assert done.stderr.count("\n") == 1
    assert all(name in done.stderr for name in figures.FIGURES)


@pytest.mark.slow
def test_help_lists_the_figures_and_what_each_reads():
    listed = plot("--help").stdout
    assert all(name in listed for name in figures.FIGURES)
    help_text = plot("l2_bars", "--help").stdout
    assert all(flag in help_text for flag in ("--summary", "--augmentations", "--confidence", "--output", "--font"))
    assert "--metrics" not in help_text


def test_the_command_line_leaves_out_what_is_not_given_and_keeps_words_as_they_are():
    values = dict(manifest="m.csv", augmentations="a.csv", views_folder="v", shards=2, unused=1)
    expected = ["augmentation_strip", "--manifest=m.csv", "--augmentations=a.csv", "--views-folder=v", "--shards=2"]
    assert figures.command_line("augmentation_strip", values | {"image": None}) == expected
    assert figures.command_line("augmentation_strip", values | {"image": "--x y"}) == [*expected, "--image=--x y"]
    values = dict(
        comparison="c.csv", rank_agreement="r.csv", augmentations="a.csv", models=["m", "n"], labels=["A b", "C"]
    )
    assert figures.command_line("model_comparison", values)[-6:] == ["--models", "m", "n", "--labels", "A b", "C"]
