"""The audit: each flaw of the released scripts is a switch of its own, and the golden values come out of it."""

import numpy as np
import pandas as pd
import pytest
from golden import EXPECTED, golden_picture
from study_tables import study_table

from embedding_shift.claims import audit, published_claims, released_runs
from embedding_shift.claims.released_runs import Runs
from embedding_shift.io import shards
from embedding_shift.study.measurement import study_pixels
from embedding_shift.study.variants import variant_names
from embedding_shift.views.view_record import Step, ViewRecord

CLAIMS = """
augmentations: [noise, blur, elastic]
claims:
  - id: noise-first
    text: Noise shifts more than blur.
    source: here
    contradicted_by: Blur shifts more.
    metric: patch_similarity
    larger_shift: {more: [noise], less: [blur]}
"""


NAMES = ("noise", "blur", "elastic")


def runs(draws=3, images=6, failure_share=0.05, **changes):
    """Runs of noise, blur and elastic in which patch similarity tells the draw, and its registered form is 1.

    Images that are resized otherwise have values that are smaller by 0.05.
    """
    generator = np.random.default_rng(0)
    values = (
        np.array([0.2, 0.4, 0.6])[:, np.newaxis] + 0.01 * generator.random((images, 3, draws)) + 0.1 * np.arange(draws)
    )
    names = {"cosine_similarity": 0, "patch_similarity": 0, "patch_similarity_as_released": 10}
    names |= {"detail_preservation": 0.1}
    tables = [study_table(values + extra, name) for name, extra in names.items()]
    tables += [study_table(values[..., :1] - 0.05 + extra, name, ["other-resize"]) for name, extra in names.items()]
    for variants, cells in ((None, values), (["other-resize"], values[..., :1])):
        tables.append(study_table(np.ones_like(cells), "patch_similarity_registered", variants))
    image_ids = np.array([f"i{number}" for number in range(images)])
    vectors = [{name: (image_ids, generator.normal(size=(images, 4))) for name in NAMES} for _ in range(draws + 1)]
    options = {
        "study": pd.concat(tables),
        "embeddings": vectors[:draws],
        "resized_otherwise": vectors[draws],
        "original": (image_ids, np.ones((images, 4))),
        "textured": dict.fromkeys(image_ids, 0.75),
        "filtered": False,
        "failure_share": failure_share,
        "root_seed": 1,
    }
    return Runs(**options | changes)


def tabulated(found):
    return audit.table(list(audit.means(found)), list(NAMES), 0.95)


def changes(table, flaw, metric="patch_similarity", column="as_released"):
    rows = table[(table["flaw"] == flaw) & (table["metric"] == metric)].set_index("augmentation")
    return (rows[column] - rows["corrected"]).to_numpy()


def test_each_flaw_is_a_switch_of_its_own():
    table = tabulated(runs())
    assert list(table.columns) == audit.COLUMNS
    assert list(table["flaw"].unique()) == list(released_runs.FLAWS)
    assert changes(table, "wrapped_arithmetic") == pytest.approx(10)
    detail = table[table["flaw"] == "detail_over_all_patches"]
    assert (detail["as_released"] / detail["corrected"]).to_numpy() == pytest.approx(0.75)
    assert changes(table, "unregistered_geometry").mean() == pytest.approx(-0.6, abs=0.01)
    assert changes(table, "aliased_resize") == pytest.approx(0.05)
    # The mean over the draws 0, 1 and 2 lies one draw above the main draw.
    for flaw in ("new_draws", "unseeded"):
        assert changes(table, flaw) == pytest.approx(0.1, abs=0.01)
    assert changes(table, "unseeded", "cosine_similarity") == pytest.approx(0.1, abs=0.01)
    assert changes(table, "new_draws", "cosine_similarity").size == 0


def test_only_flaws_that_leave_the_draw_to_chance_have_a_range():
    table = tabulated(runs())
    wide = table["released_high"] - table["released_low"] > 0.01
    assert set(table[wide]["flaw"]) == {"new_draws", "unseeded", "all"}
    point = table[~table["flaw"].isin(["new_draws", "unseeded", "all"])]
    assert point["released_low"].to_numpy() == pytest.approx(point["as_released"].to_numpy())
    inside = (table["released_low"] <= table["as_released"]) & (table["as_released"] <= table["released_high"])
    assert inside[wide].all()


