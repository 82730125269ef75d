"""Intervals have their coverage, tests their level, and every statistic agrees with an independent one."""

import gc
import itertools
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from embedding_shift.claims import judging, published_claims, verdicts
from embedding_shift.errors import InputError
from embedding_shift.io.values_by_metric import by_metric
from embedding_shift.statistics import bootstrap, paired_tests, summary

SURPRISING = 1e-3  # p value of a binomial test below which simulations disagree with the nominal rate


def agrees(hits, trials, rate, alternative="two-sided"):
    return stats.binomtest(hits, trials, rate, alternative).pvalue > SURPRISING


@pytest.fixture(autouse=True, scope="module")
def frozen_garbage():
    """Spare the garbage collector the imported libraries: statsmodels' Holm correction calls it every time."""
    gc.freeze()
    yield
    gc.unfreeze()


def long_table(values, metric="cosine_similarity"):
    """A long table of one metric from {augmentation: values}."""
    parts = [
        pd.DataFrame({"image_id": [f"{i:05d}" for i in range(len(v))], "augmentation": a, "metric": metric, "value": v})
        for a, v in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


def values_of(values, metric="cosine_similarity"):
    return by_metric(long_table(values, metric))


@pytest.mark.parametrize("n", [10, 24, 100])
def test_bootstrap_interval_of_a_normal_mean_has_its_coverage(n):
    generator = np.random.default_rng(n)
    trials = 600
    intervals = [bootstrap.bootstrap_mean(generator.normal(3, 2, n), 600, 0.9, seed) for seed in range(trials)]
    assert agrees(sum(low <= 3 <= high for low, high in intervals), trials, 0.9)


def test_bootstrap_interval_of_a_skewed_mean_comes_close_to_its_coverage():
    generator = np.random.default_rng(0)
    trials = 600
    intervals = [bootstrap.bootstrap_mean(generator.exponential(1, 100), 600, 0.9, seed) for seed in range(trials)]
    assert agrees(sum(low <= 1 <= high for low, high in intervals), trials, 0.88)


@pytest.mark.slow
def test_paired_interval_has_its_coverage_where_images_differ_more_than_augmentations():
    generator = np.random.default_rng(0)
    trials, hits = 200, 0
    for seed in range(trials):
        image = generator.normal(0, 10, 24)
        values = {"a": image + generator.normal(1, 1, 24), "b": image + generator.normal(0, 1, 24)}
        row = paired_tests.paired_differences(values_of(values), 400, 0.9, seed).iloc[0]
        hits += row["ci_low"] <= 1 <= row["ci_high"]
        assert row["ci_high"] - row["ci_low"] < 2.5  # unpaired, it would be about ten
    assert agrees(hits, trials, 0.9)


@pytest.mark.parametrize("n", [8, 24])
def test_simultaneous_intervals_hold_all_at_once_at_their_coverage(n):
    generator = np.random.default_rng(n)
    trials, hits = 500, 0
    for seed in range(trials):
        common = generator.normal(0, 1, (n, 1))
        values = common + generator.normal(0, [1, 2, 3, 4, 5], (n, 5))
        _, low, high = bootstrap.simultaneous_intervals(values, 500, 0.9, seed)
        hits += (low <= 0).all() and (high >= 0).all()
    assert 0.86 < hits / trials < 0.97  # at least nominal, and not by much


def test_bootstrap_agrees_with_scipy_and_with_the_closed_form():
    values = np.random.default_rng(1).gamma(2, 1, 2000)
    low, high = bootstrap.bootstrap_mean(values, 10_000, 0.95, 7)
    reference = stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method="percentile", batch=1000, rng=np.random.default_rng(2)
    ).confidence_interval
    width = reference.high - reference.low
    assert abs(low - reference.low) < 0.04 * width
    assert abs(high - reference.high) < 0.04 * width
    means = bootstrap.resampled_means(values[:, np.newaxis], 10_000, 3)[:, 0]
    assert means.std() == pytest.approx(values.std() / np.sqrt(len(values)), rel=0.03)
    assert means.mean() == pytest.approx(values.mean(), abs=0.1 * means.std())


def test_small_sample_interval_of_many_resamples_is_close_to_students():
    values = np.random.default_rng(3).normal(0, 1, 24)
    low, high = bootstrap.bootstrap_mean(values, 40_000, 0.95, 1)
    student = stats.t.interval(0.95, 23, values.mean(), stats.sem(values))
    assert high - low == pytest.approx(student[1] - student[0], rel=0.03)


