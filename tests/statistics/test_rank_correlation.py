"""The rank correlations against SciPy's, with ties and without."""

import numpy as np
import pytest
from scipy import stats

from embedding_shift.statistics import rank_correlation


def lists(seed, decimals):
    """Two arrays (2, 3, 9) of random values; with few decimals, some of them tie."""
    return np.random.default_rng(seed).standard_normal((2, 2, 3, 9)).round(decimals)


def by_row(function, first, second):
    """Apply a function of two lists to every row of two arrays (2, 3, items)."""
    return [
        [function(*rows).statistic for rows in zip(*arrays, strict=True)] for arrays in zip(first, second, strict=True)
    ]


@pytest.mark.parametrize("decimals", [0, 1, 15])
@pytest.mark.parametrize("seed", range(3))
def test_spearman_is_that_of_scipy(seed, decimals):
    first, second = lists(seed, decimals)
    expected = by_row(stats.spearmanr, first, second)
    np.testing.assert_allclose(rank_correlation.spearman_rho(first, second), expected, rtol=0, atol=1e-14)


def test_spearman_of_ties_differs_from_the_formula_of_squared_differences():
    """1 − 6 Σd² / (n³ − n) holds without ties only; it would give 0.9."""
    assert rank_correlation.spearman_rho([1, 1, 2, 3], [1, 2, 3, 3]) == pytest.approx(8 / 9)


@pytest.mark.parametrize("first", [[5, 5, 5], [1, 2, 3]])
def test_spearman_of_a_list_in_which_all_tie_is_not_defined(first):
    assert np.isnan(rank_correlation.spearman_rho(first, [2, 2, 2]))
    rows = rank_correlation.spearman_rho([first, [1, 2, 3]], [[2, 2, 2], [4, 5, 6]])
    assert np.isnan(rows[0]) and rows[1] == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_without_ties_both_kendall_coefficients_are_that_of_scipy(seed):
    first, second = lists(seed, 15)
    expected = by_row(stats.kendalltau, first, second)
    np.testing.assert_allclose(rank_correlation.kendall_tau_a(first, second), expected, rtol=0, atol=1e-14)
    assert rank_correlation.kendall_tau_b(first[0, 0], second[0, 0]) == pytest.approx(expected[0][0])


def test_kendall_coefficients_differ_by_what_they_divide_by():
    """Of six pairs, four are concordant; one ties on the left and another on the right."""
    first, second = [1, 1, 2, 3], [1, 2, 3, 3]
    assert rank_correlation.kendall_tau_a(first, second) == pytest.approx(4 / 6)
    assert rank_correlation.kendall_tau_b(first, second) == pytest.approx(4 / 5)
    assert rank_correlation.kendall_tau_a([1, 1, 1], [1, 2, 3]) == 0
    assert np.isnan(rank_correlation.kendall_tau_b([1, 1, 1], [1, 2, 3]))
