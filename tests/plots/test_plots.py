"""The figures that read tables: right numbers, whole text, survival of small and odd data, same bytes twice."""

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from plot_data import (
    COLORS,
    NAMES,
    all_figures,
    augmentations,
    distance_between,
    distance_table,
    long_table,
    overview_metrics,
    summary_of,
    texts,
)

from embedding_shift import sampling
from embedding_shift.io import tables
from embedding_shift.io.values_by_metric import by_metric
from embedding_shift.plots import dendrogram, figures, style
from embedding_shift.plots.distributions import cosine_samples, density
from embedding_shift.plots.summary import closeness
from embedding_shift.statistics import paired_tests

SCRIPTS = Path(__file__).parents[2] / "scripts"

pytestmark = pytest.mark.usefixtures("styled")


CASES = {
    "one image": dict(n=1),
    "two images": dict(n=2),
    "two augmentations": dict(names=NAMES[:2]),
    "one augmentation": dict(names=NAMES[:1]),
    "one augmentation of one image": dict(names=NAMES[:1], n=1),
    "no variance": dict(spread=0),
    "no attention": dict(left_out=["attention_similarity"]),
    "one metric besides those drawn alone": dict(
        left_out=["attention_similarity", "patch_similarity", "edge_preservation", "detail_preservation"]
    ),
    "an augmentation of the user's": dict(names=[*NAMES, "posterize"]),
    "many augmentations": dict(names=[*NAMES, *(f"mine_{i}" for i in range(8))]),
}


@pytest.fixture
def drawn_texts(monkeypatch):
    """A function that draws a figure and returns the texts that were really drawn, those without letters left out."""
    drawn = []
    draw = plt.Text.draw

    def record(text, renderer):
        if text.get_visible() and text.get_text().strip():
            drawn.append(text)
        draw(text, renderer)

    monkeypatch.setattr(plt.Text, "draw", record)

    def texts_of(figure):
        drawn.clear()
        figure.canvas.draw()
        return list(drawn)

    return texts_of


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_figure_survives_with_its_text_whole_and_apart(case, drawn_texts):
    for name, figure in all_figures(case.get("names", NAMES), long_table(**case)).items():
        assert figure.get_size_inches()[0] <= style.text_width() + 1e-9, name
        boxes = []
        for text in drawn_texts(figure):
            assert text.get_fontsize() >= 7, (name, text)
            box = text.get_window_extent()
            inside = figure.bbox.padded(1)
            assert inside.contains(box.x0, box.y0) and inside.contains(box.x1, box.y1), (name, text)
            if text.get_rotation() in (0, 90):  # the box around a slanted text says little
                boxes.append((text, box.padded(-1)))
        for (first, box), (second, other) in combinations(boxes, 2):
            assert not box.overlaps(other), (name, first, second)


@pytest.mark.parametrize("name", ["dendrogram", "metric_clustermap"])
def test_one_augmentation_is_said_to_be_too_few(name):
    assert any("needs two augmentations" in text for text in texts(all_figures(NAMES[:1], long_table(NAMES[:1]))[name]))


def test_closeness_turns_distances_round_and_spans_zero_to_one():
    table = closeness.from_summary(summary_of(long_table()), augmentations(NAMES))
    assert [metric.name for metric in table.metrics] == [metric.name for metric in overview_metrics()]
    assert (table.closeness["noise"] == 0).all() and (table.closeness["elastic"] == 1).all()
    assert table.means.loc["l2_distance", "noise"] > table.means.loc["l2_distance", "elastic"]
    for metric in ("l2_distance", "cosine_similarity"):
        means = table.means.loc[metric]
        shift = np.sqrt(means if metric == "l2_distance" else 1 - means)
        expected = (shift["noise"] - shift["blur"]) / (shift["noise"] - shift["elastic"])
        assert table.closeness.loc[metric, "blur"] == pytest.approx(expected)
    assert [augmentation.name for augmentation in table.augmentations] == NAMES
    assert [augmentation.name for augmentation in table.ranked().augmentations] == NAMES[::-1]


def test_closeness_of_equal_augmentations_is_one():
    table = long_table(NAMES[:2], spread=0).assign(value=0.5)
    assert (closeness.from_summary(summary_of(table), augmentations(NAMES[:2])).closeness == 1).all(axis=None)


def test_a_metric_that_one_augmentation_lacks_is_left_out():
    table = long_table()
    table = table[~((table["metric"] == "attention_similarity") & (table["augmentation"] == "blur"))]
    shown = closeness.from_summary(summary_of(table), augmentations(NAMES)).metrics
    assert [metric.name for metric in shown] == [m.name for m in overview_metrics() if m.name != "attention_similarity"]


@pytest.mark.slow
def test_heatmap_sorts_columns_and_prints_means():
    figure = all_figures(NAMES, long_table())["metric_heatmap"]
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert labels == [augmentation.label for augmentation in augmentations(NAMES[::-1])]
    mean = summary_of(long_table()).set_index(["metric", "augmentation"]).loc[("l2_distance", "noise"), "mean"]
    assert f"{mean:.1f}" in texts(figure)


