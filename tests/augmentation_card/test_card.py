"""The dose at which half is lost, and the table of cards."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_shift.augmentation_card import half_dose, table

NAN = float("nan")


def curve(losses, low=None, high=None, doses=(0.1, 0.5, 1.0)):
    return pd.DataFrame(
        {
            "dose": doses[: len(losses)],
            "loss": losses,
            "ci_low": losses if low is None else low,
            "ci_high": losses if high is None else high,
        }
    )


def test_the_dose_lies_between_those_around_it():
    found = half_dose.read(curve([0.1, 0.4, 0.8], [0.0, 0.2, 0.6], [0.3, 0.7, 1.0]), True)
    assert found.value == pytest.approx(0.5 + 0.5 * 0.1 / 0.4)
    assert found.ci_low == pytest.approx(0.1 + 0.4 * 0.2 / 0.4)
    assert found.ci_high == pytest.approx(0.5 + 0.5 * 0.3 / 0.4)
    assert found.reason == ""


def test_a_dose_below_the_smallest_is_read_where_the_scale_does_not_jump():
    losses = [0.8, 0.9, 1.0]
    assert half_dose.read(curve(losses), True).value == pytest.approx(0.1 * 0.5 / 0.8)
    jumps = half_dose.read(curve(losses), False)
    assert np.isnan(jumps.value) and jumps.reason == "at dose 0.1 or below, where the scale jumps"


def test_what_is_not_reached_is_not_extrapolated():
    found = half_dose.read(curve([0.1, 0.2, 0.4], high=[0.2, 0.4, 0.6]), True)
    assert np.isnan(found.value) and np.isnan(found.ci_high) and found.reason == "not at dose 1"
    assert found.ci_low == 0.75
    found = half_dose.read(curve([0.1, 0.2, 0.6], low=[0.0, 0.1, 0.3]), True)
    assert found.value == pytest.approx(0.875) and np.isnan(found.ci_high)
    assert found.reason == "the upper bound is above dose 1"
    found = half_dose.read(curve([0.1, 0.6, 0.7], low=[0.0, 0.5, 0.6], high=[0.6, 0.8, 0.9]), False)
    assert np.isnan(found.ci_low) and found.reason == "the lower bound is at dose 0.1 or below, where the scale jumps"
    assert half_dose.read(curve([]), True).reason == "no doses"


def test_one_image_has_a_dose_without_interval():
    found = half_dose.read(curve([0, 0, 1], [NAN] * 3, [NAN] * 3), False)
    assert found.value == 0.75 and np.isnan(found.ci_low) and np.isnan(found.ci_high) and found.reason == ""


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.booleans())
def test_the_reading_is_within_the_doses_or_has_a_reason(losses, starts_at_none):
    doses = tuple(np.linspace(0.1, 1, len(losses)).round(3))
    found = half_dose.read(curve(losses, doses=doses), starts_at_none)
    assert np.isnan(found.value) == bool(found.reason)
    assert np.isnan(found.value) or (0 if starts_at_none else doses[0]) <= found.value <= 1


def tables_of(**stages):
    summary = pd.DataFrame(
        [("noise", "cosine_similarity", 0.5, 0.4, 0.7), ("flip", "cosine_similarity", 0.9, 0.9, 0.9)],
        columns=["augmentation", "metric", "mean", "ci_low", "ci_high"],
    )
    floor = pd.DataFrame(
        [("jpeg_95", "cosine_similarity", 0.95), ("another_photograph", "cosine_similarity", 0.2)],
        columns=["reference", "metric", "mean"],
    )
    kept = pd.DataFrame(
        [("noise", dose, value, value, value) for dose, value in ((0.5, 0.75), (1.0, 0.25))],
        columns=["augmentation", "dose", "kept", "ci_low", "ci_high"],
    )
    return table.Tables(summary, floor, pd.DataFrame({"augmentation": []}), kept, **stages)


def cards(**stages):
    return table.table(["noise", "flip"], tables_of(**stages)).set_index(["augmentation", "measure"])


def test_the_card_without_other_stages():
    found = cards()
    assert list(found.loc["noise"].index) == ["shift", "times_floor", "share_of_ceiling", "neighbours_half_dose"]
    shift = found.loc[("noise", "shift"), ["value", "ci_low", "ci_high"]]
    assert shift.tolist() == pytest.approx([0.5, 0.3, 0.6])
    assert found.loc[("noise", "times_floor"), "value"] == pytest.approx(10)
    assert found.loc[("noise", "share_of_ceiling"), "value"] == pytest.approx(0.5 / 0.8)
    assert found.loc[("noise", "neighbours_half_dose"), "value"] == pytest.approx(0.75)
    assert found.loc[("flip", "neighbours_half_dose"), "reason"] == "no doses"


def test_the_measures_of_other_stages():
    damage = pd.DataFrame(
        [
            ("noise", dose, metric, change, change - 0.1, change + 0.1)
            for metric, changes in (("top1_flips", (0.3, 0.7)), ("image_to_text_recall_at_1", (-0.2, -0.9)))
            for dose, change in zip((0.5, 1.0), changes, strict=True)
        ],
        columns=["augmentation", "dose", "metric", "change", "change_ci_low", "change_ci_high"],
    )
    rate = pd.DataFrame(
        [("noise", 2.5, 1.5, NAN, "the upper bound is farther than the attack at ε = 8"), ("flip", 0.5, 0.4, 0.6, NAN)],
        columns=["augmentation", "epsilon", "ci_low", "ci_high", "reason"],
    )
    fingerprint = pd.DataFrame(
        [("noise", "embedding", "0.75"), ("flip", "embedding", "needs 2 images")],
        columns=["augmentation", "layer", "accuracy"],
    )
    found = cards(dose_damage=damage, exchange_rate=rate, fingerprint=fingerprint)
    classes = found.loc[("noise", "classes_half_dose")]
    assert classes["value"] == pytest.approx(0.75)
    assert classes["ci_low"] == pytest.approx(0.625) and classes["ci_high"] == pytest.approx(0.875)
    captions = found.loc[("noise", "captions_half_dose")]
    assert captions["value"] == pytest.approx(0.5 + 0.5 * 0.3 / 0.7)
    assert captions["ci_low"] < captions["value"] < captions["ci_high"]
    assert found.loc[("noise", "exchange_rate"), "value"] == 2.5
    assert "upper bound" in found.loc[("noise", "exchange_rate"), "reason"]
    assert found.loc[("flip", "exchange_rate"), "reason"] == ""
    assert found.loc[("noise", "fingerprint"), "value"] == 0.75
    assert found.loc[("flip", "fingerprint"), "reason"] == "needs 2 images"


def test_a_table_without_neighbours_has_a_reason():
    tables = tables_of()
    empty = table.Tables(tables.summary, tables.noise_floor, tables.dose_start, tables.dose_neighbours.head(0))
    found = table.table(["noise"], empty).set_index("measure")["reason"]
    assert found["neighbours_half_dose"] == "no doses, or too few images"


def test_no_cosine_and_no_floor_have_reasons():
    tables = tables_of()
    tables.noise_floor["mean"] = 1.0
    found = table.table(["noise", "unknown"], tables).set_index(["augmentation", "measure"])["reason"]
    assert found[("noise", "times_floor")] == "jpeg_95 has no shift"
    assert found[("unknown", "shift")] == "no cosine similarity"