def test_resamples_depend_on_the_seed_alone(monkeypatch):
    values = np.random.default_rng(0).normal(size=(50, 3))
    expected = bootstrap.resampled_means(values, 200, 5)
    monkeypatch.setattr(bootstrap, "CHUNK", 170)
    assert np.array_equal(bootstrap.resampled_means(values, 200, 5), expected)
    assert not np.array_equal(bootstrap.resampled_means(values, 200, 6), expected)
    assert bootstrap.seed_of(1, "blur", "a") != bootstrap.seed_of(2, "blur", "a") != bootstrap.seed_of(2, "a", "blur")


def test_columns_are_resampled_together():
    values = np.random.default_rng(0).normal(size=50)
    means = bootstrap.resampled_means(np.stack([values, values + 1], axis=1), 100, 5)
    assert np.allclose(means[:, 1] - means[:, 0], 1)


def test_bootstrap_of_the_papers_size_stays_in_bounded_memory():
    values = np.random.default_rng(0).normal(size=(13_312, 1))
    tracemalloc.start()
    bootstrap.resampled_means(values, 400, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_bootstrap_of_equal_values_is_a_point():
    low, high = bootstrap.bootstrap_mean([0.1] * 7, 100, 0.95, 0)
    assert low == high == np.mean([0.1] * 7)


def test_signed_rank_test_agrees_with_enumeration():
    difference = np.array([0.3, -0.1, 0.45, 0.2, 0.7, -0.25, 0.0])
    ranks = stats.rankdata(np.abs(difference[:-1]))
    observed = np.sum(np.sign(difference[:-1]) * ranks)
    sums = [np.dot(signs, ranks) for signs in itertools.product([-1, 1], repeat=6)]
    biserial, p_value = paired_tests.signed_ranks(difference)
    assert p_value == pytest.approx(np.mean(np.abs(sums) >= observed))
    assert biserial == pytest.approx(observed / 21)


def test_friedman_agrees_with_its_closed_form():
    values = np.random.default_rng(4).normal([0, 0.3, 0.6, 0.9], 1, (15, 4))
    row = paired_tests.friedman(values_of(dict(zip("abcd", values.T, strict=True)))).iloc[0]
    totals = stats.rankdata(values, axis=1).sum(axis=0)
    statistic = 12 / (15 * 4 * 5) * np.sum(totals**2) - 3 * 15 * 5
    assert row["statistic"] == pytest.approx(statistic)
    assert row["p_value"] == pytest.approx(stats.chi2.sf(statistic, 3))
    assert row["kendalls_w"] == pytest.approx(12 * np.sum((totals - totals.mean()) ** 2) / (15**2 * (4**3 - 4)))


def test_paired_table_agrees_with_a_plain_computation():
    values = np.random.default_rng(5).normal([0, 1, 0.5], 1, (20, 3))
    table = paired_tests.paired_differences(values_of(dict(zip("abc", values.T, strict=True))), 200, 0.95, 1)
    assert list(zip(table["first"], table["second"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    difference = values[:, [0, 0, 1]] - values[:, [1, 2, 2]]
    assert np.allclose(table["mean_difference"], difference.mean(axis=0))
    assert np.allclose(table["cohens_dz"], stats.ttest_1samp(difference, 0).statistic / np.sqrt(20))
    order = np.argsort(table["p_value"].to_numpy())
    stepped = np.maximum.accumulate(table["p_value"].to_numpy()[order] * [3, 2, 1]).clip(max=1)
    assert np.allclose(table["p_holm"].to_numpy()[order], stepped)
    assert list(table["neighbours"]) == [False, True, True]


@pytest.mark.parametrize("effect", [0.02, 0.2, -0.5, 1.3, 4.0])
def test_images_needed_reach_the_power_and_one_fewer_does_not(effect):
    images = paired_tests.images_needed(effect, 0.05)

    def power(n):
        critical = stats.t.isf(0.025, n - 1)
        shift = abs(effect) * np.sqrt(n)
        return stats.nct.sf(critical, n - 1, shift) + stats.nct.cdf(-critical, n - 1, shift)

    assert power(images) >= 0.8
    assert images == 2 or power(images - 1) < 0.8


def test_images_needed_agree_with_statsmodels_and_stay_finite():
    assert paired_tests.images_needed(0.5, 0.05) == np.ceil(TTestPower().solve_power(0.5, power=0.8, alpha=0.05)) == 34
    assert paired_tests.images_needed(0.0, 0.05) == 0
    assert paired_tests.images_needed(1e-200, 0.05) == paired_tests.MOST


def test_mean_ranks_put_the_largest_shift_first_for_similarities_and_distances():
    values = {"strong": [0.1, 0.2, 0.3], "weak": [0.9, 0.8, 0.95]}
    for metric, first in (("cosine_similarity", "strong"), ("l2_distance", "weak")):
        ranks = paired_tests.mean_ranks(values_of(values, metric)).set_index("augmentation")["mean_rank"]
        assert ranks[first] == 1
    with pytest.raises(InputError, match=r"unknown metric 'beauty'; allowed are .*cosine_similarity"):
        paired_tests.shift_sign("beauty")


@pytest.mark.slow
def test_tests_hold_their_level_where_no_augmentation_differs():
    generator = np.random.default_rng(8)
    trials, friedman, pairwise = 120, 0, 0
    for seed in range(trials):
        table = long_table({name: generator.normal(size=20) for name in "abcd"})
        friedman += paired_tests.friedman(by_metric(table))["p_value"].iloc[0] < 0.05
        pairwise += (paired_tests.paired_differences(by_metric(table), 2, 0.95, seed)["p_holm"] < 0.05).any()
    assert agrees(friedman, trials, 0.05, "greater")
    assert agrees(pairwise, trials, 0.05, "greater")
    assert friedman > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("larger_shift", {"more": ["a", "b"], "less": ["c", "d", "e"]}),
        ("among_largest", {"augmentation": "a", "count": 1}),
        ("among_smallest", {"augmentation": "a", "count": 2}),
        ("correlation", {"with": "edge_preservation", "except": ()}),
    ],
)
def test_claims_are_rarely_decided_where_no_augmentation_differs(kind, arguments):
    claim = published_claims.Claim("c", "t", "s", "x", kind, arguments, "cosine_similarity")
    published = published_claims.PublishedClaims(list("abcde"), [claim])
    generator = np.random.default_rng(9)
    trials, decided = 120, 0
    for seed in range(trials):
        parts = [
            long_table({name: generator.normal(size=24) for name in "abcde"}, metric)
            for metric in ("cosine_similarity", "edge_preservation")
        ]
        evidence = judging.Evidence(by_metric(pd.concat(parts)), {}, 200, 0.95, seed)
        decided += judging.judge(published, evidence)["c"].verdict != verdicts.NOT_RESOLVED
    assert agrees(decided, trials, 0.05, "greater")


UNKNOWN_FOR_ONE_IMAGE = ["std", "ci_low", "ci_high"]


@pytest.mark.parametrize("n", [1, 2])
def test_tables_of_one_image_lack_its_spread_and_intervals_alone(n):
    table = pd.concat(
        [
            long_table({name: np.arange(n) * place for place, name in enumerate("abcd")}),
            long_table({name: np.full(n, 0.1) for name in "abcd"}, "edge_preservation"),
        ]
    )
    for frame in (
        paired_tests.paired_differences(by_metric(table), 100, 0.95, 1),
        paired_tests.friedman(by_metric(table)),
        paired_tests.mean_ranks(by_metric(table)),
        summary.summarise(table, 100, 0.95, 1),
    ):
        spread = frame.columns.intersection(UNKNOWN_FOR_ONE_IMAGE)
        assert (frame[spread].isna() == (n == 1)).to_numpy().all()
        assert np.isfinite(frame.drop(columns=spread).select_dtypes("number")).to_numpy().all()


def test_a_metric_that_a_warp_makes_constant_is_not_tested_over_augmentations():
    values = np.random.default_rng(0).uniform(0.5, 0.9, (3, 10))
    moving = dict(zip("abc", values, strict=True)) | {"warp": np.ones(10)}
    table = pd.concat(
        [
            long_table(moving, "patch_similarity_registered"),
            long_table(moving, "cosine_similarity"),
            long_table(dict(zip("abc", values, strict=True)), "edge_preservation_registered"),
        ]
    )
    assert list(paired_tests.friedman(by_metric(table))["metric"]) == [
        "cosine_similarity",
        "edge_preservation_registered",
    ]


def test_images_without_a_value_leave_the_comparison_of_their_metric():
    table = long_table({"a": np.arange(10.0), "b": np.arange(10.0) ** 2})
    table = table[~((table["augmentation"] == "b") & (table["image_id"] == "00004"))]
    assert paired_tests.paired_differences(by_metric(table), 100, 0.95, 1)["n"].tolist() == [9]
