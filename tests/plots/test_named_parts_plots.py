"""The figures of parts that words name: heads, and maps of captions."""

import subprocess

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from picture_data import AUGMENTATIONS as LABELS
from picture_data import SHARDS, write_dataset
from typesetting import needs_pdftotext

from embedding_shift.io import array_files
from embedding_shift.plots import style
from embedding_shift.plots.pictures import text_maps
from embedding_shift.plots.words import named_heads
from embedding_shift.words.named_parts.head_words import SHIFT_COLUMNS

AUGMENTATIONS = [style.Augmentation(name, *label) for name, label in LABELS.items()]


@pytest.fixture(autouse=True)
def styled():
    style.apply()
    yield
    plt.close("all")


def heads(count, share=lambda head, place: head / 100):
    rows = [
        (row.name, 12, head, f"word{head}; other; third", 0.1, 0.0, 0.2, share(head, place))
        for place, row in enumerate(AUGMENTATIONS)
        for head in range(1, count + 1)
    ]
    return pd.DataFrame(rows, columns=list(SHIFT_COLUMNS))


def test_heads_that_write_most_come_first_with_their_first_words():
    figure = named_heads.draw(heads(20), AUGMENTATIONS)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    labels = [tick.get_text() for tick in axes.get_yticklabels()]
    assert labels[:2] == ["12.20  word20; other", "12.19  word19; other"] and len(labels) == named_heads.MOST_HEADS
    assert axes.images[0].get_array()[0].tolist() == [20, 20]
    assert [text.get_text() for text in axes.texts][:3] == ["20.0", "20.0", "19.0"]


def test_a_negative_share_has_a_minus_and_a_rounded_zero_has_none():
    figure = named_heads.draw(heads(1, lambda head, place: (-0.02, -0.0001)[place]), AUGMENTATIONS)
    assert [text.get_text() for text in figure.axes[0].texts] == ["−2.0", "0.0"]


def test_long_words_are_cut():
    long = heads(1).assign(words="a very long phrase on many things; another one of that kind")
    figure = named_heads.draw(long, AUGMENTATIONS)
    [label] = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert label.endswith("…") and len(label) < 60


TEX = r"$\alpha$ for $5"


@needs_pdftotext
def test_words_and_captions_with_dollars_are_no_maths(tmp_path):
    style.save(named_heads.draw(heads(1).assign(words=TEX), AUGMENTATIONS), [tmp_path / "heads.pdf"])
    _, image_ids = write_dataset(tmp_path, 1)
    write_maps(tmp_path / "maps.npz", image_ids, TEX)
    maps = text_maps.draw(tmp_path / "maps.npz", AUGMENTATIONS, tmp_path / "views", SHARDS)
    style.save(maps, [tmp_path / "maps.pdf"])
    for name in ("heads", "maps"):
        done = subprocess.run(["pdftotext", tmp_path / f"{name}.pdf", "-"], capture_output=True, text=True, check=True)
        assert TEX in done.stdout, done.stdout


def test_without_named_heads_there_is_a_sentence():
    figure = named_heads.draw(heads(0), AUGMENTATIONS)
    assert figure.axes[0].texts[0].get_text() == named_heads.NOTHING
    reason = named_heads.draw(heads(1, lambda head, place: "no shift"), AUGMENTATIONS)
    assert "no shift" in reason.axes[0].texts[0].get_text()


def write_maps(path, image_ids, caption):
    count, generator = len(image_ids), np.random.default_rng(0)
    expected = generator.random((len(AUGMENTATIONS), count, 112, 112))
    expected[:, :, 0] = np.nan
    array_files.write_arrays(
        path,
        image_id=np.array(image_ids, dtype=str),
        view=np.array([row.name for row in AUGMENTATIONS]),
        original=generator.random((count, 4, 4)),
        after=generator.random((len(AUGMENTATIONS), count, 4, 4)),
        expected=expected,
        correlation=np.tile([[0.5], [np.nan]], (1, count)),
        caption=np.array([caption] * count, dtype=str),
    )


def test_maps_of_captions_show_every_view_twice_with_the_correlation(tmp_path):
    _, image_ids = write_dataset(tmp_path, 2)
    write_maps(tmp_path / "maps.npz", image_ids, "Two $parrots$ " * 20)
    figure = text_maps.draw(tmp_path / "maps.npz", AUGMENTATIONS, tmp_path / "views", SHARDS)
    figure.draw_without_rendering()
    [axes] = figure.axes
    pictures_and_bar = 2 * (2 + 2 * len(AUGMENTATIONS)) + 1
    assert len(axes.images) == pictures_and_bar
    written = [text.get_text() for text in axes.texts]
    assert written.count("0.50") == written.count("not defined") == 2
    assert sum(text.startswith(r"“Two \$parrots\$") and text.endswith("…”") for text in written) == 2


def test_without_maps_there_is_a_sentence(tmp_path):
    write_maps(tmp_path / "maps.npz", [], "")
    figure = text_maps.draw(tmp_path / "maps.npz", AUGMENTATIONS, tmp_path / "views", SHARDS)
    assert figure.axes[0].texts[0].get_text() == text_maps.NOTHING
