"""The bootstrap interval of a mean against scipy's."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedding_shift.statistics.bootstrap import bootstrap_mean, summarise

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


def test_threads_and_parts_do_not_change_a_summary():
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "image_id": [f"image{number}" for number in range(20)] * 6,
            "augmentation": np.repeat(["noise", "blur"], 60),
            "metric": list(np.repeat(["a", "b", "c"], 20)) * 2,
            "value": generator.random(120),
        }
    )
    parts = [part for _, part in table.groupby(["augmentation", "metric"], sort=False)]
    one, many = (summarise([table], 300, 0.95, 1, threads) for threads in (1, 5))
    pd.testing.assert_frame_equal(one, many, check_exact=True)
    pd.testing.assert_frame_equal(one, summarise(iter(parts), 300, 0.95, 1, threads=4), check_exact=True)