def test_all_flaws_add_up():
    """Any draws, in 8 bits, against the registered main view of images that are resized with a filter."""
    table = tabulated(runs(failure_share=0))
    patch = table[(table["flaw"] == "all") & (table["metric"] == "patch_similarity")]
    assert patch["corrected"].to_numpy() == pytest.approx(1)
    assert patch["as_released"].to_numpy() == pytest.approx([10.3, 10.5, 10.7], abs=0.01)
    assert changes(table, "all", "cosine_similarity") == pytest.approx(0.15, abs=0.01)


def test_a_run_that_filters_is_compared_with_the_same_without_a_filter():
    """The other draws exist only with the filter, so all flaws together leave it alone."""
    table = tabulated(runs(filtered=True, failure_share=0))
    assert changes(table, "aliased_resize") == pytest.approx(-0.05)
    assert changes(table, "all", "cosine_similarity") == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("share", "replaced"), [(0, 0), (0.01, 1), (0.5, 9), (1, 18)])
def test_failures_are_replaced_by_the_image_itself(share, replaced):
    """At least one view of 6 × 3, in numbers and embeddings alike."""
    table, vectors, _ = runs(failure_share=share).as_released("failures_replaced")
    for metric in ("cosine_similarity", "patch_similarity"):
        assert (table[table["metric"] == metric]["value"] == 1).sum() == replaced
    assert sum((array == 1).all(axis=1).sum() for _, array in vectors.values()) == replaced


@pytest.mark.parametrize(("share", "skipped"), [(0, 0), (0.01, 1), (0.5, 3), (1, 6)])
def test_a_skipped_image_lowers_the_means_of_later_augmentations_alone(share, skipped):
    """The sums lack the values of the augmentations from the failure on, and are divided by all images."""
    found = runs(failure_share=share)
    zeros = found.as_released("failures_skipped").table.query("metric == 'patch_similarity' and value == 0")
    counts = zeros["augmentation"].value_counts().reindex(NAMES, fill_value=0)
    assert counts["noise"] == 0 and counts["blur"] <= counts["elastic"] == skipped
    table = tabulated(found)
    rows = table[(table["flaw"] == "failures_skipped") & (table["metric"] == "patch_similarity")]
    expected = rows["corrected"].to_numpy() * (1 - counts.to_numpy() / 6)
    assert rows["as_released"].to_numpy() == pytest.approx(expected, abs=0.01)


def test_one_draw_shows_no_other_draw():
    assert set(tabulated(runs(draws=1))["flaw"]) == set(released_runs.FLAWS) - {"new_draws", "unseeded"}


def test_mixed_runs_take_every_view_from_another_draw():
    found = runs()
    for flaw in ("new_draws", "unseeded", "all"):
        drawn = [run for run in found.mixed(flaw, 30)]
        for run in drawn[:5]:
            values = run.table.set_index(["metric", "augmentation", "image_id"])["value"]
            assert len(values) == len(found.as_released(flaw).table)
            if flaw != "all":
                main = found.as_released(flaw).table.set_index(["metric", "augmentation", "image_id"])["value"]
                draw = ((values - main).round(1) * 10).round()
                assert set(draw["patch_similarity"]) == {1, 2}
                assert set(draw["cosine_similarity"]) == ({0} if flaw == "new_draws" else {1, 2})
        same = all(run.embeddings["blur"][1] is not None for run in drawn)
        assert same and len({run.name for run in drawn}) == (1 if flaw == "new_draws" else 30)
        again = next(iter(found.mixed(flaw, 1)))
        assert again.table.equals(drawn[0].table)


@pytest.mark.parametrize(("draws", "least"), [(2, 0.86), (3, 0.91), (5, 0.91)])
def test_the_range_holds_the_mean_of_a_new_run(draws, least):
    """Images of different spread; the new run is not among those that the range comes from."""
    generator = np.random.default_rng(3)
    hits = 0
    for _ in range(300):
        level, spread = generator.normal(size=(8, 1)), generator.uniform(0.2, 1, (8, 1))
        values = level + spread * generator.normal(size=(8, draws + 1))
        chosen = generator.integers(draws, size=(400, 8))
        outcomes = audit.predicted_means(values[:, :draws], chosen)[:, np.newaxis]
        low, high = audit.prediction_range(outcomes, 8 * (draws - 1), 0.95)[:, 0]
        hits += low <= values[:, -1].mean() <= high
    assert least <= hits / 300 <= 0.985


