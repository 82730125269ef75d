"""Rank correlations of shift and damage: SciPy's values, planted orders, and what has no correlation."""

import numpy as np
import pytest
from scipy import stats

from embedding_shift.statistics import bootstrap
from embedding_shift.words.downstream import damage_forecast

SETTINGS = bootstrap.Settings(300, 0.95, 1)
NAMES = ("mild", "middle", "strong", "worst")


def rows(shifts, values):
    return {(row["augmentation"], row["damage"]): row for row in damage_forecast.table(shifts, values, SETTINGS)}


def planted(noise=0.01, n=40):
    generator = np.random.default_rng(0)
    shifts = {name: 0.2 * place + 0.1 * generator.random(n) for place, name in enumerate(NAMES)}
    similarity = {name: 0.5 - moved + noise * generator.normal(size=n) for name, moved in shifts.items()}
    values = {"original": {"caption_similarity": np.full(n, 0.5)}}
    return shifts, values | {name: {"caption_similarity": column} for name, column in similarity.items()}


def test_a_shift_that_forecasts_the_loss_is_found():
    shifts, values = planted()
    found = rows(shifts, values)
    whole = found[damage_forecast.EVERY, "caption_similarity"]
    assert (whole["n"], whole["rho"], whole["ci_high"]) == (4, 1, 1)
    for name in NAMES:
        row = found[name, "caption_similarity"]
        loss = 0.5 - values[name]["caption_similarity"]
        assert row["rho"] == pytest.approx(stats.spearmanr(shifts[name], loss).statistic)
        assert row["ci_low"] < row["rho"] < row["ci_high"]


def test_intervals_over_images_cover_the_correlation():
    """For a normal pair with Pearson's r, Spearman's ρ is 6/π · asin(r/2)."""
    generator, r, covered = np.random.default_rng(2), 0.6, 0
    truth = 6 / np.pi * np.arcsin(r / 2)
    for _ in range(400):
        moved, other = generator.normal(size=(2, 30))
        values = {"original": {"kl_divergence": np.zeros(30)}}
        values["a"] = {"kl_divergence": r * moved + np.sqrt(1 - r**2) * other}
        row = rows({"a": moved}, values)["a", "kl_divergence"]
        covered += row["ci_low"] <= truth <= row["ci_high"]
    assert 0.92 <= covered / 400 <= 0.98


def test_equal_damage_has_no_correlation_and_other_images_are_left_out():
    shifts, values = planted()
    for name in ("original", *NAMES):
        values[name] = {"top1_flips": np.zeros(40), "kl_divergence": np.zeros(7)}
    found = rows(shifts, values)
    assert {row["rho"] for row in found.values()} == {"undefined"}
    assert {metric for _, metric in found} == {"top1_flips"}


def test_few_images_have_no_interval():
    shifts, values = planted(n=3)
    row = rows(shifts, values)["mild", "caption_similarity"]
    assert row["rho"] != "undefined" and row["ci_low"] == "undefined"
