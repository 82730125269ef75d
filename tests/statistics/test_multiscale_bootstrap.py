"""The multiscale bootstrap against closed forms, and on trees, where percentile intervals fail."""

import numpy as np
import pytest
from scipy import stats

from embedding_shift.statistics import bootstrap, clustering, multiscale_bootstrap


def normal(n, columns):
    return np.random.default_rng(0).normal(size=(n, columns))


@pytest.mark.parametrize("n", [24, 500])
def test_of_a_mean_it_is_the_t_interval(n):
    values = normal(n, 1)
    found = multiscale_bootstrap.interval(values, lambda means: means[0], 4000, 0.95, seed=1)
    error = values.std(ddof=1) / np.sqrt(n)
    expected = stats.t.interval(0.95, n - 1, values.mean(), error)
    assert found == pytest.approx(expected, abs=0.25 * error)


def test_shares_that_follow_its_law_give_its_p_value():
    """Shimodaira's law: the share of resamples of relative size s above a threshold is Φ(−v√s − c/√s)."""
    scales = np.array(multiscale_bootstrap.SCALES)[:, np.newaxis]
    distance, curvature = np.array([-1.0, 0.0, 0.7, 1.5]), np.array([0.3, 0.5, 0.0, -0.4])
    shares = stats.norm.cdf(-distance * np.sqrt(scales) - curvature / np.sqrt(scales))
    found = multiscale_bootstrap.unbiased_shares(shares, scales[:, 0])
    assert found == pytest.approx(stats.norm.cdf(curvature - distance))


def test_where_nothing_can_be_fitted_it_is_the_plain_share():
    shares = np.repeat([[0.0, 1.0]], len(multiscale_bootstrap.SCALES), axis=0)
    assert multiscale_bootstrap.unbiased_shares(shares, np.array(multiscale_bootstrap.SCALES)).tolist() == [0, 1]


def test_of_a_convex_function_it_is_not_biased_as_percentiles_are():
    """The length of a mean in eight dimensions grows with noise: percentiles of resamples lie above the true length."""
    true = np.zeros(8)
    true[0] = 1.5
    covered = {"multiscale": 0, "percentile": 0}
    for seed in range(20):
        values = true + 3 * np.random.default_rng(seed).normal(size=(50, 8))
        low, high = multiscale_bootstrap.interval(values, np.linalg.norm, 500, 0.95, seed)
        covered["multiscale"] += low <= 1.5 <= high
        lengths = np.linalg.norm(bootstrap.resampled_means(values, 500, seed), axis=1)
        low, high = bootstrap.percentile_interval(lengths, 50, 0.95)
        covered["percentile"] += low <= 1.5 <= high
    assert covered["multiscale"] >= 18
    assert covered["percentile"] < 16


@pytest.mark.slow
def test_a_cluster_that_noise_hides_is_not_contradicted():
    """Three of nine leaves are a little closer to each other; in most samples' resampled trees they are torn apart."""
    upper = np.triu_indices(9, 1)
    true = np.where((upper[0] < 3) & (upper[1] < 3), 0.29, 0.3)

    def cohesion(means):
        return clustering.cohesion(clustering.merges_of_pairs(means), range(3))

    contradicted = {"multiscale": 0, "percentile": 0}
    for seed in range(12):
        generator = np.random.default_rng(seed)
        values = true + 0.07 * (generator.normal(size=(24, 1)) + generator.normal(size=(24, 36)))
        contradicted["multiscale"] += multiscale_bootstrap.interval(values, cohesion, 300, 0.95, seed)[1] < 0
        resampled = [cohesion(means) for means in bootstrap.resampled_means(values, 300, seed)]
        contradicted["percentile"] += bootstrap.percentile_interval(resampled, 24, 0.95)[1] < 0
    assert contradicted["multiscale"] == 0
    assert contradicted["percentile"] > 0


def test_a_seed_gives_one_interval():
    values = normal(24, 3)
    first, again, other = (multiscale_bootstrap.interval(values, np.max, 200, 0.95, seed) for seed in (1, 1, 2))
    assert first == again != other
