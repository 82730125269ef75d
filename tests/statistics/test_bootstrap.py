"""The bootstrap interval of a mean against scipy's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from embedding_shift.io import long_table_file
from embedding_shift.io.long_table_file import MetricRows
from embedding_shift.statistics import bootstrap
from embedding_shift.statistics.bootstrap import bootstrap_mean, bootstrap_means, resampled_means
from embedding_shift.statistics.summary import summarise

RESAMPLES = 20_000


def skewed(n):
    return np.random.default_rng(0).gamma(2, size=n)


def expanded(n, confidence):
    """The coverage that the plain percentile interval must aim at to have `confidence` at a small n."""
    t = stats.t.ppf((1 + confidence) / 2, n - 1)
    return 2 * stats.norm.cdf(np.sqrt(n / (n - 1)) * t) - 1


@pytest.mark.parametrize("n", [8, 24, 500])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_it_agrees_with_scipy_within_simulation_error(n, confidence):
    values = skewed(n)
    found = bootstrap_mean(values, RESAMPLES, confidence, seed=1)
    reference = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=expanded(n, confidence),
        method="percentile",
        rng=np.random.default_rng(2),
    )
    error = values.std() / np.sqrt(n)
    assert found == pytest.approx(tuple(reference.confidence_interval), abs=0.1 * error)


def test_with_many_images_it_is_the_plain_percentile_interval():
    values = skewed(3000)
    low, high = bootstrap_mean(values, RESAMPLES, 0.95, seed=1)
    normal = stats.norm.interval(0.95, values.mean(), values.std() / np.sqrt(len(values)))
    assert (low, high) == pytest.approx(normal, abs=0.1 * values.std() / np.sqrt(len(values)))


def test_one_image_has_no_interval():
    assert np.isnan(bootstrap_mean([0.25], 1000, 0.95, seed=1)).all()


def test_of_equal_values_the_interval_is_their_value():
    assert bootstrap_mean([0.5] * 5, 1000, 0.95, seed=1) == (0.5, 0.5)


def test_the_same_seed_gives_the_same_interval():
    assert bootstrap_mean(skewed(24), 500, 0.95, seed=1) == bootstrap_mean(skewed(24), 500, 0.95, seed=1)
    assert bootstrap_mean(skewed(24), 500, 0.95, seed=1) != bootstrap_mean(skewed(24), 500, 0.95, seed=2)


def test_a_file_has_the_summary_of_its_table(tmp_path):
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "image_id": [f"image{number:02d}" for number in range(20)] * 6,
            "augmentation": np.repeat(["noise", "blur"], 60),
            "metric": list(np.repeat(["a", "b", "c"], 20)) * 2,
            "value": generator.random(120),
        }
    )
    groups = [
        MetricRows(*names, part["image_id"].to_numpy(str), part["value"].to_numpy())
        for names, part in table.groupby(["augmentation", "metric"], sort=False)
    ]
    long_table_file.write(tmp_path / "metrics.parquet", groups)
    expected = summarise(table, 300, 0.95, 1)
    found = bootstrap.summarise(long_table_file.read(tmp_path / "metrics.parquet"), 300, 0.95, 1)
    pd.testing.assert_frame_equal(pd.DataFrame(found), expected, check_exact=True)
    assert list(expected["augmentation"]) == ["noise"] * 3 + ["blur"] * 3


@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 2**32))
def test_an_interval_does_not_depend_on_the_means_that_are_resampled_with_it(n, columns, seed):
    values = np.random.default_rng(seed).normal(size=(n, columns))
    together = bootstrap_means(values, 50, 0.9, seed)
    alone = [bootstrap_mean(column, 50, 0.9, seed) for column in values.T]
    np.testing.assert_array_equal(together.T, alone)


def test_the_columns_of_large_samples_are_resampled_alike():
    values = np.random.default_rng(0).normal(size=(5000, 3))
    means = resampled_means(values, 300, seed=4)
    np.testing.assert_array_equal(
        means, np.hstack([resampled_means(column[:, None], 300, seed=4) for column in values.T])
    )
    # A difference of two columns varies as their paired difference does, because both have the same resamples.
    difference = resampled_means((values[:, 0] - values[:, 1])[:, None], 300, seed=4)[:, 0]
    np.testing.assert_allclose(means[:, 0] - means[:, 1], difference, atol=1e-12)


def test_a_row_of_the_summary_does_not_depend_on_the_other_rows(monkeypatch):
    generator = np.random.default_rng(0)
    rows = [
        {"image_id": f"{image:02d}", "augmentation": augmentation, "metric": metric, "value": generator.random()}
        for augmentation in ("noise", "blur")
        for metric in ("a", "b", "c")
        for image in range(20)
        if (image, augmentation, metric) != (7, "noise", "b")  # excluded there
    ]
    table = pd.DataFrame(rows)
    whole = summarise(table, 300, 0.95, 1).set_index(["augmentation", "metric"])
    assert list(whole["n"]) == [20, 19, 20, 20, 20, 20]
    for pair, group in table.groupby(["augmentation", "metric"], sort=False):
        alone = summarise(group, 300, 0.95, 1).set_index(["augmentation", "metric"])
        pd.testing.assert_series_equal(alone.loc[pair], whole.loc[pair], check_exact=True)
        low, high = bootstrap_mean(group["value"], 300, 0.95, bootstrap.seed_of(1, "summary"))
        assert tuple(whole.loc[pair, ["ci_low", "ci_high"]]) == (low, high)
    monkeypatch.setattr(bootstrap, "VALUES_AT_ONCE", 40)
    again = summarise(table.sample(frac=1, random_state=0), 300, 0.95, 1).set_index(["augmentation", "metric"])
    pd.testing.assert_frame_equal(again.loc[whole.index], whole, check_exact=True)
