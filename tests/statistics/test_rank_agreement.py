"""Encoders side by side: the rows are those of their summaries, and the rank agreement is Kendall's and Spearman's."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedding_shift.io.values_by_metric import by_metric
from embedding_shift.plots import model_comparison, style
from embedding_shift.statistics import rank_agreement, summary

AUGMENTATIONS = [f"augmentation_{letter}" for letter in "abcdefghi"]


def long_table(means, images=40, metric="cosine_similarity", seed=0, spread=0.05):
    """A long table whose augmentations have about the given means."""
    generator = np.random.default_rng(seed)
    values = np.asarray(means) + spread * generator.standard_normal((images, len(means)))
    wide = pd.DataFrame(values, columns=AUGMENTATIONS[: len(means)], index=[f"image{i:03d}" for i in range(images)])
    table = wide.rename_axis("image_id").reset_index().melt("image_id", var_name="augmentation")
    return table.assign(metric=metric)[["image_id", "augmentation", "metric", "value"]]


def agreement(tables, resamples=200, weights=None):
    values = {name: by_metric(table) for name, table in tables.items()}
    return rank_agreement.rank_agreement(values, resamples, 0.95, 7, weights)


def test_side_by_side_keeps_every_row_of_every_summary():
    summaries = {
        name: summary.summarise(long_table([0.2, 0.9], seed=seed), 100, 0.95, 1)
        for seed, name in enumerate(("one", "two"))
    }
    comparison = rank_agreement.side_by_side(summaries)
    assert list(comparison) == ["model", "augmentation", "metric", "n", "mean", "ci_low", "ci_high"]
    assert list(comparison["model"]) == ["one", "one", "two", "two"]
    for name, table in summaries.items():
        rows = comparison[comparison["model"] == name].drop(columns="model").reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, table[list(rows)])


def test_agreement_of_the_means_over_images():
    tables = {"one": long_table(np.linspace(0, 1, 9), seed=1, spread=1), "two": long_table(np.linspace(0, 1, 9) ** 2)}
    (row,) = agreement(tables).to_dict("records")
    means = [table.groupby("augmentation")["value"].mean().loc[AUGMENTATIONS] for table in tables.values()]
    assert row["kendall_tau"] == pytest.approx(stats.kendalltau(*means).statistic)
    assert row["spearman_rho"] == pytest.approx(stats.spearmanr(*means).statistic)
    assert (row["metric"], row["first"], row["second"]) == ("cosine_similarity", "one", "two")
    assert (row["n"], row["augmentations"]) == (40, 9)
    assert row["tau_low"] <= row["kendall_tau"] <= row["tau_high"] <= 1
    assert row["tau_low"] < row["tau_high"], "means this uncertain do not rank for sure"


def test_clear_rankings_agree_or_disagree_for_sure():
    up, down = np.linspace(0, 1, 9), np.linspace(1, 0, 9)
    table = agreement({"up": long_table(up), "again": long_table(up, seed=1), "down": long_table(down)})
    assert list(zip(table["first"], table["second"], strict=True)) == [
        ("up", "again"),
        ("up", "down"),
        ("again", "down"),
    ]
    assert list(table["tau_low"]) == list(table["tau_high"]) == [1, -1, -1]
    assert list(table["spearman_rho"].round(12)) == [1, -1, -1]


def test_encoders_with_the_same_weights_are_marked_and_not_compared():
    tables = {name: long_table(np.linspace(0, 1, 9), seed=seed) for seed, name in enumerate(("one", "two", "three"))}
    table = agreement(tables, weights={"one": "a", "two": "b", "three": "a"})
    assert list(table["same_weights"]) == [False, True, False]
    coefficients = table[["kendall_tau", "tau_low", "tau_high", "spearman_rho", "rho_low", "rho_high"]]
    assert list(coefficients.isna().all(axis=1)) == list(coefficients.isna().any(axis=1)) == [False, True, False]


def test_only_images_that_both_have_are_compared():
    one, two = long_table(np.linspace(0, 1, 9)), long_table(np.linspace(0, 1, 9), seed=1)
    two = two[~two["image_id"].isin(["image000", "image001"])]
    one = one[~((one["image_id"] == "image005") & (one["augmentation"] == AUGMENTATIONS[3]))]
    assert agreement({"one": one, "two": two})["n"].tolist() == [37]


def test_a_metric_that_an_encoder_does_not_have_is_left_out():
    embedding = [long_table([0.1, 0.5], seed=seed) for seed in (0, 1)]
    attention = long_table([0.1, 0.5], metric="attention_similarity")
    table = agreement({"with": pd.concat([embedding[0], attention]), "without": embedding[1]})
    assert table["metric"].tolist() == ["cosine_similarity"]


def test_metrics_of_the_pixels_are_the_same_for_every_encoder_and_left_out():
    pixels = long_table([0.1, 0.5], metric="patch_similarity")
    assert agreement({"one": pixels, "two": pixels}).empty


def test_one_encoder_or_one_augmentation_or_one_image():
    table = long_table([0.1, 0.5])
    assert agreement({"one": table}).empty
    assert list(agreement({"one": table})) == rank_agreement.AGREEMENT_COLUMNS
    assert agreement({"one": long_table([0.1]), "two": long_table([0.1])}).empty
    (row,) = agreement({"one": long_table([0.1, 0.5], images=1), "two": long_table([0.1, 0.5], images=1)}).to_dict(
        "records"
    )
    assert row["kendall_tau"] == 1
    assert np.isnan(row["tau_low"])


@pytest.mark.slow
@pytest.mark.parametrize("names", [["one"], ["one", "two", "three"]])
def test_the_figure_shows_every_encoder_and_says_what_is_not_applicable(tmp_path, names):
    style.apply()
    tables = {}
    for seed, name in enumerate(names):
        parts = [
            long_table(np.linspace(0.2, 0.9, 9), seed=seed),
            long_table(np.linspace(3, 9, 9), metric="l2_distance"),
        ]
        if name != "three":
            parts.append(long_table(np.linspace(0.5, 0.9, 9), metric="attention_similarity"))
        tables[name] = pd.concat(parts)
    comparison = rank_agreement.side_by_side(
        {name: summary.summarise(table, 100, 0.95, 1) for name, table in tables.items()}
    )
    labels = {name: f"Encoder {name}" for name in names}
    augmentations = [style.Augmentation(name, name, "#332288") for name in AUGMENTATIONS]
    figure = model_comparison.draw(comparison, agreement(tables), augmentations, list(labels), list(labels.values()))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(labels.values())
    panels = {axes.get_title(loc="left").splitlines()[0]: axes for axes in figure.axes}
    cosine, l2, attention = (panels[label] for label in ("Cosine similarity", "L2 distance", "Attention similarity"))
    for line, name in zip(cosine.lines, names, strict=True):
        expected = tables[name][tables[name]["metric"] == "cosine_similarity"].groupby("augmentation")["value"].mean()
        np.testing.assert_allclose(line.get_xdata(), expected.loc[AUGMENTATIONS])
    assert np.mean(l2.lines[0].get_xdata()) == pytest.approx(1)
    assert ("not applicable to Encoder three" in attention.get_xlabel()) == ("three" in names)
    assert "not applicable" not in cosine.get_xlabel() + l2.get_xlabel()
    assert ("Kendall" in cosine.get_title(loc="left")) == (len(names) > 1)
    equal = agreement(tables).assign(kendall_tau=0.6)
    one_value = model_comparison.draw(comparison, equal, augmentations, list(labels), list(labels.values()))
    assert one_value.axes[0].get_title(loc="left").splitlines()[1:] == ["Kendall τ 0.60"] * (len(names) > 1)
    style.save(figure, [tmp_path / "1.pdf", tmp_path / "1.png"])
    again = model_comparison.draw(comparison, agreement(tables), augmentations, list(labels), list(labels.values()))
    style.save(again, [tmp_path / "2.pdf", tmp_path / "2.png"])
    assert (tmp_path / "1.pdf").read_bytes() == (tmp_path / "2.pdf").read_bytes()
    same = agreement(tables, weights=dict.fromkeys(names, "a"))
    third = model_comparison.draw(comparison, same, augmentations, list(labels), list(labels.values()))
    assert ("same weights" in third.axes[0].get_title(loc="left")) == (len(names) > 1)


@pytest.mark.parametrize("length", [5, 20, 45, 80])
def test_the_legend_is_no_wider_than_the_figure(length):
    style.apply()
    names = ["one", "two", "three", "four", "five"]
    tables = {name: long_table(np.linspace(0.2, 0.9, 9), images=4) for name in names}
    comparison = rank_agreement.side_by_side(
        {name: summary.summarise(table, 100, 0.95, 1) for name, table in tables.items()}
    )
    labels = {name: f"{name} {'x' * length}" for name in names}
    augmentations = [style.Augmentation(name, name, "#332288") for name in AUGMENTATIONS]
    figure = model_comparison.draw(comparison, agreement(tables), augmentations, list(labels), list(labels.values()))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert box.y0 >= 0
    assert [text.get_text() for text in legend.get_texts()] == list(labels.values())
