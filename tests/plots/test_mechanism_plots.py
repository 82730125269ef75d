"""The figures of the mechanism: drawn from tables of read-outs, and a sentence where nothing is defined."""

import importlib
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from captured_towers import SETTINGS, arrays, captured, tower, usual
from typesetting import SIZES

from embedding_shift.io import shards, tables
from embedding_shift.mechanism import registry
from embedding_shift.plots import labels, style
from embedding_shift.plots.figures import FIGURES
from embedding_shift.plots.mechanism import nearest_images, shift_ledger
from embedding_shift.views.view_record import ViewRecord

MECHANISM = [
    name for name, figure in FIGURES.items() if figure.scope == "mechanism" and "views_folder" not in figure.inputs
]
AUGMENTATIONS = [style.Augmentation("weak", "Weak", "#117733"), style.Augmentation("strong", "Strong", "#882255")]


@pytest.fixture(autouse=True)
def styled():
    style.apply()
    yield
    plt.close("all")


def draw(name, folder, views):
    """Draw a figure from the tables of captured views, written and read as in a run."""
    inputs = {}
    for table in FIGURES[name].inputs:
        if table == "augmentations":
            inputs[table] = AUGMENTATIONS
            continue
        read_out = registry.find(table)
        tables.write_rows(folder / f"{table}.csv", read_out.columns, read_out.function(views, SETTINGS))
        inputs[table] = pd.read_csv(folder / f"{table}.csv")
    figure = importlib.import_module(FIGURES[name].module_path).draw(**inputs)
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("name", MECHANISM)
def test_figures_show_every_augmentation(tmp_path, name):
    figure = draw(name, tmp_path, usual(tmp_path, images=24))
    if name == "fingerprint":  # Its curves stand for the augmentations whose draw is recovered.
        assert [axes._left_title.get_text()[:5] for axes in figure.axes] == ["Which", "Which"]
        return
    texts = [
        text.get_text() for axes in figure.axes for text in (*axes.get_yticklabels(), axes.title, axes._left_title)
    ]
    assert all(any(augmentation.label in text for text in texts) for augmentation in AUGMENTATIONS)


@pytest.mark.parametrize("name", MECHANISM)
def test_one_layer_one_head_and_one_image_can_be_drawn(tmp_path, name):
    draw(name, tmp_path, usual(tmp_path, tower(layers=1, heads=1), images=1))


def test_a_panel_without_values_gives_the_reason(tmp_path):
    left, *_ = draw("concepts", tmp_path, usual(tmp_path, images=2)).axes
    assert [text.get_text().startswith("needs ") for text in left.texts] == [True]


def test_the_panel_of_drawn_parameters_says_that_none_is_drawn(tmp_path):
    without = {"record": np.array([json.dumps(ViewRecord("weak", "0" * 64, (), 0, (224, 224)).as_json())] * 24)}
    shifts = {"original": 0, "weak": 1, "strong": 5}
    views = {name: arrays(tower(), 24, seed=shift, shift=shift) | without for name, shift in shifts.items()}
    _, right = draw("fingerprint", tmp_path, captured(tmp_path, tower(), views)).axes
    assert [text.get_text() for text in right.texts] == ["no number is drawn\nthat varies"]


def test_a_ledger_that_is_refused_gives_its_reason(tmp_path):
    read_out = registry.find("ledger")
    rows = list(read_out.function(usual(tmp_path), SETTINGS._replace(precision="bf16")))
    module = importlib.import_module(FIGURES["shift_ledger"].module_path)
    figure = module.draw(pd.DataFrame(rows), AUGMENTATIONS)
    assert "the parts add up in fp32 only, not in bf16" in figure.axes[0].texts[0].get_text()


def test_the_ledger_has_the_size_that_the_limit_on_the_pages_of_the_main_text_is_tested_with():
    """Of nine augmentations and twelve blocks."""
    nine = [style.Augmentation(f"a{place}", f"A{place}", "#332288") for place in range(9)]
    rows = [(each.name, layer, part, 0.1) for each in nine for layer in range(1, 13) for part in ("head 1", "mlp")]
    ledger = pd.DataFrame(rows, columns=["augmentation", "layer", "part", "share"])
    assert tuple(shift_ledger.draw(ledger, nine).get_size_inches()) == pytest.approx(SIZES["shift_ledger"], abs=0.01)


def test_nearest_images_are_shown_with_those_that_are_kept_marked(tmp_path):
    views = usual(tmp_path, images=24)
    read_out = registry.find("nearest_images")
    tables.write_rows(tmp_path / "nearest.csv", read_out.columns, read_out.function(views, SETTINGS))
    for name in ("original", "weak", "strong"):
        pixels = np.full((32, 32, 3), 200, np.uint8)
        shards.write(tmp_path / f"views/{name}/00000.tar", (shards.View(key, pixels) for key in views.image_ids))
    figure = nearest_images.draw(pd.read_csv(tmp_path / "nearest.csv"), AUGMENTATIONS, tmp_path / "views", 1)
    table = pd.read_csv(tmp_path / "nearest.csv").groupby(["augmentation", "space"], sort=False).head(2)
    kept = sum(len(set(row.before.split()) & set(row.after.split())) for row in table.itertuples())
    assert len(figure.axes[0].get_lines()) == kept
    assert len(figure.axes[0].images) == 2 * 4 * len(table)  # an image and three neighbours, before and after
    assert any("Strong, whole embedding: " in text.get_text() for text in figure.axes[0].texts)


def test_drawn_parameters_have_labels_for_people():
    names = ["rotate", "max_height", "scale.x", "kernel.length", "kernel.0", "matrix.1.0"]
    assert [labels.drawn_parameter(name) for name in names] == [
        "rotate",
        "max height",
        "scale x",
        "kernel length",
        "kernel entry 1",
        "matrix entry 2, 1",
    ]
