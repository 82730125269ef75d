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

from embedding_shift import sampling
from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.metrics import registry
from embedding_shift.plots import dendrogram, figures, style
from embedding_shift.plots.distributions import cosine_distribution, cosine_samples, density, l2_kde
from embedding_shift.plots.summary import (
    closeness,
    l2_bars,
    metric_clustermap,
    metric_comparison,
    metric_heatmap,
    metric_profiles,
    radar,
)
from embedding_shift.statistics import bootstrap, paired_tests

SCRIPTS = Path(__file__).parents[2] / "scripts"
NAMES = ["noise", "blur", "color_jitter", "horizontal_flip", "elastic"]
COLORS = ["#882255", "#332288", "#CC6677", "#44AA99", "#117733"]


@pytest.fixture(autouse=True)
def styled():
    style.apply()
    yield
    plt.close("all")


def augmentations(names):
    colors = dict(zip(NAMES, COLORS, strict=True))
    return [
        style.Augmentation(name, name.capitalize().replace("_", " "), colors.get(name, "#666666")) for name in names
    ]


def long_table(names=NAMES, n=6, left_out=(), spread=1.0):
    """A long table whose augmentations come ever closer to the original in the order of `names`."""
    generator = np.random.default_rng(7)
    rows = []
    for rank, name in enumerate(names):
        for metric in overview_metrics():
            if metric.name in left_out:
                continue
            shift = (len(names) - rank) / (len(names) + 1)
            middle = 20 * shift if metric.name == "l2_distance" else 1 - shift
            values = middle + spread * generator.uniform(-0.05, 0, n)
            rows += [(f"image{i:02d}", name, metric.name, value) for i, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["image_id", "augmentation", "metric", "value"])


def overview_metrics():
    return [metric for metric in registry.in_order() if metric.in_overview]


def summary_of(table):
    return bootstrap.summarise([table], 100, 0.95, 0)


def distance_between(names):
    places = np.linspace(0, 1, len(names)) ** 2
    return np.abs(places[:, None] - places[None])


def distance_table(distance, names):
    """The data frame of pairwise_distance.csv."""
    return pd.DataFrame(distance, columns=names).assign(augmentation=names)


def all_figures(names, table):
    """Draw every figure of one table, by name."""
    shown = augmentations(names)
    summary = summary_of(table)
    return {
        "metric_heatmap": metric_heatmap.draw(summary, shown),
        "metric_clustermap": metric_clustermap.draw(summary, shown),
        "radar": radar.draw(summary, shown),
        "metric_profiles": metric_profiles.draw(summary, shown),
        "metric_comparison": metric_comparison.draw(summary, shown),
        "l2_bars": l2_bars.draw(summary, shown, 0.95),
        "l2_kde": l2_kde.draw(table, shown),
        "cosine_distribution": cosine_distribution.draw(table, shown),
        "cosine_samples": cosine_samples.draw(table, shown, 4),
        "dendrogram": dendrogram.draw(distance_table(distance_between(names), names), shown),
    }


def texts(figure):
    return [text.get_text() for text in figure.findobj(plt.Text) if text.get_visible() and text.get_text()]


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


def test_heatmap_sorts_columns_and_prints_means():
    figure = all_figures(NAMES, long_table())["metric_heatmap"]
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert labels == [augmentation.label for augmentation in augmentations(NAMES[::-1])]
    mean = summary_of(long_table()).set_index(["metric", "augmentation"]).loc[("l2_distance", "noise"), "mean"]
    assert f"{mean:.1f}" in texts(figure)


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
    assert not any(t.startswith("image") for t in texts(cosine_samples.draw(many, augmentations(NAMES), 50)))
    long = long_table().assign(image_id=lambda table: table["image_id"] + "x" * 40)
    assert not any(t.startswith("image") for t in texts(cosine_samples.draw(long, augmentations(NAMES), 5)))


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
    paired_tests.mean_ranks(table).to_csv(tmp_path / "ranks.csv", index=False)
    paired_tests.paired_differences(table, 100, 0.95, 1).to_csv(tmp_path / "pairs.csv", index=False)
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


def test_text_stays_text_and_files_carry_no_date(tmp_path):
    figure = all_figures(NAMES, long_table())["metric_heatmap"]
    style.save(figure, [tmp_path / "figure.pdf", tmp_path / "figure.png"])
    pdf = (tmp_path / "figure.pdf").read_bytes()
    assert b"/TrueType" in pdf or b"/CIDFontType2" in pdf
    assert b"CreationDate" not in pdf and b"tEXtSoftware" not in (tmp_path / "figure.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure.pdf", "figure.png"]


def test_no_cosine_similarity_at_all_is_said():
    figure = cosine_samples.draw(long_table(left_out=["cosine_similarity"]), augmentations(NAMES), 5)
    assert any("not defined" in text for text in texts(figure))


def test_text_on_cells_has_contrast():
    assert style.text_color_on("#332288") == "white"
    assert style.text_color_on("#FDE725") == "black"


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
