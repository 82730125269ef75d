"""The figure of the shift in words: every prompt against every augmentation, or a sentence."""

import subprocess

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from typesetting import needs_pdftotext

from embedding_shift.plots import style
from embedding_shift.plots.words import words
from embedding_shift.words.shift_in_words import COLUMNS, ONE_PROMPT

AUGMENTATIONS = [style.Augmentation("noise", "Noise", "#117733"), style.Augmentation("blur", "Blur", "#882255")]


@pytest.fixture(autouse=True)
def styled():
    style.apply()
    yield
    plt.close("all")


def table(prompts, specific=True):
    rows = [
        (
            row.name,
            name,
            f"a {name} photo of {{noun}}",
            24,
            0.1,
            z,
            p,
            *((z, p) if specific else (ONE_PROMPT,) * 2),
            2.0,
        )
        for row in AUGMENTATIONS
        for name in prompts
        for z, p in [(3.0, 0.001) if name == row.name else (-1.0, 0.3)]
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def marks(axes):
    """Return the places (column, row) of the frames and of the dots of a panel."""
    frames = {(patch.get_x() + 0.5, patch.get_y() + 0.5) for patch in axes.patches if isinstance(patch, Rectangle)}
    return frames, {(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in axes.lines}


def test_own_prompts_are_framed_and_significant_ones_marked():
    """Prompts take the order of the augmentations; those of none follow."""
    figure = words.draw(table(["other", "blur", "noise"]), AUGMENTATIONS)
    figure.draw_without_rendering()
    first, second, _ = figure.axes
    for axes in (first, second):
        assert marks(axes) == ({(0, 0), (1, 1)}, {(0, 0), (1, 1)})
    labels = [tick.get_text() for tick in first.get_xticklabels()]
    assert labels == ["a noise photo of …", "a blur photo of …", "a other photo of …"]
    assert first.images[0].get_array()[1].tolist() == [-1, 3, -1]


def test_a_single_prompt_has_one_panel():
    figure = words.draw(table(["blur"], specific=False), AUGMENTATIONS)
    assert marks(figure.axes[0]) == ({(0, 1)}, {(0, 1)})
    assert len(figure.axes) == 2


PROMPTS = {"noise": r"a $5 photo of {noun}, \frac{1}{2}$", "blur": "模糊的 {noun} 🐕", "long": "very " * 200 + "{noun}"}


def prompted():
    """Draw prompts with TeX, in Chinese with an emoji, and of 200 words."""
    found = table(list(PROMPTS))
    return words.draw(found.assign(text=found["prompt"].map(PROMPTS)), AUGMENTATIONS)


@needs_pdftotext
def test_prompts_are_drawn_as_they_are_written(tmp_path):
    style.save(prompted(), [tmp_path / "figure.pdf"])
    done = subprocess.run(["pdftotext", tmp_path / "figure.pdf", "-"], capture_output=True, text=True, check=True)
    assert r"a $5 photo of …, \frac{1}{2}$" in done.stdout, done.stdout


def test_long_prompts_are_cut_and_leave_room_for_the_panels():
    figure = prompted()
    figure.draw_without_rendering()
    labels = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert labels[2].endswith("…") and len(labels[2]) == words.LONGEST
    assert all(axes.get_position().height * figure.get_size_inches()[1] > 0.3 for axes in figure.axes[:2])


def test_without_text_there_is_a_sentence():
    figure = words.draw(pd.DataFrame(columns=list(COLUMNS)), AUGMENTATIONS)
    assert figure.axes[0].texts[0].get_text() == words.NOTHING