def test_ranks_tell_a_reversed_order():
    reversed_order = np.array([[1.0, 2.0, 3.0]])
    found = [audit.Means("all", "patch_similarity", ["a", "b", "c"], reversed_order, np.array([3.0, 2.0, 1.0]), 0)]
    (row,) = audit.ranks(found, 0.95).itertuples(index=False)
    assert tuple(row) == ("all", "patch_similarity", -1, -1, -1, 2, 2, 2)
    half = np.concatenate([np.repeat(reversed_order, 40, axis=0), np.repeat(reversed_order[:, ::-1], 60, axis=0)])
    (row,) = audit.ranks([found[0]._replace(as_released=half)], 0.95).itertuples(index=False)
    assert tuple(row)[2:] == (1, -1, 1, 0, 0, 2)


def judged(found, tmp_path):
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    return audit.judged(found, published_claims.read(tmp_path / "claims.yaml"), 200, 0.95)


@pytest.mark.slow
def test_a_claim_changes_its_verdict(tmp_path):
    table = judged(runs(failure_share=1), tmp_path)
    assert list(table.columns) == audit.CLAIM_COLUMNS
    found = {flaw: tuple(row) for flaw, *row in table.itertuples(index=False)}
    assert found["failures_replaced"] == ("noise-first", "supported", "not tested", 1)
    assert table.groupby("flaw")["share"].sum().to_numpy() == pytest.approx(1)


@pytest.mark.slow
def test_verdicts_of_many_runs_have_shares(tmp_path):
    """Draws differ by as much as half the difference between noise and blur, so that few runs do not resolve it."""
    table = judged(runs(), tmp_path)
    for flaw in ("new_draws", "unseeded"):
        shares = table[table["flaw"] == flaw].set_index("as_released")["share"]
        assert set(shares.index) == {"supported", "not resolved"}
        assert shares["supported"] > 0.5 and shares.sum() == pytest.approx(1)
    assert (table[table["flaw"] == "failures_skipped"]["share"] == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("images", [1, 2])
def test_the_audit_of_few_images_has_no_gaps(images, tmp_path):
    few = runs(images=images)
    found, verdicts = list(audit.means(few)), judged(few, tmp_path)
    for table in (tabulated(few), audit.ranks(found, 0.95), verdicts):
        assert len(table) and not table.isna().any().any()
    assert set(verdicts["corrected"]) == {"not tested"}


def test_the_audit_reproduces_the_released_patch_values():
    """From the golden pictures to the table, over the three images of each augmentation."""
    rows = []
    for row in EXPECTED["pixel_metrics"]:
        original, view = (golden_picture(row["image"], name) for name in ("original", row["augmentation"]))
        images = {variant_names.ORIGINAL: {row["image"]: original}}
        values = study_pixels.pixel_rows(images, [unmoved(row["image"], view)], row["augmentation"])
        rows.append(values.assign(variant=variant_names.MAIN))
    expected = pd.DataFrame(EXPECTED["pixel_metrics"]).groupby("augmentation").mean(numeric_only=True)
    none = {name: (np.array([]), np.zeros((0, 2))) for name in expected.index}
    golden = runs(study=pd.concat(rows), embeddings=[none], original=(np.array([]), np.zeros((0, 2))), failure_share=0)
    table = audit.table(list(audit.means(golden)), list(expected.index), 0.95)
    found = table[table["flaw"] == "wrapped_arithmetic"].set_index("augmentation")
    assert found["as_released"].to_dict() == pytest.approx(expected["patch_similarity_as_released"].to_dict(), abs=1e-9)
    assert found["corrected"].to_dict() == pytest.approx(expected["patch_similarity"].to_dict(), abs=1e-9)


def unmoved(image_id, pixels):
    """A view made by a transform that moves no pixel."""
    record = ViewRecord("noise", "", (Step("GaussNoise", {}, 1, {}),), draw=1, shape=pixels.shape[:2])
    return shards.View(variant_names.key(image_id, "draw-1"), pixels, record.as_json())