@pytest.mark.slow
def test_every_augmentation_keeps_its_colour_and_place():
    figures = all_figures(NAMES, long_table())
    bars_drawn = [
        plt.matplotlib.colors.to_hex(bar.get_facecolor()).upper() for bar in figures["l2_bars"].axes[0].patches
    ]
    curves = [plt.matplotlib.colors.to_hex(line.get_color()).upper() for line in figures["l2_kde"].axes[0].lines]
    titles = [axes.get_title() for axes in figures["radar"].axes]
    assert bars_drawn == COLORS and curves == COLORS
    assert titles[: len(NAMES)] == [augmentation.label for augmentation in augmentations(NAMES)]


def test_density_integrates_to_one_and_stays_within_its_bounds():
    values = np.random.default_rng(1).normal(0, 1, 300)
    grid, height = density.density(values, -np.inf, np.inf)
    assert np.trapezoid(height, grid) == pytest.approx(1, abs=0.01)
    assert density.density(np.array([0.98, 0.99, 0.995]), -1, 1)[0].max() <= 1
    assert density.density(np.full(9, 0.1), -1, 1) is None


def test_dendrogram_marks_a_lone_augmentation():
    far = np.full((4, 4), 0.1)
    far[0, :] = far[:, 0] = 5.0
    np.fill_diagonal(far, 0)
    figure = dendrogram.draw(distance_table(far, NAMES[:4]), augmentations(NAMES[:4]))
    assert [text for text in texts(figure) if text.startswith("cluster")] == ["cluster 1", "cluster 2"]
    bands = sorted(patch.get_height() for patch in figure.axes[0].patches)
    assert bands == [dendrogram.LEAF_STEP, 3 * dendrogram.LEAF_STEP]


def test_dendrogram_says_that_a_distance_is_missing():
    distance = distance_between(NAMES)
    distance[0, 1] = distance[1, 0] = np.nan
    assert any(
        "not defined" in text for text in texts(dendrogram.draw(distance_table(distance, NAMES), augmentations(NAMES)))
    )


def test_choice_depends_on_the_ids_alone():
    ids = [f"image{i}" for i in range(200)]
    chosen = sampling.select(ids, 10)
    assert chosen == sampling.select(ids[::-1], 10) == sorted(chosen)
    assert set(chosen) < set(ids) and chosen != sorted(ids)[:10]
    assert sampling.select(ids[:3], 10) == ids[:3]


def test_many_or_long_image_ids_are_not_written():
    many = long_table(n=60)
    assert not any(t.startswith("image") for t in texts(cosine_samples.draw(by_metric(many), augmentations(NAMES), 50)))
    long = long_table().assign(image_id=lambda table: table["image_id"] + "x" * 40)
    assert not any(t.startswith("image") for t in texts(cosine_samples.draw(by_metric(long), augmentations(NAMES), 5)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["metric_clustermap", "l2_kde", "dendrogram", "critical_difference"])
def test_script_writes_the_same_bytes_twice(tmp_path, name):
    """In two processes, in which sets of strings have other orders."""
    table = long_table(n=5)
    tables.write_parquet(tmp_path / "metrics.parquet", table)
    summary_of(table).to_csv(tmp_path / "summary.csv", index=False)
    distance_table(distance_between(NAMES), NAMES).to_csv(tmp_path / "distance.csv", index=False)
    columns = {"augmentation": NAMES, "label": NAMES, "color": COLORS}
    pd.DataFrame(columns).to_csv(tmp_path / "augmentations.csv", index=False)
    paired_tests.mean_ranks(by_metric(table)).to_csv(tmp_path / "ranks.csv", index=False)
    paired_tests.paired_differences(by_metric(table), 100, 0.95, 1).to_csv(tmp_path / "pairs.csv", index=False)
    files = {
        "summary": "summary.csv",
        "metrics": "metrics.parquet",
        "pairwise_distance": "distance.csv",
        "mean_ranks": "ranks.csv",
        "paired_differences": "pairs.csv",
        "augmentations": "augmentations.csv",
    }
    paths = {key: tmp_path / file for key, file in files.items()}
    written = []
    for seed in ("1", "2"):
        outputs = [tmp_path / seed / f"figure.{suffix}" for suffix in ("pdf", "png", "svg")]
        arguments = [*figures.command_line(name, paths | {"confidence": 0.95}), "--output", *outputs]
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, SCRIPTS / "plot.py", *arguments], check=True, env=environment)
        written.append([path.read_bytes() for path in outputs])
    assert written[0] == written[1]
    assert written[0][0].startswith(b"%PDF") and written[0][1].startswith(b"\x89PNG")
    assert b"<svg" in written[0][2][:500] and b"<text" not in written[0][2]  # letters are outlines: no font is needed


def test_no_cosine_similarity_at_all_is_said():
    figure = cosine_samples.draw(by_metric(long_table(left_out=["cosine_similarity"])), augmentations(NAMES), 5)
    assert any("not defined" in text for text in texts(figure))
